package goal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/value"
	"pgregory.net/rapid"
)

// closureForms are rules for p, a closure of e, f and g. Each has a twin that isn't recognised as one, by a test that always holds.
var closureForms = [][]string{
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- e(X, Y), p(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- p(X, Y), e(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- p(X, Y), p(Y, Z)"},
	{"p(X, Y) :- e(Y, X)", "p(X, Z) :- p(Y, Z), e(Y, X)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Y) :- f(Y, _, X)", "p(X, Z) :- e(X, Y), p(Y, Z)", "p(X, Z) :- f(Z, _, Y), p(X, Y)"},
	{"p(X, Y) :- f(X, 1, Y)", "p(X, Z) :- f(X, 2, Y), p(Y, Z)"},
	{"p(X, Y) :- f(X, 1, Y)", "p(X, Z) :- p(X, Y), f(Y, 1, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- f(X, 2, Y), p(Y, Z)", "p(X, Z) :- p(X, Y), p(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- p(X, Y), f(Y, 2, Z)", "p(X, Z) :- p(X, Y), p(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- f(X, _, Y), p(Y, Z)", "p(X, Z) :- p(X, Y), f(Y, 1, Z)"},
	{"p(X, Z) :- e(X, Y), p(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- p(X, Y), p(Z, Y)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- p(Y, X), e(Y, Z)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- e(X, Y), p(Y, Y), e(Y, Z)", "p(X, X) :- p(X, Y), e(Y, X)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- e(X, Y), p(Z, Y)"},
	{"p(X, Y) :- e(X, Y)", "p(X, Z) :- e(Y, Y), p(X, Y), p(Y, Z)"},
}

// A closure holds of the same pairs however it is evaluated: materialised, on demand, and by its rules.
func TestClosure(tt *testing.T) {
	rapid.Check(tt, func(t *rapid.T) {
		var facts strings.Builder
		node := func() int { return rapid.IntRange(0, 7).Draw(t, "node") }
		facts.WriteString("decl e(long, long). decl f(long, long, long). decl p(long, long). ")
		for range rapid.IntRange(0, 14).Draw(t, "edges") {
			fmt.Fprintf(&facts, "e(%d, %d). ", node(), node())
		}
		for range rapid.IntRange(0, 8).Draw(t, "hops") {
			fmt.Fprintf(&facts, "f(%d, %d, %d). ", node(), rapid.IntRange(1, 2).Draw(t, "kind"), node())
		}
		for range rapid.IntRange(0, 2).Draw(t, "facts") {
			fmt.Fprintf(&facts, "p(%d, %d). ", node(), node())
		}
		form := rapid.SampledFrom(closureForms).Draw(t, "form")
		build := func(before, after string) *world {
			text := facts.String()
			for _, r := range form {
				text += before + r + after + ". "
			}
			return loadWith(tt, text, nil, value.Key{3, 4}, fixpoint.Options{})
		}
		const always = ", (1 == 1 || X == X)"
		want := build("", always)
		worlds := map[string]*world{"materialised": build("", ""), "on demand": build("@demand ", ""), "by rules, on demand": build("@demand ", always)}
		x, y := node(), node()
		for _, g := range []string{"p(X, Y)", "p(X, X)", fmt.Sprintf("p(%d, Y)", x), fmt.Sprintf("p(X, %d)", y), fmt.Sprintf("p(%d, %d), X = 1", x, y),
			fmt.Sprintf("X = 1, not p(%d, %d)", x, y), fmt.Sprintf("e(%d, X), p(X, Y)", x), fmt.Sprintf("e(%d, X), p(X, %d)", x, y), "N = count { p(X, Y) }"} {
			expected := want.query(g)
			for name, w := range worlds {
				if got := w.query(g); got != expected {
					t.Fatalf("%s, %s: got %q, want %q\n%s%v", name, g, got, expected, facts.String(), form)
				}
			}
		}
	})
}

// shapes are graphs of some ten thousand edges and more.
var shapes = map[string]func(edge func(a, b int)){
	"chain": func(edge func(a, b int)) {
		for i := range 100_000 {
			edge(i, i+1)
		}
	},
	"grid": func(edge func(a, b int)) {
		for i := range 10_000 {
			if i%100 < 99 {
				edge(i, i+1)
			}
			edge(i, i+100)
		}
	},
	"clique": func(edge func(a, b int)) {
		for i := range 90_000 {
			edge(i%300, i/300)
		}
	},
}

// BenchmarkClosure asks goals of closures on demand: what can be reached from a node, what reaches one, and whether one reaches another.
func BenchmarkClosure(b *testing.B) {
	forms := map[string]string{"left": "p(X, Y), e(Y, Z)", "right": "e(X, Y), p(Y, Z)", "double": "p(X, Y), p(Y, Z)"}
	for shape, draw := range shapes {
		for form, body := range forms {
			w := load(b, "decl e(long, long). @demand p(X, Y) :- e(X, Y). @demand p(X, Z) :- "+body+".", nil)
			f := analysis.Facts{Pred: w.program.ByName.Of("e")}
			draw(func(x, y int) { f.Rows, f.Count = append(f.Rows, w.t.Long(int64(x)), w.t.Long(int64(y))), f.Count+1 })
			w.program.Facts = append(w.program.Facts, f)
			w.start(fixpoint.Options{})
			for _, goal := range []string{"p(17, Y)", "p(X, 250)", "p(17, 250), X = 1"} {
				b.Run(shape+"/"+form+"/"+goal, func(b *testing.B) {
					for b.Loop() {
						w.query(goal)
					}
					b.ReportMetric(float64(w.eval.Steps()), "steps")
				})
			}
		}
	}
}
