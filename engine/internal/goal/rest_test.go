package goal_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"pgregory.net/rapid"
)

// restRules are for predicates that goals are asked of; joins take some of them from some literal on.
var restRules = []string{
	"p(X, Z) :- e(X, Y), e(Y, Z)",
	"p(X, Z) :- e(X, Y), f(Y, Z, Z), not e(X, Z)",
	"p(X, Z) :- e(X, _), n(Z), not f(X, _, Z), X != Z",
	"p(X, X) :- e(X, Y), e(Y, X), X >= Y",
	"p(X, 2) :- e(X, Y), e(2, Y), n(X)",
	"p(X, Y) :- f(X, Y, Z), Y = 6 / Z, e(Z, _)",
	"p(X, Y) :- f(X, Z, Z), Y = X * Z, n(Y)",
	"p(X, Y) :- e(X, Z), q(Z, Y), e(Y, X)",
	"p(X, Y) :- e(X, Z), f(Z, Y, _), context(\"k\", Y)",
	"q(X, Y) :- n(X), e(X, Z), e(Z, Y), 10 / X > 1",
	"q(X, Y) :- n(X), n(Y), p(Y, X)",
	"q(X, Y) :- f(X, 1, Y), e(Y, _), e(_, X)",
	"q(1, Y) :- f(_, _, Y), n(Y), f(Y, Y, Y)",
}

// Goals have the same answers and errors, in as many steps, rows and tables, whether joins answer them or rules go row by row.
func TestJoinRest(tt *testing.T) {
	rapid.Check(tt, func(t *rapid.T) {
		var text strings.Builder
		node := func() int { return rapid.IntRange(0, 5).Draw(t, "node") }
		text.WriteString("decl e(long, long). decl f(long, long, long). decl n(long). decl p(long, long). decl q(long, long). ")
		for range rapid.IntRange(0, 14).Draw(t, "edges") {
			fmt.Fprintf(&text, "e(%d, %d). ", node(), node())
		}
		for range rapid.IntRange(0, 9).Draw(t, "triples") {
			fmt.Fprintf(&text, "f(%d, %d, %d). ", node(), node(), node())
		}
		for range rapid.IntRange(0, 4).Draw(t, "numbers") {
			fmt.Fprintf(&text, "n(%d). ", node())
		}
		for _, r := range rapid.SliceOfNDistinct(rapid.SampledFrom(restRules), 1, 5, rapid.ID[string]).Draw(t, "rules") {
			text.WriteString("@demand " + r + ". ")
		}
		text.WriteString("permit(_) :- N = count { p(X, Y), e(Y, X) }, N > 2. forbid(_) :- p(X, Y), q(Y, X).")
		w := load(tt, text.String(), nil)
		x, y := node(), node()
		w.context = w.record(map[string]any{"k": x})
		for _, g := range []string{"", "p(X, Y)", fmt.Sprintf("p(%d, Y)", x), fmt.Sprintf("p(X, %d)", y), "q(X, X)", fmt.Sprintf("q(%d, Y), e(Y, Z), n(Z)", x),
			"e(X, Y), f(Y, Z, W), e(W, X), Z > 1", "N = count { e(X, Y), p(Y, Z) }"} {
			answer := func(from int) string {
				w.eval.JoinFrom(from)
				var got string
				if g == "" {
					got = w.decide("a", "b", "c")
				} else {
					got = w.query(g)
				}
				return fmt.Sprintf("%s in %d steps, %d rows, %d tables, %d rules", got, w.eval.Steps(), w.eval.Tuples(), w.eval.Tables(), w.eval.RulesEvaluated())
			}
			if got, want := answer(1), answer(1<<30); got != want {
				t.Fatalf("%s: %s, want %s\n%s", g, got, want, text.String())
			}
		}
	})
}

// A rule of many literals and variables goes row by row: batches of it would take memory by the square of its length.
func TestJoinRest_wide(t *testing.T) {
	for _, n := range []int{10, 200} {
		var text strings.Builder
		text.WriteString("decl e(long, long). decl n(long). n(0). e(0, 1). e(0, 0). ")
		sum := []string{}
		for _, head := range []string{"@materialize p(X0)", "@demand q(X0)"} {
			text.WriteString(head + " :- n(X0)")
			sum = sum[:0]
			for i := range n {
				fmt.Fprintf(&text, ", e(X%d, X%d)", i, i+1)
				sum = append(sum, fmt.Sprintf("X%d", i+1))
			}
			fmt.Fprintf(&text, ", %s == 1. ", strings.Join(sum, " + "))
		}
		w := load(t, text.String(), nil)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w.start(fixpoint.Options{})
		w.eval.JoinFrom(1)
		if got := w.query("q(X)") + w.query("p(X)"); got != "00" {
			t.Error(got)
		}
		runtime.ReadMemStats(&after)
		bytes := after.TotalAlloc - before.TotalAlloc
		if bytes > 16<<20 {
			t.Errorf("%d literals: %d MiB", n, bytes>>20)
		}
	}
}

// BenchmarkQuery_triangles asks for what joins find: triangles in a graph of 300 nodes and 9000 edges.
func BenchmarkQuery_triangles(b *testing.B) {
	var text strings.Builder
	text.WriteString("decl e(long, long). ")
	for i := range 9000 {
		fmt.Fprintf(&text, "e(%d, %d). ", i%300, (i*7+i*i%211)%300)
	}
	w := load(b, text.String(), nil)
	for _, from := range []int{256, 1 << 30} {
		b.Run(fmt.Sprint(from), func(b *testing.B) {
			w.eval.JoinFrom(from)
			for b.Loop() {
				w.query("N = count { e(X, Y), e(Y, Z), e(Z, X) }")
			}
			b.ReportMetric(float64(w.eval.Steps()), "steps")
		})
	}
}
