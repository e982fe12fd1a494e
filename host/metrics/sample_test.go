package metrics_test

import (
	"testing"

	"github.com/rune-authz/rune/host"
)

// TestEngine_sample times one call in four.
func TestEngine_sample(t *testing.T) {
	m := load(t)
	m.Sample = 4
	for range 9 {
		if _, err := m.Authorize(ctx, nil, []byte(aliceReads), nil); err != nil {
			t.Fatal(err)
		}
	}
	var line host.Timeline
	if _, err := m.Batch(ctx, nil, []byte(`{"requests":[`+aliceReads+`,{},`+bobReads+`]}`), &host.Call{Timeline: &line}); err != nil || len(line.Requests) != 3 {
		t.Fatal(err, line)
	}
	for name, want := range map[string]uint64{"rune_authorization_latency_seconds": 10, "rune_datalog_evaluation_latency_seconds": 4, "rune_cedar_evaluation_latency_seconds": 4} {
		if got := family(t, m, name).Metric[0].Histogram.GetSampleCount(); got != want {
			t.Errorf("%s has %d, want %d", name, got, want)
		}
	}
	if p, d := value(t, m, "rune_authorization_requests_total", "permit"), value(t, m, "rune_authorization_requests_total", "deny"); p != 10 || d != 1 {
		t.Errorf("%v permitted, %v denied", p, d)
	}
}
