package metrics_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/host/metrics"
)

const document = `version = "rune/1.0"
[data]
member = [["alice", "admins"]]
[rules]
decl member(User, Group).
permit(P, "read", _) :- member(P, Group::"admins").
[policies]
forbid(principal == User::"mallory", action, resource);
`

const aliceReads, bobReads = `{"principal":"alice","action":"read","resource":"x"}`, `{"principal":"bob","action":"read","resource":"x"}`

var (
	ctx    = context.Background()
	shared = sync.OnceValues(func() (*host.Runtime, error) { return host.New(ctx, host.Options{}) })
)

func load(tb testing.TB) *metrics.Engine {
	r, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	e, err := r.LoadText(ctx, document, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close(ctx) })
	return metrics.New(e)
}

func TestEngine(t *testing.T) {
	m := load(t)
	revision := m.Revision()
	for _, request := range []string{aliceReads, aliceReads, bobReads} {
		if _, err := m.Authorize(ctx, nil, []byte(request), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Authorize(ctx, nil, []byte(`{}`), nil); err == nil {
		t.Error("a request of nothing is decided")
	}
	if _, err := m.Authorize(ctx, nil, []byte(aliceReads), &host.Call{Limits: host.Limits{Steps: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Update(ctx, nil, []byte(`{"insert":{"member":[["bob","admins"]]}}`), nil); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP rune_authorization_requests_total Requests decided, each item of a batch one.
# TYPE rune_authorization_requests_total counter
rune_authorization_requests_total{decision="deny"} 2
rune_authorization_requests_total{decision="permit"} 2
# HELP rune_config_info Always 1; the label is the revision of the loaded files, without updates.
# TYPE rune_config_info gauge
rune_config_info{revision="` + revision + `"} 1
# HELP rune_engine_instances Instances of the engine that are alive.
# TYPE rune_engine_instances gauge
rune_engine_instances 1
# HELP rune_engine_traps_total Instances of the engine that died, which is a bug or memory that ran out.
# TYPE rune_engine_traps_total counter
rune_engine_traps_total 0
# HELP rune_fact_store_entries Facts that are stored, loaded and posted.
# TYPE rune_fact_store_entries gauge
rune_fact_store_entries 2
# HELP rune_loaded_policies_count Cedar policies that are loaded.
# TYPE rune_loaded_policies_count gauge
rune_loaded_policies_count 1
# HELP rune_loaded_rules_count Rules and statements that are loaded.
# TYPE rune_loaded_rules_count gauge
rune_loaded_rules_count 1
`
	names := []string{"rune_authorization_requests_total", "rune_config_info", "rune_engine_instances", "rune_engine_traps_total", "rune_fact_store_entries",
		"rune_loaded_policies_count", "rune_loaded_rules_count"}
	if err := testutil.CollectAndCompare(m.Collector(), strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	if got := value(t, m, "rune_limits_hit_total", "steps"); got != 1 {
		t.Errorf("%v limits hit", got)
	}
	if got := value(t, m, "rune_rule_evaluations_total", ""); got < 3 {
		t.Errorf("%v rules evaluated", got)
	}
	if got := value(t, m, "rune_policy_evaluations_total", ""); got < 0 {
		t.Errorf("%v policies evaluated", got)
	}
}

func TestEngine_lint(t *testing.T) {
	problems, err := testutil.CollectAndLint(load(t).Collector())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Metric != "rune_loaded_rules_count" && p.Metric != "rune_loaded_policies_count" { // whose names stand
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func family(t *testing.T, m *metrics.Engine, name string) *dto.MetricFamily {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m.Collector())
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			return f
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// value is that of a counter whose label, if it has one, is label.
func value(t *testing.T, m *metrics.Engine, name, label string) float64 {
	t.Helper()
	for _, x := range family(t, m, name).Metric {
		if label == "" || x.Label[0].GetValue() == label {
			return x.Counter.GetValue()
		}
	}
	t.Fatalf("%s has nothing for %s", name, label)
	return 0
}

func ExampleNew() {
	runtime, err := shared()
	if err != nil {
		panic(err)
	}
	loaded, err := runtime.LoadText(ctx, document, nil)
	if err != nil {
		panic(err)
	}
	defer loaded.Close(ctx)
	engine := metrics.New(loaded)
	registry := prometheus.NewRegistry()
	registry.MustRegister(engine.Collector())
	reply, err := engine.Authorize(ctx, nil, []byte(aliceReads), nil)
	n, _ := testutil.GatherAndCount(registry, "rune_authorization_requests_total")
	fmt.Println(strings.HasPrefix(string(reply), `{"decision":"permit"`), err, n)
	// Output: true <nil> 2
}
