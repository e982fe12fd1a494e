package engine

import (
	"strings"
	"testing"
)

// ticks is a clock that is one nanosecond later each time it is read.
type ticks struct{ now int64 }

func (c *ticks) read() int64 { c.now++; return c.now }

const timedDocument = `[rules]
permit(P, _, _) :- admin(P).
admin(User::"root").
parent(User::"alice", Group::"staff") :- context("office", true).
[policies]
permit(principal in Group::"staff", action, resource);
permit(principal, action, resource) when { principal in Group::"other" };
`

func TestTiming_phases(t *testing.T) {
	e, clock := load(t, timedDocument), ticks{}
	h := Host{Clock: clock.read}
	reply := string(e.Authorize(nil, []byte(`{"principal":"alice","action":"read","resource":"plan","context":{"office":true}}`), &h))
	if !strings.Contains(reply, `"permit"`) || len(e.Timings()) != 1 {
		t.Fatalf("%d timings, %s", len(e.Timings()), reply)
	}
	got := e.Timings()[0]
	if got.Start != 1 || got.Decision != Permit {
		t.Errorf("started at %d, decided %d", got.Start, got.Decision)
	}
	var sum uint64
	for p, ns := range got.Phases {
		if ns == 0 {
			t.Errorf("phase %d took no time", p)
		}
		sum += ns
	}
	if got.Phases[PhaseEntities] < 2 {
		t.Errorf("policies asked for derived rows, which took %d", got.Phases[PhaseEntities])
	}
	if whole := uint64(clock.now) - 1 - got.Start; sum != whole {
		t.Errorf("the phases are %d of %d nanoseconds", sum, whole)
	}
	if e.Stats().Phases != got.Phases || e.Stats().Permits != 1 || e.Stats().Denies != 0 {
		t.Errorf("statistics: %+v", e.Stats())
	}
}

func TestTiming_batch(t *testing.T) {
	e, clock := load(t, timedDocument), ticks{}
	h := Host{Clock: clock.read}
	e.Batch(nil, []byte(`{"requests":[{"principal":"root","action":"a","resource":"b"},{"principal":7},{"principal":"x","action":"a","resource":"b"}]}`), &h)
	if s := e.Stats(); s.Items != 3 || s.Permits != 1 || s.Denies != 1 {
		t.Errorf("statistics: %+v", s)
	}
	var end uint64
	var decided []Decision
	for _, item := range e.Timings() {
		if item.Start < end {
			t.Errorf("an item starts at %d, before %d, when the last one ended", item.Start, end)
		}
		end = item.Start
		for _, ns := range item.Phases {
			end += ns
		}
		decided = append(decided, item.Decision)
	}
	if len(decided) != 3 || decided[0] != Permit || decided[1] != NoDecision || decided[2] != Deny {
		t.Errorf("decided %v", decided)
	}
	if bad := e.Timings()[1].Phases; bad[PhaseFacts] == 0 || bad[PhaseRules] != 0 || bad[PhaseCombine] != 0 {
		t.Errorf("what was no request: %v", bad)
	}
}

func TestTiming_limit(t *testing.T) {
	e, clock := load(t, timedDocument), ticks{}
	h := Host{Clock: clock.read, Limits: Limits{Steps: 1}}
	reply := string(e.Authorize(nil, []byte(`{"principal":"root","action":"a","resource":"b"}`), &h))
	if p := e.Timings()[0].Phases; !strings.Contains(reply, "limit.steps") || p[PhaseResults] == 0 || p[PhasePolicies] != 0 || p[PhaseCombine] == 0 {
		t.Errorf("%v, %s", p, reply)
	}
}

func TestTiming_off(t *testing.T) {
	e, clock := load(t, timedDocument), ticks{}
	request := []byte(`{"principal":"root","action":"a","resource":"b"}`)
	e.Authorize(nil, request, &Host{Clock: clock.read})
	e.Authorize(nil, request, &Host{})
	if len(e.Timings()) != 0 || e.Stats().Phases != [Phases]uint64{} || e.Stats().Permits != 1 {
		t.Errorf("%d timings, %+v", len(e.Timings()), e.Stats())
	}
	read := clock.now
	e.Query(nil, []byte(`{"goal":"admin(X)"}`), &Host{})
	e.Test(nil, []byte(`{}`), &Host{Clock: clock.read})
	if clock.now != read || len(e.Timings()) != 0 {
		t.Errorf("the clock was read, %d timings", len(e.Timings()))
	}
}
