package trace

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Names of spans.
const (
	Authorize        = "authorize_request"
	ParseRequest     = "parse_request"
	CacheLookup      = "cache_lookup"
	Datalog          = "datalog_evaluation"
	FactPreparation  = "fact_preparation"
	RuleEvaluation   = "rule_evaluation"
	ResultExtraction = "result_extraction"
	Cedar            = "cedar_evaluation"
	EntityCreation   = "entity_creation"
	PolicyEvaluation = "policy_evaluation"
	Combine          = "combine_results"
	CacheUpdate      = "cache_update"
)

// Trace is a request that is sampled. Its spans are added when their times are known, and go out with End.
type Trace struct {
	tracer *Tracer
	root   *span
	spans  []*span
}

func newTrace(t *Tracer, id trace.TraceID, parent trace.SpanContext, r sdk.SamplingResult, h Headers) *Trace {
	x := &Trace{tracer: t}
	x.root = &span{name: Authorize, kind: trace.SpanKindServer, parent: parent, resource: t.resource, attributes: r.Attributes,
		context: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: newSpanID(), TraceFlags: trace.FlagsSampled, TraceState: r.Tracestate})}
	x.spans = append(make([]*span, 0, 12), x.root)
	x.take(h.Baggage)
	return x
}

// mostValue is how much of a value of baggage an attribute has.
const mostValue = 256

// take makes attributes of the listed keys of baggage.
func (x *Trace) take(header []byte) {
	if len(header) == 0 || len(x.tracer.baggage) == 0 {
		return
	}
	b, err := baggage.Parse(string(header))
	if err != nil {
		return
	}
	for _, key := range x.tracer.baggage {
		if m := b.Member(key); m.Key() == key {
			v := m.Value()
			x.root.attributes = append(x.root.attributes, attribute.String(key, v[:min(len(v), mostValue)]))
		}
	}
}

// TraceID is the trace's, in hexadecimal.
func (x *Trace) TraceID() string { return x.root.context.TraceID().String() }

// SpanID is the request's span's, in hexadecimal.
func (x *Trace) SpanID() string { return x.root.context.SpanID().String() }

// Span is one that was added. Others may be added under it.
type Span struct{ of *span }

// Add adds a span under another, or under the request's where that is the zero Span.
func (x *Trace) Add(under Span, name string, start time.Time, took time.Duration, attributes ...attribute.KeyValue) Span {
	parent := under.of
	if parent == nil {
		parent = x.root
	}
	s := &span{name: name, kind: trace.SpanKindInternal, parent: parent.context, start: start, end: start.Add(took), attributes: attributes, resource: x.tracer.resource,
		context: parent.context.WithSpanID(newSpanID())}
	parent.children++
	x.spans = append(x.spans, s)
	return Span{s}
}

// End ends the request and hands its spans to the exporters, which takes no longer than putting them into a queue. failed says what went
// wrong on the server's side, or is "".
func (x *Trace) End(start, end time.Time, failed string, attributes ...attribute.KeyValue) {
	x.root.start, x.root.end = start, end
	x.root.attributes = append(x.root.attributes, attributes...)
	if failed != "" {
		x.root.status = sdk.Status{Code: codes.Error, Description: failed}
	}
	for _, p := range x.tracer.processors {
		for _, s := range x.spans {
			p.OnEnd(s)
		}
	}
}

// span is one that has ended. Why not the SDK's own? All times are known at once, when the answer has gone: then a span is a few words, and
// needs no lock.
type span struct {
	sdk.ReadOnlySpan // nil: it is sealed, and all of its methods are below

	name       string
	kind       trace.SpanKind
	context    trace.SpanContext
	parent     trace.SpanContext
	start, end time.Time
	attributes []attribute.KeyValue
	status     sdk.Status
	resource   *resource.Resource
	children   int
}

var scope = instrumentation.Scope{Name: "github.com/rune-authz/rune/server"}

func (s *span) Name() string                                    { return s.name }
func (s *span) SpanContext() trace.SpanContext                  { return s.context }
func (s *span) Parent() trace.SpanContext                       { return s.parent }
func (s *span) SpanKind() trace.SpanKind                        { return s.kind }
func (s *span) StartTime() time.Time                            { return s.start }
func (s *span) EndTime() time.Time                              { return s.end }
func (s *span) Attributes() []attribute.KeyValue                { return s.attributes }
func (s *span) Links() []sdk.Link                               { return nil }
func (s *span) Events() []sdk.Event                             { return nil }
func (s *span) Status() sdk.Status                              { return s.status }
func (s *span) InstrumentationScope() instrumentation.Scope     { return scope }
func (s *span) InstrumentationLibrary() instrumentation.Library { return scope } //lint:ignore SA1019 the interface has it
func (s *span) Resource() *resource.Resource                    { return s.resource }
func (s *span) DroppedAttributes() int                          { return 0 }
func (s *span) DroppedLinks() int                               { return 0 }
func (s *span) DroppedEvents() int                              { return 0 }
func (s *span) ChildSpanCount() int                             { return s.children }
