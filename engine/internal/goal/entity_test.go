package goal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/entity"
)

// Without rules for parents the hierarchy is what is stored, what facts say, and what a request brings.
func TestHierarchy_withoutRules(t *testing.T) {
	var facts strings.Builder
	for i := range 40 {
		fmt.Fprintf(&facts, "parent(Group::\"%d\", Group::\"%d\"). ", i, i+1)
	}
	w := load(t, facts.String()+`parent(Group::"40", Group::"0"). attribute(User::"u", "level", 3). attribute(User::"u", "own", 1). tag(Group::"7", "t", 1).
		permit(P) :- P in Group::"40", P.level == 3.
		permit(P) :- P in Group::"41".
		permit(P) :- P.own == 1.
		permit(P) :- P in Group::"7", Group::"7".hasTag("t"), not Group::"8".hasTag("t").
		permit(P) :- not P in Group::"39", P in User::"u".
		permit(P) :- P in context.groups.
		permit(P) :- context.x in P.
		permit(P) :- P in context.x.`, func(w *world) {
		w.store1("User:u", map[string]any{"own": 2}, nil, "Group:0")
		w.store1("Group:0", nil, nil, "Group:s")
	})
	w.context = w.record(map[string]any{"groups": []any{w.entity("Group:s"), w.entity("Group:none")}, "x": 5})
	const kinds = "rule6!value.kind rule7!value.kind"
	if got, want := w.decide("u", "a", "r"), "rule0 rule2!entity.conflict rule3 rule5 "+kinds; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.view.Patch(w.entityWith("User:u", map[string]any{"own": 1}, nil, "Group:s"))
	if got, want := w.decide("u", "a", "r"), "rule2 rule4 rule5 "+kinds; got != want {
		t.Errorf("patched: got %q, want %q", got, want)
	}
	w.view.Reset()
	if got, status, _ := w.eval.Ancestors(w.entity("Group:7"), nil); len(got) != 42 || status != entity.OK {
		t.Errorf("%d ancestors", len(got))
	}
}

func TestHierarchy_nothingDerived(t *testing.T) {
	w := load(t, `permit(P) :- P.level == 3. permit(P) :- P has nope. permit(P) :- P.getTag("t") == 1. permit(P) :- P in Group::"g".
		permit(_) :- context.x.y == 1. permit(_) :- context.x.getTag("t") == 1. permit(P) :- P.getTag(context.x) == 1. permit(_) :- context.x has y.`,
		func(w *world) { w.store1("User:u", map[string]any{"level": 3}, map[string]any{"t": 1}, "Group:g") })
	w.context = w.record(map[string]any{"x": 5})
	const kinds = "rule4!value.kind rule5!value.kind rule6!value.kind rule7!value.kind"
	if got := w.decide("u", "a", "r"); got != "rule0 rule2 rule3 "+kinds {
		t.Errorf("%q", got)
	}
	if got := w.decide("nobody", "a", "r"); got != kinds {
		t.Errorf("%q", got)
	}
	if v, status, _ := w.eval.Field(w.entity("User:u"), w.t.String("level"), false); status != entity.OK || w.t.LongOf(v) != 3 {
		t.Error("a stored attribute is lost")
	}
}

// A rule can't nest values without end, whatever the limits are.
func TestValues_bounded(t *testing.T) {
	w := load(t, `s(X, 0) :- context("x", X). s([X], N) :- s(X, M), N = M + 1, M < 300. permit(_) :- s(_, 199). permit(_) :- s(_, 250).
		permit(_) :- s(X, 199), {a: {b: X}} has a. permit(_) :- s(X, 150), X.union([X]).size() == 2. permit(_) :- s(X, 200), not s(X.union([X]), 1).`, nil)
	w.context = w.record(map[string]any{"x": strings.Repeat("é", 100)})
	if got := w.decide("u", "a", "r"); got != "rule0 rule1!value.depth rule2!value.depth rule3 rule4!value.depth" {
		t.Errorf("%q", got)
	}
}

// Messages show long values in part, cut between characters.
func TestMessages_cut(t *testing.T) {
	w := load(t, `permit(_) :- context.x is User.`, nil)
	w.context = w.record(map[string]any{"x": strings.Repeat("é", 100)})
	w.eval.Begin(w.request("u", "a", "r"), w.view, w.limits, nil)
	got := w.eval.Statements(nil)
	if want := `is has no meaning for "` + strings.Repeat("é", 29) + "…, a string"; len(got) != 1 || got[0].Fault.Message != want {
		t.Errorf("%q", got[0].Fault.Message)
	}
}

// A row that errs costs those who look another up nothing.
func TestErring_indexed(t *testing.T) {
	var facts strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&facts, "n(%d, %d). ", i, i%2)
	}
	w := load(t, facts.String()+`inv(X, Y) :- n(X, N), Y = X / N. use(X) :- inv(X, _). key(K) :- context(_, K).
		permit(_) :- key(K), inv(K, V), V > 0. permit(_) :- key(K), use(K).`, nil)
	for _, c := range []struct {
		key  int
		want string
	}{{7, "rule0 rule1"}, {8, "rule0!value.division_by_zero rule1!value.division_by_zero"}} {
		w.context = w.record(map[string]any{"k": c.key})
		if got := w.decide("u", "a", "r"); got != c.want || w.eval.Steps() > 100 {
			t.Errorf("%d: %q in %d steps", c.key, got, w.eval.Steps())
		}
	}
}
