package goal_test

import (
	"testing"
)

func TestStatements(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		context     map[string]any
		want        string
	}{
		{"a fact", `permit(User::"p", "a", Doc::"r"). permit(User::"q"). forbid.`, nil, "rule0 rule2"},
		{"request predicates", `permit(P, A, R) :- principal(P), action(A), resource(R), context("k", 1).`, map[string]any{"k": 1}, "rule0"},
		{"another principal", `permit(P) :- principal(Q), P != Q. permit(_) :- context("k", 2).`, map[string]any{"k": 1}, ""},
		{"two alternatives", `permit(P) :- s(1) ; s(2). s(2).`, nil, "rule0"},
		{"negation", `s(2). permit(P) :- not s(1). permit(P) :- not s(2). permit(P) :- not s(_).`, nil, "rule0"},
		{"negation on demand", `s(2). k(X) :- context("k", X). permit(P) :- not k(1). permit(P) :- not k(2). forbid(P) :- s(X), not k(X).`, map[string]any{"k": 1}, "rule1 rule2"},
		{"an absent key", `permit(P) :- context.k == 1. permit(P) :- not context has k.`, nil, "rule1"},
		{"division by zero", `permit(P) :- 1 / context.k == 1. permit(P) :- context has k, 1 / context.k == 1, context.k == 2.`, map[string]any{"k": 0}, "rule0!value.division_by_zero"},
		{"a wrong kind", `permit(P) :- context.k + 1 == 1.`, map[string]any{"k": "x"}, "rule0!value.kind"},
		{"no boolean", `permit(P) :- context.k.`, map[string]any{"k": "x"}, "rule0!value.kind"},
		{"no boolean in if", `permit(P) :- if context.k then true else true. permit(P) :- (context.k || false). permit(P) :- (context.k || true).`,
			map[string]any{"k": "x"}, "rule0!value.kind rule1!value.kind rule2"},
		{"if", `permit(P) :- (if context.k > 1 then "big" else "small") == "big". permit(P) :- if context.k > 5 then (1 / (context.k - 3) == 1) else true.`, map[string]any{"k": 3}, "rule0 rule1"},
		{"an error in if", `permit(P) :- if 1 / context.k > 1 then true else true.`, map[string]any{"k": 0}, "rule0!value.division_by_zero"},
		{"and, or", `permit(P) :- (1 / context.k == 1 && false). permit(P) :- (1 / context.k == 1 || true). permit(P) :- (1 / context.k == 1 && true). permit(P) :- (context.nope && false). permit(P) :- (context.nope || false).`,
			map[string]any{"k": 0}, "rule1 rule2!value.division_by_zero"},
		{"like, is, sets, records", `permit(P) :- context.s like "a*c". permit(P) :- P is User, not P is Doc. permit(P) :- [1, context.k] == [context.k, 1]. permit(P) :- {a: context.k}.a == 3. permit(P) :- context.k like "a".`,
			map[string]any{"s": "abc", "k": 3}, "rule0 rule1 rule2 rule3 rule4!value.kind"},
		{"is on no entity", `permit(P) :- context.k is User.`, map[string]any{"k": 3}, "rule0!value.kind"},
		{"generators", `permit(P) :- argv(context.s, 0, "ls"). permit(P) :- split(context.s, " ", I, "-l"), I == 1. permit(P) :- each(context.set, 2). permit(P) :- each(context.rec, "a", V), V == 1.`,
			map[string]any{"s": "ls -l", "set": []any{1, 2}, "rec": map[string]any{"a": 1}}, "rule0 rule1 rule2 rule3"},
		{"generators that err", `permit(P) :- argv(context.s, 0, "ls"). permit(P) :- split(context.k, " ", I, "-l"), I == 1. permit(P) :- each(context.s, 2). permit(P) :- each(context.k, "a", V), V == 1. permit(P) :- split(context.s, context.k.toString().concat(""), _, _).`,
			map[string]any{"s": "ls; rm", "k": 1}, "rule0!value.shell rule1!value.kind rule2!value.kind rule3!value.kind rule4"},
		{"aggregates", `s(1). s(2). permit(P) :- N = count { s(X) }, N == 2. permit(P) :- N = sum(X) { s(X) }, N == 3. permit(P) :- N = min(X) { s(X) }, N == 1. permit(P) :- N = max(X) { s(X) }, N == 2.
			permit(P) :- N = collect(X) { s(X) }, N == [1, 2]. permit(P) :- N = min(X) { s(X), X > 7 }, N == N. permit(P) :- N = count { s(7) }, N == 0.`, nil, "rule0 rule1 rule2 rule3 rule4 rule6"},
		{"an unknown value passes tests", `k(X) :- context("k", N), X = 1 / N. permit(P) :- k(X), X > 7. permit(P) :- k(X), s(X). permit(P) :- k(X), s(X), X > 7. s(1).`,
			map[string]any{"k": 0}, "rule0!value.division_by_zero rule1!value.division_by_zero"},
		{"falsity beats error", `k(X) :- context("k", N), X = 1 / N. permit(P) :- k(X), s(2). permit(P) :- s(2), k(X). s(1).`, map[string]any{"k": 0}, ""},
		{"truth beats error", `k(X) :- context("k", N), X = 1 / N. permit(P) :- k(X) ; s(1). s(1).`, map[string]any{"k": 0}, "rule0"},
		{"not of an error", `k(X) :- context("k", N), X = 1 / N. forbid(P) :- not k(5). forbid(P) :- not k(_), s(2). s(1).`, map[string]any{"k": 0}, "rule0!value.division_by_zero"},
		{"count of an error", `k(X) :- context("k", N), X = 1 / N. permit(P) :- N = count { k(_) }, N >= 0. permit(P) :- N = count { k(_) }, N == N, s(2). s(1).`, map[string]any{"k": 0}, "rule0!value.division_by_zero"},
		{"a sum that overflows", `s(9223372036854775807). s(1). permit(P) :- N = sum(X) { s(X) }, N > 0.`, nil, "rule0!value.overflow"},
		{"a sum of strings", `permit(P) :- N = sum(X) { context(_, X) }, N > 0. permit(P) :- N = min(X) { context(_, X) }, N > 0. permit(P) :- N = max(X) { context(X, _), X != "a" }, N == "b".`,
			map[string]any{"a": "x", "b": 1}, "rule0!value.kind rule1!value.kind rule2"},
		{"the least of what has no order", `permit(P) :- N = min(X) { context(_, X) }, N == N.`, map[string]any{"a": true}, "rule0!value.kind"},
		{"an error in a negated body", `permit(P) :- not (context("k", N), 1 / N > 0).`, map[string]any{"k": 0}, "rule0!value.division_by_zero"},
		{"recursion", `e(1, 2). e(2, 3). e(3, 1). k(X) :- context("k", X). r(X, Y) :- k(X), e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z). permit(P) :- r(1, 1). permit(P) :- r(1, 4).`, map[string]any{"k": 1}, "rule0"},
		{"mutual recursion with an error", `e(1, 2). e(2, 0). k(X) :- context("k", X). a(X) :- k(X). a(Y) :- b(X), e(X, Y). b(X) :- a(X), 4 / X > 0. permit(P) :- a(0). permit(P) :- b(0). permit(P) :- b(7).`, map[string]any{"k": 1},
			"rule0 rule1!value.division_by_zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := load(t, c.rules, nil)
			w.context = w.record(c.context)
			want := c.want
			if got := w.decide("p", "a", "r"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if again := w.decide("p", "a", "r"); again != want {
				t.Errorf("a second time: got %q, want %q", again, want)
			}
		})
	}
}

// The error that is told is the first in the order of rules and literals, whatever the order of evaluation.
func TestStatements_firstError(t *testing.T) {
	for _, c := range []struct{ rules, want string }{
		{`permit(P) :- 1 / context.k == 1, context.s + 1 == 2.`, "value.division_by_zero"},
		{`permit(P) :- context.s + 1 == 2, 1 / context.k == 1.`, "value.kind"},
		{`permit(P) :- context.s + 1 == 2 ; 1 / context.k == 1.`, "value.kind"},
		{`permit(P) :- X = context.s + 1, not a(X), b(X). a(X) :- context("k", N), X = 1 / N. b(1).`, "value.kind"},
		{`permit(P) :- not a(1), X = context.s + 1, X == X. a(X) :- context("k", N), X = 1 / N.`, "value.division_by_zero"},
	} {
		w := load(t, c.rules, nil)
		w.context = w.record(map[string]any{"k": 0, "s": "x"})
		if got := w.decide("p", "a", "r"); got != "rule0!"+c.want {
			t.Errorf("%s: got %q", c.rules, got)
		}
	}
}

func TestQuery(t *testing.T) {
	w := load(t, `
		e(1, 2). e(2, 3). e(3, 3). name("a"). flag.
		r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z).
		k(V) :- context(_, V).
		team(User::"p", Group::"g"). parent(U, G) :- team(U, G).
		attribute(U, "level", 2) :- team(U, _). attribute(U, N, 7) :- team(U, _), name(N). tag(U, "t", 1) :- team(U, _).
		permit(P, "a", _) :- r(1, 3). forbid(P) :- r(3, 1).`, func(w *world) {
		w.store1("User:p", map[string]any{"age": 3}, map[string]any{"u": 2}, "Group:h")
		w.store1("Group:g", nil, nil, "Group:top")
	})
	w.context = w.record(map[string]any{"x": 1, "y": 5})
	for _, c := range []struct{ goal, want string }{
		{"e(X, Y)", "1,2 2,3 3,3"},
		{"e(X, X)", "3"},
		{"r(1, Y)", "2 3"},
		{"r(X, 2)", "1"},
		{"r(X, Y), Y > X", "1,2 1,3 2,3"},
		{"r(1, 3)", ""},
		{"flag", ""},
		{"k(V)", "1 5"},
		{"k(V), not e(V, _)", "5"},
		{"e(X, _), not (e(X, Y), Y < 3)", "2 3"},
		{"N = count { e(X, Y) }", "3"},
		{"e(X, _), N = sum(Y) { e(X, Y) ; k(Y) }", "1,8 2,9 3,9"},
		{"e(1, X) ; e(X, 2)", "1 2"},
		{`each([User::"p", Group::"g", Group::"h", Group::"top", Group::"x"], G), User::"p" in G`, `Group::"g" Group::"h" Group::"top" User::"p"`},
		{`each([User::"p", Group::"g"], G), G in [Group::"x", Group::"top"]`, `Group::"g" User::"p"`},
		{`each([User::"p", Doc::"d"], G), not G in Group::"top"`, `Doc::"d"`},
		{`parent(User::"p", G)`, `Group::"g" Group::"h"`},
		{`parent(User::"p", Group::"g"), X = 1`, "1"},
		{`X = 1, not parent(User::"p", Group::"zz"), not User::"p" in Group::"zz"`, "1"},
		{`X = 1, not parent(User::"p", _)`, ""},
		{`X = 1, not attribute(User::"p", "level", _)`, ""},
		{`attribute(User::"p", N, V)`, `"a",7 "age",3 "level",2`},
		{`attribute(User::"p", "level", V)`, "2"},
		{`tag(User::"p", N, V)`, `"t",1 "u",2`},
		{`attribute(Group::"g", N, V)`, ""},
		{`V = User::"p".level`, "2"},
		{`V = User::"p".getTag("t")`, "1"},
		{`V = User::"p".age, User::"p" has age, User::"p".hasTag("u")`, "3"},
		{`principal(P), action(A)`, `User::"p",Action::"a"`},
		{`X = 1, permit(User::"p", "a", Doc::"x")`, "1"},
		{`X = 1, forbid(User::"p", "a", Doc::"x")`, ""},
		{`k(V), X = 1 / (V - 1), X == X`, "5,0"},
	} {
		if got := w.query(c.goal); got != c.want {
			t.Errorf("%s: got %q, want %q", c.goal, got, c.want)
		}
	}
	w.none = true
	if got := w.query("principal(X)") + w.query("k(V)"); got != "" {
		t.Errorf("without a request: %q", got)
	}
}
