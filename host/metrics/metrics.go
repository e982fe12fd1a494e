// Package metrics tells Prometheus what engines do, in a program of one's own by the same names as in the server.
package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/internal/histogram"
)

// Bounds are where the classic buckets of latencies end, in seconds.
var Bounds = []float64{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1, 10}

// Namespace is what names of metrics begin with.
const Namespace = "rune_"

var (
	descDecisions = describe("authorization_requests_total", "Requests decided, each item of a batch one.", "decision")
	descRules     = describe("rule_evaluations_total", "Rules evaluated.")
	descPolicies  = describe("policy_evaluations_total", "Policies evaluated.")
	descLimits    = describe("limits_hit_total", "Calls that a limit cut short.", "limit")
	descLatency   = describe("authorization_latency_seconds", "How long calls took that decide, a batch being one.")
	descDatalog   = describe("datalog_evaluation_latency_seconds", "Evaluation of rules in one request, of the calls that are timed.")
	descCedar     = describe("cedar_evaluation_latency_seconds", "Evaluation of policies in one request, of the calls that are timed.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(Namespace+name, help, labels, nil)
}

// Limits that may be hit, as [host.Stats] names them.
var limitNames = [...]string{"steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect"}

// Calls counts what calls did. It is a [prometheus.Collector], and safe for concurrent use.
type Calls struct {
	permits, denies, rules, policies atomic.Uint64
	limits                           [len(limitNames)]atomic.Uint64
	latency, datalog, cedar          *histogram.Histogram
}

// NewCalls counts nothing yet.
func NewCalls() *Calls {
	return &Calls{latency: histogram.New(descLatency, Bounds), datalog: histogram.New(descDatalog, Bounds), cedar: histogram.New(descCedar, Bounds)}
}

// Decided counts the decisions of one call. Where they come from a cache, nothing was evaluated.
func (c *Calls) Decided(s *host.Stats, cached bool) {
	switch {
	case s.Decision == host.Permit:
		c.permits.Add(1)
	case s.Decision == host.Deny:
		c.denies.Add(1)
	default:
		c.permits.Add(uint64(s.Permits))
		c.denies.Add(uint64(s.Denies))
	}
	if !cached {
		c.Evaluated(s)
	}
}

// Evaluated counts what a call evaluated, whatever came of it.
func (c *Calls) Evaluated(s *host.Stats) {
	if s.RulesEvaluated > 0 {
		c.rules.Add(uint64(s.RulesEvaluated))
	}
	if s.PoliciesEvaluated > 0 {
		c.policies.Add(uint64(s.PoliciesEvaluated))
	}
	if s.Limit != "" {
		c.limited(s.Limit)
	}
}

func (c *Calls) limited(name string) {
	for i, n := range limitNames {
		if n == name {
			c.limits[i].Add(1)
		}
	}
}

// Took counts how long a call took that decides.
func (c *Calls) Took(d time.Duration) { c.latency.Observe(d) }

// TookTraced is Took for a call of which a trace tells more.
func (c *Calls) TookTraced(d time.Duration, traceID, spanID string) {
	c.latency.ObserveTrace(d, traceID, spanID)
}

// Timed counts how long the requests of a call took.
func (c *Calls) Timed(l *host.Timeline) {
	for i := range l.Requests {
		r := &l.Requests[i]
		if r.Decision == host.NoDecision {
			continue
		}
		c.datalog.Observe(r.Phases.Datalog())
		c.cedar.Observe(r.Phases.Cedar())
	}
}

// Describe is [prometheus.Collector]'s.
func (c *Calls) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{descDecisions, descRules, descPolicies, descLimits, descLatency, descDatalog, descCedar} {
		out <- d
	}
}

// Collect is [prometheus.Collector]'s.
func (c *Calls) Collect(out chan<- prometheus.Metric) {
	out <- counter(descDecisions, c.permits.Load(), "permit")
	out <- counter(descDecisions, c.denies.Load(), "deny")
	out <- counter(descRules, c.rules.Load())
	out <- counter(descPolicies, c.policies.Load())
	for i, name := range limitNames {
		out <- counter(descLimits, c.limits[i].Load(), name)
	}
	out <- c.latency
	out <- c.datalog
	out <- c.cedar
}

func counter(d *prometheus.Desc, n uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(d *prometheus.Desc, n float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
}
