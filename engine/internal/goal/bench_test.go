package goal_test

import (
	"fmt"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
)

// roleRules check roles over nested groups, a chain of folders, and grants. Nothing in them is materialised.
const roleRules = `
decl direct(User, Group). decl within(Group, Group). decl folder(Doc, Doc). decl grant(Group, string, Doc).
@demand member(U, G) :- direct(U, G).
@demand member(U, G) :- member(U, H), within(H, G).
@demand under(D, E) :- folder(D, E).
@demand under(D, E) :- folder(D, F), under(F, E).
permit(P, "read", R) :- direct(P, G), grant(G, "read", R).
permit(P, "write", R) :- member(P, G), under(R, D), grant(G, "write", D).
`

// roles is a world of n facts; paths are as long for every n.
func roles(b *testing.B, n int) *world {
	w := load(b, roleRules, nil)
	facts := map[string]*analysis.Facts{}
	add := func(pred string, row ...value.Value) {
		f := facts[pred]
		if f == nil {
			f = &analysis.Facts{Pred: w.program.ByName.Of(pred)}
			facts[pred] = f
		}
		f.Rows, f.Count = append(f.Rows, row...), f.Count+1
	}
	group := func(i int) value.Value { return w.t.EntityOf("Group", fmt.Sprint(i)) }
	doc := func(i int) value.Value { return w.t.EntityOf("Doc", fmt.Sprint(i)) }
	for i := range n / 4 {
		add("direct", w.t.EntityOf("User", fmt.Sprint(i)), group(i))
		if i%6 != 5 { // groups and folders in chains of six
			add("within", group(i), group(i+1))
			add("folder", doc(i), doc(i+1))
		}
		add("grant", group(i), w.t.String("read"), doc(i))
		add("grant", group(i/6*6+5), w.t.String("write"), doc(i/6*6+5))
	}
	for _, pred := range []string{"direct", "within", "folder", "grant"} {
		w.program.Facts = append(w.program.Facts, *facts[pred])
	}
	w.start(fixpoint.Options{})
	w.limits = defaults
	return w
}

func BenchmarkStatements(b *testing.B) {
	for _, action := range []string{"read", "write", "delete"} {
		for _, n := range []int{1000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", action, n), func(b *testing.B) {
				w := roles(b, n)
				r := w.request("60", action, "60")
				var out []goal.Verdict
				b.ReportAllocs()
				for b.Loop() {
					w.eval.Begin(r, w.view, w.limits, nil)
					out = w.eval.Statements(out[:0])
				}
				if (len(out) > 0) != (action != "delete") {
					b.Fatal(out)
				}
				b.ReportMetric(float64(w.eval.Steps()), "steps")
			})
		}
	}
}
