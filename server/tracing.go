package server

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/internal/version"
	"github.com/rune-authz/rune/server/trace"
)

var (
	headerState   = []byte("Tracestate")
	headerBaggage = []byte("Baggage")
)

// openTrace begins to trace, if an exporter is configured.
func (s *Server) openTrace(ctx context.Context, stdout io.Writer) (err error) {
	s.tracer, err = trace.Open(ctx, trace.Options{Ratio: s.config.TraceSampleRatio, Baggage: s.config.TraceBaggage, Version: version.String(), Stdout: stdout, Log: s.log})
	return err
}

// times are when the parts of a traced request took place, since the epoch.
type times struct{ asked, looked, found, kept, put time.Duration }

// sample decides whether the request is traced.
func (x *exchange) sample() {
	if x.s.tracer == nil || !x.route.traced {
		return
	}
	h := &x.ctx.Request.Header
	x.trace = x.s.tracer.Sample(trace.Headers{Parent: h.PeekBytes(headerTrace), State: h.PeekBytes(headerState), Baggage: h.PeekBytes(headerBaggage)})
}

// traceID is the id of the request's trace, or "".
func (x *exchange) traceID() string {
	if x.trace != nil {
		return x.trace.TraceID()
	}
	return traceID(x.ctx.Request.Header.PeekBytes(headerTrace))
}

// endTrace makes the spans of a traced request that was answered.
func (x *exchange) endTrace(took time.Duration) {
	t, at := x.trace, x.at
	when := func(d time.Duration) time.Time { return epoch.Add(d) }
	end := x.began + took
	if at.asked == 0 {
		at.asked = end // it never came to the question
	}
	t.Add(trace.Span{}, trace.ParseRequest, when(x.began), at.asked-x.began)
	if at.looked > 0 {
		t.Add(trace.Span{}, trace.CacheLookup, when(at.looked), at.found-at.looked)
	}
	if x.cached != hit {
		addEvaluations(t, x.call.Timeline)
	}
	if at.kept > 0 {
		t.Add(trace.Span{}, trace.CacheUpdate, when(at.kept), at.put-at.kept)
	}
	failed := ""
	if status := x.ctx.Response.StatusCode(); status >= 500 {
		failed = "the server failed"
	}
	t.End(when(x.began), when(end), failed, x.attributes()...)
}

// addEvaluations adds a subtree for each request that was decided.
func addEvaluations(t *trace.Trace, l *host.Timeline) {
	for i := range l.Requests {
		r := &l.Requests[i]
		var item []attribute.KeyValue
		if len(l.Requests) > 1 {
			item = []attribute.KeyValue{attribute.Int("rune.item", i)}
		}
		at, p := l.Began.Add(r.Start), &r.Phases
		// The module's clock began a moment after the host's: nothing lies outside the call.
		add := func(under trace.Span, name string, took time.Duration) trace.Span {
			return t.Add(under, name, at, took, item...)
		}
		datalog := add(trace.Span{}, trace.Datalog, p.Datalog())
		add(datalog, trace.FactPreparation, p.Facts)
		if r.Decision == host.NoDecision {
			continue
		}
		at = at.Add(p.Facts)
		add(datalog, trace.RuleEvaluation, p.Rules)
		at = at.Add(p.Rules)
		add(datalog, trace.ResultExtraction, p.Results)
		at = at.Add(p.Results)
		cedar := add(trace.Span{}, trace.Cedar, p.Cedar())
		add(cedar, trace.EntityCreation, p.Entities)
		at = at.Add(p.Entities)
		add(cedar, trace.PolicyEvaluation, p.Policies)
		at = at.Add(p.Policies)
		add(trace.Span{}, trace.Combine, p.Combine)
	}
}

// attributes are what a span says of the answer.
func (x *exchange) attributes() []attribute.KeyValue {
	out := []attribute.KeyValue{
		attribute.String("http.request.method", string(x.ctx.Method())), attribute.String("http.route", x.route.path),
		attribute.Int("http.response.status_code", x.ctx.Response.StatusCode()),
	}
	if !x.decided {
		return out
	}
	out = append(out, attribute.String("rune.revision", strings.Clone(x.stats.Revision)), attribute.Int64("rune.steps", int64(x.stats.Steps)))
	switch x.stats.Decision {
	case host.Permit:
		out = append(out, attribute.String("rune.decision", "permit"))
	case host.Deny:
		out = append(out, attribute.String("rune.decision", "deny"))
	}
	if x.stats.Decision != host.NoDecision {
		out = append(out, attribute.StringSlice("rune.reasons", reasonIDs(x.ctx.Response.Body())))
	}
	if x.cached != notAsked {
		out = append(out, attribute.String("rune.cache", string(bytes.Clone(cacheValues[x.cached]))))
	}
	return out
}
