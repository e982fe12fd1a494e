package goal_test

import (
	"fmt"
	"math"
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

// shapes are graphs of about n edges between nodes from 0 to last, which can be reached from 0.
var shapes = map[string]func(n int, edge func(a, b int)) (last int){
	"chain": func(n int, edge func(a, b int)) int {
		for i := range n {
			edge(i, i+1)
		}
		return n
	},
	"grid": func(n int, edge func(a, b int)) int {
		side := int(math.Sqrt(float64(n) / 2))
		for i := range side * side {
			if i%side < side-1 {
				edge(i, i+1)
			}
			if i+side < side*side {
				edge(i, i+side)
			}
		}
		return side*side - 1
	},
	"clique": func(n int, edge func(a, b int)) int {
		side := int(math.Sqrt(float64(n)))
		for i := range side * side {
			edge(i%side, i/side)
		}
		return side - 1
	},
	"cycle": func(n int, edge func(a, b int)) int {
		for i := range n {
			edge(i, (i+1)%n)
		}
		return n - 1
	},
	"star": func(n int, edge func(a, b int)) int {
		for i := range n / 2 {
			edge(i+1, n/2+1)
			edge(n/2+1, n/2+2+i)
		}
		edge(0, 1)
		return n + 1
	},
	"tree": func(n int, edge func(a, b int)) int {
		for i := range n {
			edge(i/2, i+1)
		}
		return n
	},
}

// linearForms are rules for a closure p of e, in both orders of its arguments.
var linearForms = map[string]string{
	"left":              "@demand p(X, Y) :- e(X, Y). @demand p(X, Z) :- p(X, Y), e(Y, Z).",
	"right":             "@demand p(X, Y) :- e(X, Y). @demand p(X, Z) :- e(X, Y), p(Y, Z).",
	"double":            "@demand p(X, Y) :- e(X, Y). @demand p(X, Z) :- p(X, Y), p(Y, Z).",
	"left, backwards":   "@demand p(Y, X) :- e(X, Y). @demand p(Z, X) :- p(Y, X), e(Y, Z).",
	"right, backwards":  "@demand p(Y, X) :- e(X, Y). @demand p(Z, X) :- p(Z, Y), e(X, Y).",
	"double, backwards": "@demand p(Y, X) :- e(X, Y). @demand p(Z, X) :- p(Z, Y), p(Y, X).",
}

// drawn is a world with a closure of a shape, and goals on it: what can be reached from a node, what reaches one, whether one reaches another,
// and whether it does where it doesn't.
func drawn(tb testing.TB, shape, form string, n int) (w *world, edges int, goals []string) {
	w = load(tb, "decl e(long, long). "+linearForms[form], nil)
	f := analysis.Facts{Pred: w.program.ByName.Of("e")}
	last := shapes[shape](n, func(x, y int) { f.Rows, f.Count = append(f.Rows, w.t.Long(int64(x)), w.t.Long(int64(y))), f.Count+1 })
	w.program.Facts = append(w.program.Facts, f)
	w.start(fixpoint.Options{})
	order := func(x, y any) string {
		if strings.HasSuffix(form, "backwards") {
			x, y = y, x
		}
		return fmt.Sprintf("p(%v, %v)", x, y)
	}
	return w, f.Count, []string{order(0, "Y"), order("X", last), order(0, last) + ", X = 1", order(last, -1) + ", X = 1", order(-1, 0) + ", X = 1"}
}

// A bound goal on a closure takes steps and rows in proportion to the edges, never to the pairs.
func TestClosure_linear(t *testing.T) {
	for shape := range shapes {
		for form := range linearForms {
			small, _, goals := drawn(t, shape, form, 1000)
			large, edges, more := drawn(t, shape, form, 2000)
			for i := range goals {
				few, many := small.query(goals[i]), large.query(more[i])
				if len(few) > len(many) {
					t.Errorf("%s, %s: %s gives %s", shape, form, more[i], many)
				}
				if s, l := small.eval.Steps(), large.eval.Steps(); l > 2*s+s/4+50 || l > 4*edges+50 {
					t.Errorf("%s, %s: %s takes %d steps, %s with %d edges %d", shape, form, goals[i], s, more[i], edges, l)
				}
				if n := large.eval.Tuples(); n > 2*edges+2 { // in the tables of the closure and of the query
					t.Errorf("%s, %s: %s derives %d rows, with %d edges", shape, form, more[i], n, edges)
				}
			}
		}
	}
}

// BenchmarkClosure asks goals of closures of a hundred thousand edges on demand.
func BenchmarkClosure(b *testing.B) {
	for shape := range shapes {
		for form := range linearForms {
			b.Run(shape+"/"+form, func(b *testing.B) {
				w, _, goals := drawn(b, shape, form, 100_000)
				for i, name := range []string{"from", "to", "between", "none", "nobody"} {
					b.Run(name, func(b *testing.B) {
						for b.Loop() {
							w.query(goals[i])
						}
						b.ReportMetric(float64(w.eval.Steps()), "steps")
					})
				}
			})
		}
	}
}
