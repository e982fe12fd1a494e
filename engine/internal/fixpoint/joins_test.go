package fixpoint_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"pgregory.net/rapid"
)

// joinRules are rules that joins of whole batches take.
var joinRules = []string{
	"p(X, Y) :- e(X, Y)",
	"p(X, Z) :- p(X, Y), e(Y, Z), X != Z",
	"p(X, Z) :- e(X, Y), p(Y, Z), X >= 2",
	"p(X, Z) :- p(X, Y), p(Y, Z), 5 > X",
	"p(X, Z) :- p(X, Y), p(Y, W), p(W, Z), X <= Z",
	"p(X, X) :- e(X, X)",
	"p(X, Z) :- f(X, Y, Y), p(Y, Z)",
	"p(X, Z) :- p(X, Y), f(Y, Z, Z)",
	"p(Y, X) :- p(X, Y), not e(X, Y)",
	"p(X, Y) :- e(X, Y), not e(Y, _), not f(1, X, Y)",
	"p(X, Y) :- q(X, Y, _)",
	"p(X, Y) :- q(X, _, Y), n(X)",
	"p(X, Y) :- r(X), n(Y), Y == X + 1",
	"p(X, Y) :- r(X), Y = X + 1, n(Y)",
	"p(X, Y) :- p(1, 2), e(X, Y)",
	"p(X, Y) :- p(_, _), f(X, _, Y)",
	"p(X, Y) :- p(X, X), n(Y), p(Y, Y)",
	"p(X, 2) :- e(X, 1), 10 / X > 3",
	"p(X, Y) :- p(X, Z), Y = 6 / Z, Y < 5",
	"q(X, Y, Z) :- p(X, Y), p(Y, Z), X < Z",
	"q(X, Y, 1) :- e(X, Y), q(Y, X, _), q(X, Y, 1)",
	"q(X, Y, X) :- f(X, Y, 2), e(_, X), e(Y, _)",
	"r(X) :- p(X, _), p(_, X)",
	"r(Y) :- r(X), Y = X + 1, Y < 6",
	"r(1) :- e(_, _)",
	"r(X) :- n(X), e(1, X), n(2)",
	"r(X) :- X = 3, e(X, _)",
	"r(X) :- e(X, Y), X == Y, Y * 2 > 3",
}

// Joins find the rows that evaluation by combinations finds, in as many steps, and count as many rows: a limit that lets the one pass lets the
// other. The twin has a rule that finds nothing, but asks what joins don't take.
func TestJoins(tt *testing.T) {
	rapid.Check(tt, func(t *rapid.T) {
		var facts, rules strings.Builder
		node := func() int { return rapid.IntRange(0, 4).Draw(t, "node") }
		facts.WriteString("decl e(long, long). decl f(long, long, long). decl n(long). decl never(long, Set<long>). decl p(long, long). decl q(long, long, long). decl r(long). ")
		for range rapid.IntRange(0, 9).Draw(t, "edges") {
			fmt.Fprintf(&facts, "e(%d, %d). ", node(), node())
		}
		for range rapid.IntRange(0, 6).Draw(t, "triples") {
			fmt.Fprintf(&facts, "f(%d, %d, %d). ", node(), node(), node())
		}
		for range rapid.IntRange(0, 3).Draw(t, "numbers") {
			fmt.Fprintf(&facts, "n(%d). ", node())
		}
		for range rapid.IntRange(0, 2).Draw(t, "given") {
			fmt.Fprintf(&facts, "p(%d, %d). q(%d, %d, %d). ", node(), node(), node(), node(), node())
		}
		for _, r := range rapid.SliceOfNDistinct(rapid.SampledFrom(joinRules), 1, 6, rapid.ID[string]).Draw(t, "rules") {
			rules.WriteString("@materialize " + r + ". ")
		}
		build := func(by string) string {
			text := facts.String() + rules.String()
			for _, p := range []string{"p(X, X)", "q(X, X, X)", "r(X)"} {
				text += "@materialize " + p + " :- never(X, S), " + by + ". "
			}
			return text
		}
		joined, single := build("S == S"), build("each(S, _)")
		a, b := load(tt, joined, fixpoint.Options{}), load(tt, single, fixpoint.Options{})
		for _, name := range []string{"p", "q", "r"} {
			x, y := a.pred(name), b.pred(name)
			if got, want := a.rows(x.Rows)+" / "+a.erring(x.Erring), b.rows(y.Rows)+" / "+b.erring(y.Erring); got != want {
				t.Fatalf("%s: %s, want %s\n%s", name, got, want, joined)
			}
		}
		for limit, set := range map[string]func(l *goal.Limits, n int){
			"steps": func(l *goal.Limits, n int) { l.Steps = n }, "tuples": func(l *goal.Limits, n int) { l.Tuples = n },
		} {
			if got, want := least(tt, joined, set), least(tt, single, set); got != want {
				t.Fatalf("%d %s, want %d\n%s", got, limit, want, joined)
			}
		}
	})
}

// least returns the least limit within which a program loads.
func least(tb testing.TB, rules string, set func(l *goal.Limits, n int)) int {
	return 1 + sort.Search(1<<14, func(i int) bool {
		w := analyse(tb, rules)
		o := fixpoint.Options{}
		set(&o.Limits, i+1)
		_, fault := fixpoint.New(w.t, w.program, w.store, o)
		return fault == nil
	})
}
