package analysis

import (
	"testing"

	"github.com/rune-authz/rune/engine/internal/source"
)

// FuzzAnalyse holds that no document makes the analysis panic or loop, that one without errors gives a program whose strata hold, and that no
// goal over it does either.
func FuzzAnalyse(f *testing.F) {
	for _, seed := range []string{
		`m(X, G) :- e(X, G), not (e(G, Y), Y == X ; N = count { e(Y, _) }, N > 1). e(User::"a", User::"b").`,
		`decl m(User, Set<Group>). attribute(X, N, V) :- m(X, S), each(S, V), N = "a". parent(X, G) :- attribute(X, "a", G).`,
		`forbid(P, "w", P.owner) :- P has owner, (P in Group::"g" || P is User in context.x). permit(_, A, _) :- action(A).`,
		`p(X + 1) :- p(X), X < 5. p(1). q(N) :- N = sum(X * 2) { p(X) ; p(Y), X = Y }. @materialize r(X) :- argv("a b", X, _).`,
		`a(X) :- b(X). b(X) :- not c(X), a(X). c(_) :- a(_). tag(_, "t", if true then 1 else "a".toLong()).`,
	} {
		f.Add(seed, "m(X, _), not m(_, X)")
	}
	f.Fuzz(func(t *testing.T, text, goal string) {
		l := load(text + "\n")
		if l.program == nil {
			if len(l.found(source.Error, 0)) == 0 {
				t.Error("neither a program nor an error")
			}
			return
		}
		checkProgram(t, l)
		var files source.Files
		var diags source.List
		if g := l.program.Goal(&files, []byte(goal), &diags); g == nil && !diags.Failed() {
			t.Error("neither a goal nor an error")
		}
	})
}
