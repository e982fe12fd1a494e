package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	dto "github.com/prometheus/client_model/go"
)

// gather gives the metrics as they stand, by name and labels.
func (v *served) gather() map[string]float64 {
	v.t.Helper()
	all, err := v.metrics.Gatherer().Gather()
	if err != nil {
		v.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range all {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name += " " + l.GetValue()
			}
			switch {
			case m.Histogram != nil:
				out[name] = float64(m.Histogram.GetSampleCount())
			case f.GetType() == dto.MetricType_GAUGE:
				out[name] = m.Gauge.GetValue()
			default:
				out[name] = m.Counter.GetValue()
			}
		}
	}
	return out
}

func TestMetrics_counts(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.PhaseSample = 2 })
	before := v.gather()
	for range 3 {
		v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	}
	v.ask("POST", "/v1/authorize", `{"principal":"nobody","action":"read","resource":"x"}`).wantOK(t, "deny")
	v.ask("POST", "/v1/authorize", `{}`).wantProblem(t, 400, "request.missing_field")
	v.ask("POST", "/v1/authorize/batch", `{"requests":[`+annReads+`,{},{"principal":"nobody","action":"read","resource":"x"}]}`).wantOK(t, "permit")
	v.ask("POST", "/access/v1/evaluation", `{"subject":{"type":"user","id":"x"},"action":{"name":"read"},"resource":{"type":"doc","id":"y"}}`).wantOK(t, "false")
	v.ask("GET", "/nowhere/else", "")
	v.ask("DELETE", "/v1/authorize", "")
	v.ask("BREW", "/v1/authorize", "")
	v.ask("HEAD", "/health/live", "")
	v.ask("POST", "/v1/config/reload", "").wantOK(t, "unchanged")
	after := v.gather()
	for name, want := range map[string]float64{
		"rune_authorization_requests_total permit":         4,
		"rune_authorization_requests_total deny":           3,
		"rune_authorization_latency_seconds":               6,
		"rune_cache_hits_total":                            2,
		"rune_cache_misses_total":                          5,
		"rune_cache_lookup_latency_seconds":                3,
		"rune_http_requests_total 200 POST /v1/authorize":  4,
		"rune_http_requests_total 400 POST /v1/authorize":  1,
		"rune_http_requests_total 404 GET other":           1,
		"rune_http_requests_total 405 DELETE other":        1,
		"rune_http_requests_total 405 other other":         1,
		"rune_http_requests_total 200 HEAD /health/live":   1,
		"rune_http_request_duration_seconds /v1/authorize": 5,
		"rune_reload_events_total success":                 1,
		"rune_reload_events_total failed":                  0,
		"rune_rate_limited_requests_total":                 0,
	} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s rose by %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"rune_ready", "rune_active_connections", "rune_engine_instances", "rune_engine_memory_bytes", "rune_cache_size_bytes",
		"rune_loaded_rules_count", "rune_fact_store_entries", "rune_rule_evaluations_total", "rune_datalog_evaluation_latency_seconds", "go_goroutines", "process_open_fds"} {
		if after[name] <= 0 {
			t.Errorf("%s is %v", name, after[name])
		}
	}
}

// TestMetrics_text: the page is there in both formats, for HEAD too, and needs its scope.
func TestMetrics_text(t *testing.T) {
	v := serve(t, people, Deps{})
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	v.ask("GET", "/metrics", "").wantOK(t, `rune_authorization_requests_total{decision="permit"} 1`)
	r, _ := http.NewRequest("GET", "http://"+v.addr+"/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	reply, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if text, err := io.ReadAll(reply.Body); err != nil || !strings.HasSuffix(string(text), "# EOF\n") {
		t.Errorf("OpenMetrics: %v, %s", err, text)
	}
	if g := v.ask("HEAD", "/metrics", ""); g.status != 200 || g.body != "" {
		t.Errorf("HEAD: %+v", g)
	}
}

// TestMetrics_series: whatever clients make up, there are fewer than a thousand series, and no label has it.
func TestMetrics_series(t *testing.T) {
	v := serve(t, people, Deps{})
	n := 2000
	if testing.Short() {
		n = 200
	}
	for i := range n {
		made := fmt.Sprint("madeup", i)
		v.ask("POST", "/v1/authorize", `{"principal":"`+made+`","action":"`+made+`","resource":"`+made+`"}`)
		v.ask("M"+strings.ToUpper(made), "/v1/authorize", "")
		v.ask("GET", "/"+made, "")
		v.ask("GET", "/v1/facts/"+made, "")
	}
	page := v.ask("GET", "/metrics", "").body
	series := 0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			series++
		}
	}
	if series >= 1000 || series < 100 || strings.Contains(strings.ToLower(page), "madeup") {
		t.Errorf("%d series", series)
	}
}

// TestMetrics_limited counts refusals, of batches as well.
func TestMetrics_limited(t *testing.T) {
	g := gateOf(Client{Scopes: AllScopes})
	v := serve(t, people, Deps{Gate: g}, func(c *Config) { c.JWTKeys = "keys.pem" })
	before := v.gather()["rune_rate_limited_requests_total"]
	g.rest(1)
	v.ask("POST", "/v1/authorize/batch", `{"requests":[`+annReads+`,`+annReads+`,`+annReads+`]}`).wantProblem(t, 429, "rate.exceeded")
	if got := v.gather()["rune_rate_limited_requests_total"]; got != before+1 {
		t.Errorf("%v refused, want %v", got, before+1)
	}
}

// TestMetrics_framing: what can't be read as a request counts as well.
func TestMetrics_framing(t *testing.T) {
	v := serve(t, people, Deps{})
	v.refuse(&fasthttp.RequestCtx{}, fasthttp.ErrBodyTooLarge)
	if got := v.gather()["rune_http_requests_total 413 other other"]; got != 1 {
		t.Errorf("%v", got)
	}
}
