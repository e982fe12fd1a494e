package server

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver takes spans by OTLP over HTTP.
type receiver struct {
	mu    sync.Mutex
	spans []*otlp.Span
}

func receive(t *testing.T) *receiver {
	r := &receiver{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		var in collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &in); err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, rs := range in.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				r.spans = append(r.spans, ss.Spans...)
			}
		}
	}))
	t.Cleanup(s.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL)
	return r
}

const (
	traceOf = "0af7651916cd43dd8448eb211c80319c"
	parent  = "00-" + traceOf + "-b7ad6b7169203331-01"
)

// flushed sends what the tracer holds, and gives all spans.
func (r *receiver) flushed(t *testing.T, v *served) []*otlp.Span {
	t.Helper()
	if err := v.tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spans
}

// TestTrace_tree: a decision has exactly the 12 spans, each in its parent.
func TestTrace_tree(t *testing.T) {
	r := receive(t)
	v := serve(t, people, Deps{}, func(c *Config) { c.TraceBaggage = []string{"tenant"} })
	v.ask("POST", "/v1/authorize", annReads, "Traceparent", parent, "Tracestate", "a=b", "Baggage", "tenant=acme,other=x").wantOK(t, "permit")
	spans := r.flushed(t, v)
	byID, names := map[string]*otlp.Span{}, []string{}
	for _, s := range spans {
		byID[string(s.SpanId)] = s
		names = append(names, s.Name)
	}
	want := map[string]string{
		"authorize_request": "", "parse_request": "authorize_request", "cache_lookup": "authorize_request", "datalog_evaluation": "authorize_request",
		"fact_preparation": "datalog_evaluation", "rule_evaluation": "datalog_evaluation", "result_extraction": "datalog_evaluation",
		"cedar_evaluation": "authorize_request", "entity_creation": "cedar_evaluation", "policy_evaluation": "cedar_evaluation",
		"combine_results": "authorize_request", "cache_update": "authorize_request",
	}
	slices.Sort(names)
	if len(spans) != len(want) || len(slices.Compact(names)) != len(want) {
		t.Fatalf("%d spans: %v", len(spans), names)
	}
	for _, s := range spans {
		if hex.EncodeToString(s.TraceId) != traceOf || s.TraceState != "a=b" {
			t.Errorf("%s is of the trace %x, state %q", s.Name, s.TraceId, s.TraceState)
		}
		if s.Name == "authorize_request" {
			if hex.EncodeToString(s.ParentSpanId) != "b7ad6b7169203331" {
				t.Errorf("the parent of all is %x", s.ParentSpanId)
			}
			checkAttributes(t, s)
			continue
		}
		p := byID[string(s.ParentSpanId)]
		if p == nil || p.Name != want[s.Name] {
			t.Errorf("%s is under %v", s.Name, p)
		} else if s.StartTimeUnixNano < p.StartTimeUnixNano || s.EndTimeUnixNano > p.EndTimeUnixNano || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%s lasts from %d to %d, its parent %s from %d to %d", s.Name, s.StartTimeUnixNano, s.EndTimeUnixNano, p.Name, p.StartTimeUnixNano, p.EndTimeUnixNano)
		}
	}
}

func checkAttributes(t *testing.T, s *otlp.Span) {
	t.Helper()
	got := map[string]string{}
	for _, a := range s.Attributes {
		got[a.Key] = a.Value.GetStringValue()
	}
	if got["rune.decision"] != "permit" || got["rune.cache"] != "miss" || got["tenant"] != "acme" || got["rune.revision"] == "" || got["http.route"] != "/v1/authorize" {
		t.Errorf("attributes: %v", got)
	}
	if _, ok := got["other"]; ok {
		t.Error("baggage that isn't listed became an attribute")
	}
}

// TestTrace_hit: what the cache answers has no evaluation, a batch one for each item, and what isn't sampled nothing.
func TestTrace_shapes(t *testing.T) {
	r := receive(t)
	v := serve(t, people, Deps{}, func(c *Config) { c.TraceSampleRatio = 0 })
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	v.ask("POST", "/v1/authorize", annReads, "Traceparent", strings.TrimSuffix(parent, "1")+"0").wantOK(t, "permit")
	v.ask("POST", "/v1/authorize", annReads, "Traceparent", parent).wantOK(t, "permit")
	v.ask("POST", "/v1/authorize/batch", `{"requests":[`+annReads+`,{},`+annReads+`]}`, "Traceparent", parent).wantOK(t, "permit")
	count := map[string]int{}
	for _, s := range r.flushed(t, v) {
		count[s.Name]++
	}
	for name, want := range map[string]int{"authorize_request": 2, "parse_request": 2, "cache_lookup": 2, "datalog_evaluation": 3, "fact_preparation": 3, "rule_evaluation": 2,
		"cedar_evaluation": 2, "combine_results": 2} {
		if count[name] != want {
			t.Errorf("%d spans %s, want %d", count[name], name, want)
		}
	}
}

// TestTrace_dead: without a collector requests are answered, and it is told once.
func TestTrace_dead(t *testing.T) {
	dead := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer dead.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", dead.URL)
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "12")
	var log strings.Builder
	v := serve(t, people, Deps{Log: logTo(&log)})
	for range 5 {
		v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	}
	_ = v.tracer.Close(t.Context())
	if n := strings.Count(log.String(), "traces can't be exported"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
}
