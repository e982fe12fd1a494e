package goal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
)

var defaults = goal.Limits{
	Steps: 1_000_000, ErrorSteps: 100_000, Tuples: 1_000_000, Tables: 10_000,
	ArenaBytes: 64 << 20, Depth: 10_000, StringBytes: 1 << 20, Collect: 10_000,
}

// Each limit lets pass what stays within it, and ends what exceeds it by one, naming itself.
func TestLimits(t *testing.T) {
	const up = `up(N) :- context("k", N). up(M) :- up(N), M = N + 1, M < 500. permit(_) :- up(499).`
	for _, c := range []struct {
		name, rules string
		set         func(l *goal.Limits, n int)
		most        int // that is still exceeded; -1: one less than the steps it takes
		want        string
	}{
		{"steps", up, func(l *goal.Limits, n int) { l.Steps = n }, -1, "rule0"},
		{"tuples", up, func(l *goal.Limits, n int) { l.Tuples = n }, 500, "rule0"},
		{"tables", `k(X) :- context("k", Y), X = Y + 7. n(1). n(2). n(3). permit(_) :- n(X), k(X).`, func(l *goal.Limits, n int) { l.Tables = n }, 2, ""},
		{"depth", `e(1, 2). e(2, 3). e(3, 4). k(X) :- context(_, X). r(X) :- k(X). r(X) :- e(X, Y), r(Y). permit(_) :- r(1).`, func(l *goal.Limits, n int) { l.Depth = n }, 4, ""},
		{"string_bytes", `permit(_) :- X = context.s.concat("y"), X == "xxxy".`, func(l *goal.Limits, n int) { l.StringBytes = n }, 3, "rule0"},
		{"collect", `s(1). s(2). s(3). permit(_) :- X = collect(Y) { s(Y) }, X == [3, 2, 1].`, func(l *goal.Limits, n int) { l.Collect = n }, 2, "rule0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := load(t, c.rules, nil)
			w.context = w.record(map[string]any{"k": 0, "s": "xxx"})
			w.limits = defaults
			if c.most < 0 {
				w.decide("p", "a", "r")
				c.most = w.eval.Steps() - 1
			}
			c.set(&w.limits, c.most+1)
			if got := w.decide("p", "a", "r"); got != c.want {
				t.Errorf("at %d: %q, want %q; %d steps", c.most+1, got, c.want, w.eval.Steps())
			}
			c.set(&w.limits, c.most)
			if got := w.decide("p", "a", "r"); got != "limit."+c.name {
				t.Errorf("at %d: %q; %d steps", c.most, got, w.eval.Steps())
			}
			if got := w.query(`permit(User::"p", "a", Doc::"x"), X = 1`); got != "limit."+c.name {
				t.Errorf("a query at %d: %q", c.most, got)
			}
			c.set(&w.limits, 0)
			if got := w.decide("p", "a", "r"); got != c.want {
				t.Errorf("without a limit: %q, want %q", got, c.want)
			}
		})
	}
}

func TestLimits_arenaBytes(t *testing.T) {
	w := load(t, `s(X) :- context("s", X). s(Y) :- s(X), X.length() < 4000000, Y = X.concat(X). permit(_) :- s("none").`, nil)
	w.context = w.record(map[string]any{"s": strings.Repeat("x", 1000)})
	w.limits = defaults
	w.limits.StringBytes, w.limits.Steps = 8<<20, 0
	if got := w.decide("p", "a", "r"); got != "" {
		t.Errorf("%q", got)
	}
	w.limits.ArenaBytes = 1 << 20
	w.context = w.record(map[string]any{"s": strings.Repeat("y", 1000)}) // new values
	if got := w.decide("p", "a", "r"); got != "limit.arena_bytes" {
		t.Errorf("%q", got)
	}
}

// A goal that 10 000 tables lead to is decided, on the stack that Go begins with or not much more.
func TestDepth(t *testing.T) {
	var rules strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&rules, "e(%d, %d). ", i, i+1)
	}
	rules.WriteString(`k(X) :- context(_, X). r(X) :- k(X). r(X) :- e(X, Y), r(Y). permit(_) :- r(0).`)
	w := load(t, rules.String(), nil)
	w.context = w.record(map[string]any{"k": 9_999}) // r(0), r(1), …, r(9999), k(9999)
	w.limits = defaults
	w.limits.Tables = 100_000
	if got := w.decide("p", "a", "r"); got != "limit.depth" {
		t.Errorf("10 001 deep: %q", got)
	}
	w.context = w.record(map[string]any{"k": 9_998})
	if got := w.decide("p", "a", "r"); got != "rule0" {
		t.Errorf("%q, %d tables", got, w.eval.Tables())
	}
}

// When the error steps are used up, what is open errs; what T decided stays.
func TestLimits_errorSteps(t *testing.T) {
	w := load(t, `
		k(X) :- context("k", N), X = 1 / N.
		up(X) :- k(X). up(1). up(M) :- up(N), M = N + 1, M < 50.
		s(1).
		permit(_) :- up(0). permit(_) :- up(3). forbid(_) :- not up(0). forbid(_) :- N = count { up(_) }, N > 7. permit(_) :- s(2), up(_).
		attribute(U, "x", V) :- up(V), V == 0, U is User. permit(P) :- P.x == 3.
		parent(U, Group::"g") :- U is User, up(0). permit(P) :- P in Group::"g".`, nil)
	w.context = w.record(map[string]any{"k": 0})
	w.limits = defaults
	const d = "value.division_by_zero"
	want := strings.ReplaceAll("rule0!D rule1 rule2!D rule3!D rule5!D rule6!D", "D", d)
	if got := w.decide("p", "a", "r"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for n := 1; n < 200; n += 13 {
		w.limits.ErrorSteps = n
		got := w.decide("p", "a", "r")
		if strings.ReplaceAll(got, "limit.error_steps", d) != want {
			t.Errorf("with %d error steps: %q", n, got)
		}
		if n == 1 && got != strings.ReplaceAll(want, d, "limit.error_steps") {
			t.Errorf("with one error step: %q", got)
		}
	}
}

func TestYield(t *testing.T) {
	w := load(t, `n(0). n(1). n(2). n(3). n(4). n(5). n(6). n(7). n(8). n(9).
		permit(_) :- n(A), n(B), n(C), n(D), n(E), A + B + C + D + E == 46.
		k(X) :- context(_, Y), X = 1 / Y.
		permit(_) :- n(A), n(B), n(C), n(D), k(E), E + A + B + C + D == 1, E == 2, E == 3.`, nil)
	w.context = w.record(map[string]any{"k": 0})
	last, most, calls := 0, 0, 0
	w.yield = func() {
		calls++
		most = max(most, w.eval.Steps()-last)
		last = w.eval.Steps()
	}
	w.decide("p", "a", "r")
	if calls < 4 || most > 50_000 {
		t.Errorf("%d yields, %d steps between two", calls, most)
	}
}

func TestDeriver(t *testing.T) {
	w := load(t, `
		bad(User::"b"). team(User::"a", Group::"g"). team(User::"b", Group::"g"). two(User::"a", 1). two(User::"a", 2).
		parent(U, G) :- team(U, G). parent(U, Group::"h") :- bad(U), context("k", N), 1 / N > 0.
		attribute(U, "level", N) :- two(U, N). attribute(U, "one", 1) :- two(U, _).
		attribute(U, "err", V) :- bad(U), context("k", N), V = 1 / N.
		tag(U, "t", N) :- two(U, N).
		permit(_) :- context has endless, up(1). up(N) :- context("k", N). up(M) :- up(N), M = N + 1.
		attribute(U, "endless", N) :- U == User::"e", up(N). parent(U, Group::"g") :- U == User::"e", up(U2), U2 == 0 - 1.`,
		func(w *world) { w.store1("User:a", map[string]any{"one": 1, "own": "x"}, nil, "Group:o") })
	w.context = w.record(map[string]any{"k": 0})
	w.limits = defaults
	w.limits.Tuples = 1000
	w.decide("a", "a", "r")
	field := func(uid, name string, tag bool) string {
		w.eval.Begin(w.request("a", "a", "r"), w.view, w.limits, nil)
		v, status, fault := w.eval.Field(w.entity(uid), w.t.String(name), tag)
		switch status {
		case entity.OK:
			return string(w.t.Append(nil, v))
		case entity.Absent:
			return "absent"
		}
		return string(fault.Code) + ": " + fault.Message
	}
	for _, c := range []struct {
		uid, name string
		tag       bool
		want      string
	}{
		{"User:a", "one", false, "1"},
		{"User:a", "own", false, `"x"`},
		{"User:a", "level", false, `entity.conflict: the attribute "level" of User::"a" has two values, 1 and 2`},
		{"User:a", "t", true, `entity.conflict: the tag "t" of User::"a" has two values, 1 and 2`},
		{"User:a", "err", false, "absent"},
		{"User:b", "err", false, "value.division_by_zero: 1 / 0 divides by zero"},
		{"User:b", "level", false, "absent"},
		{"User:e", "endless", false, "limit.tuples: the evaluation exceeds limit.tuples"},
	} {
		if got := field(c.uid, c.name, c.tag); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.uid, c.name, got, c.want)
		}
	}
	in := func(a, b string) string {
		w.eval.Begin(w.request("a", "a", "r"), w.view, w.limits, nil)
		tri, fault := w.eval.In(w.entity(a), w.entity(b))
		if tri == entity.Err {
			return string(fault.Code)
		}
		return fmt.Sprint(tri == entity.Yes)
	}
	for _, c := range []struct{ a, b, want string }{
		{"User:a", "User:a", "true"}, {"User:a", "Group:g", "true"}, {"User:a", "Group:o", "true"}, {"User:a", "Group:h", "false"},
		{"User:b", "Group:g", "true"}, {"User:b", "Group:h", "value.division_by_zero"}, {"User:b", "Group:x", "false"}, {"User:e", "Group:z", "limit.tuples"},
	} {
		if got := in(c.a, c.b); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.a, c.b, got, c.want)
		}
	}
	ancestors := func(uid string) string {
		w.eval.Begin(w.request("a", "a", "r"), w.view, w.limits, nil)
		out, status, fault := w.eval.Ancestors(w.entity(uid), nil)
		text := w.show([][]value.Value{out})
		if status == entity.Erred {
			text += " " + string(fault.Code)
		}
		return text
	}
	for _, c := range []struct{ uid, want string }{
		{"User:a", `User::"a",Group::"o",Group::"g"`}, {"User:b", `User::"b",Group::"g" value.division_by_zero`},
		{"User:z", `User::"z"`}, {"User:e", " limit.tuples"},
	} {
		if got := ancestors(c.uid); got != c.want {
			t.Errorf("above %s: got %s, want %s", c.uid, got, c.want)
		}
	}
	if w.limits.Tables = 1; ancestors("User:a") != " limit.tables" {
		t.Errorf("with one table: %s", ancestors("User:a"))
	}
}
