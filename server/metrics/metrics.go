// Package metrics counts what the server does, for Prometheus.
package metrics

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	host "github.com/rune-authz/rune/host/metrics"
	"github.com/rune-authz/rune/internal/histogram"
)

// requestBounds are where the classic buckets of HTTP requests end, in seconds. They are fewer than others, as there is a series a route.
var requestBounds = []float64{1e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 1e-2, 5e-2, 0.25, 1, 10}

var (
	descHits        = describe("cache_hits_total", "Requests that the cache answered.")
	descMisses      = describe("cache_misses_total", "Requests that the cache didn't answer.")
	descLookup      = describe("cache_lookup_latency_seconds", "Looking for a reply in the cache, of the requests that are timed.")
	descCacheSize   = describe("cache_size_bytes", "What the replies in the cache take.")
	descReloads     = describe("reload_events_total", "Reloads of the configuration.", "result")
	descRequests    = describe("http_requests_total", "HTTP requests answered.", "route", "method", "code")
	descDuration    = describe("http_request_duration_seconds", "How long answering HTTP requests took, from when they were received.", "route")
	descLimited     = describe("rate_limited_requests_total", "Requests refused because their client asks for too much.")
	descConnections = describe("active_connections", "Connections that are open.")
	descDropped     = describe("decision_log_dropped_total", "Decisions that the decision log left out, since it couldn't be written fast enough.")
	descReady       = describe("ready", "Whether requests are answered: 1, or 0 without keys to check tokens, and while the server goes down.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(host.Namespace+name, help, labels, nil)
}

// Sources are asked each time that metrics are collected.
type Sources struct {
	Loaded      func() host.Loaded
	Reloads     func() (success, failed uint64)
	CacheSize   func() uint64
	Connections func() int
	Dropped     func() uint64 // decisions that weren't logged
	Ready       func() bool
}

// Metrics are the server's. Routes are added before any request is counted; all else is safe for concurrent use.
type Metrics struct {
	// Calls are what the engine and the cache decided.
	Calls *host.Calls

	hits, misses atomic.Uint64
	lookup       *histogram.Histogram
	routes       []*Route
	byPath       map[string]*Route
	other        *Route
	sources      Sources
	registry     *prometheus.Registry
}

// New counts nothing yet.
func New(s Sources) *Metrics {
	m := &Metrics{Calls: host.NewCalls(), lookup: histogram.New(descLookup, host.Bounds), byPath: map[string]*Route{}, sources: s, registry: prometheus.NewRegistry()}
	m.other = m.Route(otherLabel)
	m.registry.MustRegister(collector{m}, m.Calls, host.NewState(s.Loaded), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers with all metrics, as text or in the form that is asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, DisableCompression: true})
}

// Hit counts a reply from the cache.
func (m *Metrics) Hit() { m.hits.Add(1) }

// Miss counts a reply that the cache didn't have.
func (m *Metrics) Miss() { m.misses.Add(1) }

// LookedUp counts how long the cache was asked.
func (m *Metrics) LookedUp(d time.Duration) { m.lookup.Observe(d) }

// Gatherer gives all metrics.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// collector is what Metrics has besides the engine's.
type collector struct{ m *Metrics }

func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{descHits, descMisses, descLookup, descCacheSize, descReloads, descRequests, descDuration, descLimited, descConnections,
		descDropped, descReady} {
		out <- d
	}
}

func (c collector) Collect(out chan<- prometheus.Metric) {
	m, s := c.m, &c.m.sources
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n)
	}
	counter(descHits, m.hits.Load())
	counter(descMisses, m.misses.Load())
	out <- m.lookup
	success, failed := s.Reloads()
	counter(descReloads, success, "success")
	counter(descReloads, failed, "failed")
	counter(descDropped, s.Dropped())
	gauge(descCacheSize, float64(s.CacheSize()))
	gauge(descConnections, float64(s.Connections()))
	ready := 0.0
	if s.Ready() {
		ready = 1
	}
	gauge(descReady, ready)
	var limited uint64
	for _, r := range m.routes {
		limited += r.collect(counter)
		if r.duration.Count() > 0 {
			out <- r.duration
		}
	}
	counter(descLimited, limited)
}
