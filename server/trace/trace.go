// Package trace makes spans of requests that are sampled, from times that were noted, and exports them with OpenTelemetry's SDK.
package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options say which requests are sampled and where their spans go. What they leave out the variables OTEL_… say.
type Options struct {
	Ratio   float64  // of requests without a parent; below 0: as the variables say
	Baggage []string // keys that become attributes
	Version string   // of the server
	Stdout  io.Writer
	Log     *slog.Logger
}

// Tracer samples requests. A nil *Tracer samples none. It is safe for concurrent use.
type Tracer struct {
	sampler    sdk.Sampler
	byParent   bool // a parent that isn't sampled decides
	processors []sdk.SpanProcessor
	resource   *resource.Resource
	baggage    []string
}

// Open makes what the options and the variables ask for: nil where no exporter is configured.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	if on, _ := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED")); on {
		return nil, nil
	}
	exporters, err := openExporters(ctx, o)
	if err != nil || len(exporters) == 0 {
		return nil, err
	}
	t := &Tracer{baggage: o.Baggage}
	if t.sampler, t.byParent, err = sampler(o.Ratio); err != nil {
		return nil, err
	}
	t.resource, err = newResource(ctx, o.Version)
	if err != nil {
		return nil, err
	}
	for _, x := range exporters {
		t.processors = append(t.processors, sdk.NewBatchSpanProcessor(&reporting{SpanExporter: x.exporter, name: x.name, log: o.Log}))
	}
	return t, nil
}

// Close sends what waits to be sent, until ctx is done.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	var errs []error
	for _, p := range t.processors {
		errs = append(errs, p.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// Headers are those of a request that tell of its trace.
type Headers struct{ Parent, State, Baggage []byte }

// Sample decides whether a request is traced: nil if it isn't, which costs next to nothing.
func (t *Tracer) Sample(h Headers) *Trace {
	if t == nil || t.byParent && unsampled(h.Parent) {
		return nil
	}
	ctx := context.Background()
	if len(h.Parent) > 0 {
		ctx = propagation.TraceContext{}.Extract(ctx, carrier{h})
	}
	parent := trace.SpanContextFromContext(ctx)
	id := parent.TraceID()
	if !parent.IsValid() {
		id = newTraceID()
	}
	r := t.sampler.ShouldSample(sdk.SamplingParameters{ParentContext: ctx, TraceID: id, Name: Authorize, Kind: trace.SpanKindServer})
	if r.Decision != sdk.RecordAndSample {
		return nil
	}
	return newTrace(t, id, parent, r, h)
}

// unsampled reports whether a traceparent is one whose sampled flag isn't set.
func unsampled(parent []byte) bool {
	const length, flags = len("00-") + 32 + len("-") + 16 + len("-00"), len("00-") + 32 + len("-") + 16 + len("-")
	if len(parent) != length || parent[0] != '0' || parent[1] != '0' {
		return false
	}
	low := parent[flags+1]
	return ('0' <= low && low <= '9' || 'a' <= low && low <= 'f') && !strings.ContainsRune("13579bdf", rune(low)) &&
		trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier{Headers{Parent: parent}})).IsValid()
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		put(id[:8], rand.Uint64())
		put(id[8:], rand.Uint64())
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		put(id[:], rand.Uint64())
	}
	return id
}

func put(b []byte, n uint64) {
	for i := range 8 {
		b[i] = byte(n >> (8 * i))
	}
}

// carrier lets the propagator read a request's headers.
type carrier struct{ h Headers }

func (c carrier) Get(key string) string {
	switch key {
	case "traceparent":
		return string(c.h.Parent)
	case "tracestate":
		return string(c.h.State)
	case "baggage":
		return string(c.h.Baggage)
	}
	return ""
}

func (c carrier) Set(string, string) {}

func (c carrier) Keys() []string { return []string{"traceparent", "tracestate", "baggage"} }

// sampler is what the option says, or else the variables, or else every request is sampled; a parent decides for its children, unless the
// variables say otherwise.
func sampler(ratio float64) (s sdk.Sampler, byParent bool, err error) {
	if ratio >= 0 {
		return sdk.ParentBased(sdk.TraceIDRatioBased(ratio)), true, nil
	}
	name, argument := os.Getenv("OTEL_TRACES_SAMPLER"), os.Getenv("OTEL_TRACES_SAMPLER_ARG")
	kind, byParent := strings.CutPrefix(name, "parentbased_")
	switch kind {
	case "":
		s, byParent = sdk.AlwaysSample(), true
	case "always_on":
		s = sdk.AlwaysSample()
	case "always_off":
		s = sdk.NeverSample()
	case "traceidratio":
		r := 1.0
		if argument != "" {
			if r, err = strconv.ParseFloat(argument, 64); err != nil || !(0 <= r && r <= 1) {
				return nil, false, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG is %q, which is no part from 0 to 1", argument)
			}
		}
		s = sdk.TraceIDRatioBased(r)
	default:
		return nil, false, fmt.Errorf("OTEL_TRACES_SAMPLER is %q, which isn't known here", name)
	}
	if byParent {
		s = sdk.ParentBased(s)
	}
	return s, byParent, nil
}
