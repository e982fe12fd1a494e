package goal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/goal"
)

// What a statement asks of the request, in any column and of any alternative, is all that the request must have.
func TestDispatch(t *testing.T) {
	w := load(t, `
		permit(_, "a"). permit(_, "b"). permit(User::"p"). permit(User::"q"). permit(_, _, Doc::"r"). permit(_, _, Doc::"s"). permit.
		permit(P) :- P is User. permit(P) :- P is Doc. permit(_, _, R) :- R is Doc, 1 / context.k == 1. permit(_, _, R) :- R is User, 1 / context.k == 1.
		permit(P, A) :- (P is Doc ; A is Action). permit(X, _, X) :- X is User. permit(P, "b") :- P is User. permit(P) :- X = P, X is Doc.
		permit(P) :- not P is Doc.`, nil)
	w.context = w.record(map[string]any{"k": 0})
	want := "rule0 rule2 rule4 rule6 rule7 rule9!value.division_by_zero rule11 rule15"
	if got := w.decide("p", "a", "r"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := w.eval.RulesEvaluated(); n > 12 {
		t.Errorf("%d rules were evaluated", n)
	}
}

// BenchmarkStatements_many decides among statements of which three concern the request.
func BenchmarkStatements_many(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var rules strings.Builder
			for i := range n / 2 {
				fmt.Fprintf(&rules, "permit(P, \"a%d\", R) :- P is User, R is Doc.\n permit(_, \"read\", Doc::\"d%d\").\n", i, i)
			}
			rules.WriteString(`permit(P, "a1") :- P is User.`)
			w := load(b, rules.String(), nil)
			w.limits = defaults
			r := w.request("p", "a1", "d1")
			var out []goal.Verdict
			b.ReportAllocs()
			for b.Loop() {
				w.eval.Begin(r, w.view, w.limits, nil)
				out = w.eval.Statements(out[:0])
			}
			if len(out) != 2 {
				b.Fatal(out)
			}
		})
	}
}
