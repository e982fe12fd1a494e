package analysis

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDesugar(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"alternatives", `a("1"). b("2"). p(X) :- a(X) ; b(X).`, "p(X) :- a(X)\np(X) :- b(X)"},
		{"nested", `a("1"). b("2"). p(X) :- (a(X) ; b(X)), (X == "1" && X != "2").`, "p(X) :- a(X), ==(X, \"1\"), !=(X, \"2\")\np(X) :- b(X), ==(X, \"1\"), !=(X, \"2\")"},
		{"arguments", `n(1). p(X + 1) :- n(X), n(X * 2), not n(X - 1).`, "p(0) :- n(X), 2 = *(X, 2), n(2), 3 = -(X, 1), not n(3), 0 = +(X, 1)"},
		{"negated tests", `n(1). p(X) :- n(X), not X > 3, not (X > 4), not (X > 5, X < 9).`,
			"aux1(X) :- >(X, 5), <(X, 9)\np(X) :- n(X), !(>(X, 3)), !(>(X, 4)), not aux1(X)"},
		{"local variables", `n(1). e(1, 2). p(X) :- n(X), not (e(X, Y), Y > 3).`, "aux1(X) :- e(X, Y), >(Y, 3)\np(X) :- n(X), not aux1(X)"},
		{"not nested", `n(1). e(1, 2). p(X) :- n(X), n(Z), not (e(X, Y), not (e(Y, Z) ; e(Z, _))).`,
			"aux2(Y, Z) :- e(Y, Z)\naux2(Y, Z) :- e(Z, _)\naux1(X, Z) :- e(X, Y), not aux2(Y, Z)\np(X) :- n(X), n(Z), not aux1(X, Z)"},
		{"negated generator", `n("a b"). p(X) :- n(X), not argv(X, _, "rm").`, "aux1(X) :- gen0[X](_, \"rm\")\np(X) :- n(X), not aux1(X)"},
		{"generators", `p(X) :- each([1], Y), split("a", ",", 0, Z), each({k: Z}, _, W), X = [Y, W].`,
			"p(X) :- gen2[[1]](Y), gen1[\"a\"; \",\"](0, Z), gen3[record(k: Z)](_, W), X = set(Y, W)"},
		{"group", `e("a", 1). p(X, N) :- e(X, _), N = count { e(X, _) }.`, "aux1(X, _1) :- e(X, _1)\np(X, N) :- e(X, _), N = agg0 aux1(X)"},
		{"all", `e("a", 1). p(N) :- N = sum(V + 1) { e(_, V) ; e(V0, W), V = W + W }.`,
			"aux1(V, -, -, _0, 2) :- e(_0, V), 2 = +(V, 1)\naux1(V, V0, W, -, 3) :- e(V0, W), V = +(W, W), 3 = +(V, 1)\np(N) :- N = agg1 aux1()"},
		{"constant value", `e("a", 1). p(N) :- N = max(1) { e(_, _) }.`, "aux1(_0, _1, 1) :- e(_0, _1)\np(N) :- N = agg3 aux1()"},
		{"aggregate below not", `e("a", 1). n("a"). p(X) :- n(X), not (N = count { e(X, _) }, N > 1).`,
			"aux2(X, _1) :- e(X, _1)\naux1(X) :- N = agg0 aux2(X), >(N, 1)\np(X) :- n(X), not aux1(X)"},
		{"group of a result", `e("a", 1). p(M) :- N = count { e(_, _) }, M = count { e(_, N) }.`,
			"aux1(_0, _1) :- e(_0, _1)\naux2(N, _1) :- e(_1, N)\np(M) :- N = agg0 aux1(), M = agg0 aux2(N)"},
		{"locals of two", `e("a", 1). p(M) :- N = count { e(X, _) }, M = N + K, K = count { e(X, 2) }.`,
			"aux1(X, _1) :- e(X, _1)\naux2(X) :- e(X, 2)\np(M) :- N = agg0 aux1(), M = +(N, K), K = agg0 aux2()"},
		{"heads of permit", `permit. permit("u"). permit(P, "a", P). forbid(P, Action::"x", P.owner) :- P is User, P has owner.`,
			"permit(_, _, _)\npermit(User::\"u\", _, _)\npermit(P, Action::\"a\", P)\nforbid(P, Action::\"x\", 1) :- P is User, P has owner, 1 = P.owner"},
		{"statement", `permit("group:u", "s3:Get", "f"). deny(_, "action:x"). allow(Group::"g", "Action::\"y\"").`,
			"permit(Group::\"u\", Action::\"s3:Get\", Resource::\"f\")\nforbid(_, Action::\"x\", _)\npermit(Group::\"g\", Action::\"y\", _)"},
		{"has path", `permit(P) :- P has a.b.c.`, "permit(P, _, _) :- and(and(P has a, P.a has b), P.a.b has c)"},
		{"is in", `permit(P, _, R) :- P is User in R.`, "permit(P, _, R) :- P is User, in(P, R)"},
		{"in alternatives", `permit(P, _, R) :- (P in R || P in Group::"g").`, "permit(P, _, R) :- in(P, R)\npermit(P, _, R) :- in(P, Group::\"g\")"},
		{"in set", `permit(P) :- P in [Group::"g", Group::"h"].`, "permit(P, _, _) :- gen2[[Group::\"g\", Group::\"h\"]](1), in(P, 1)"},
		{"in of anything", `permit(P) :- P in context.group.`, "permit(P, _, _) :- in(P, context.group)"},
		{"in expression", `permit(P) :- context has p, X = (P in Group::"g"), X.`,
			"permit(P, _, _) :- context has p, X = in(P, Group::\"g\"), X"},
		{"not in", `permit(P) :- not P in Group::"g".`, "permit(P, _, _) :- !(in(P, Group::\"g\"))"},
		{"in of an expression", `decl boss(User, User). permit(P) :- boss(P, B), (if true then B else P) in Group::"g".`,
			"permit(P, _, _) :- boss(P, B), 2 = if(true, B, P), in(2, Group::\"g\")"},
		{"kinds of parents", `decl u(User). parent(X, G) :- u(X), attribute(X, "team", G). attribute(X, N, 1) :- u(X), context(_, N).`,
			"parent(X, G) :- u(X), attribute(X, \"team\", G), like(entityType(G))\nattribute(X, N, 1) :- u(X), context(_, N), like(N)"},
		{"nested tests", `permit(P, _, R) :- X = (P is User in R), (X || (R is Doc && !(P has a.b))).`,
			"permit(P, _, R) :- X = and(P is User, in(P, R)), or(X, and(R is Doc, !(and(P has a, P.a has b))))"},
		{"constants fold", `p(X) :- X = 1 + 2 * 3, Y = [X].contains(7), Y.`, "p(X) :- X = 7, Y = contains(set(X), 7), Y"},
		{"fields", `decl u(User). attribute(X, "a", 1) :- u(X). attribute(X, N, 2) :- u(X), N = "b". tag(X, "a", "t") :- attribute(X, "z", _).`,
			"attribute/\"a\"(X, \"a\", 1) :- u(X)\nattribute(X, N, 2) :- u(X), N = \"b\"\ntag/\"a\"(X, \"a\", \"t\") :- attribute(X, \"z\", _)"},
		{"expressions", `permit(P) :- X = {a: P, "b c": 1}, X["b c"] == 1, P.getTag("t") == -(X.a.n), P.hasTag("u"), "x" like "a*", entityType(P) == "User", !(P has z).`,
			"permit(P, _, _) :- X = record(a: P, b c: 1), ==(X.b c, 1), ==(getTag(P, \"t\"), -(X.a.n)), hasTag(P, \"u\"), like(\"x\"), ==(entityType(P), \"User\"), !(P has z)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := accepted(t, c.text)
			checkProgram(t, l)
			if d := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(l.rules(), "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}
