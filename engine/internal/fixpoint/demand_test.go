package fixpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
)

// A closure that rules ask about single values is left to demand; what is negated, counted, gone through, pinned or used by something
// materialised isn't.
func TestLeaveToDemand(t *testing.T) {
	const closure = `e(1, 2). e(2, 3). n(1). r(X, Y) :- e(X, Y). r(X, Z) :- e(X, Y), r(Y, Z). k(X) :- context(_, X). `
	for _, c := range []struct {
		rules    string
		demanded bool
	}{
		{``, true},
		{`permit(_) :- r(1, 3).`, true},
		{`permit(_) :- r(X, 3), X > 1.`, true},
		{`permit(_) :- context("k", X), r(X, Y), r(Y, 3).`, true},
		{`permit(_) :- n(X), r(X, _).`, true},
		{`permit(_) :- X = context.k, r(_, X).`, true},
		{`permit(_) :- each(context.k, X), r(_, X).`, true},
		{`permit(_) :- k(X), X == 1, not (r(1, X)).`, true},
		{`permit(_) :- r(X, _), k(X).`, false},
		{`permit(_) :- r(X, Y), r(Y, X).`, false},
		{`permit(_) :- r(_, _).`, false},
		{`permit(_) :- not r(1, 3).`, false},
		{`permit(_) :- N = count { r(1, X) }, N > 1.`, false},
		{`s(X) :- r(1, X). permit(_) :- s(3).`, false},
		{`@materialize r(7, 8).`, false},
		{`r(X, Y) :- e(Y, X), X > 7.`, false},
		{`q(X, Y) :- r(X, Y). q(X, Z) :- q(X, Y), q(Y, Z). permit(_) :- q(1, 3).`, false},
	} {
		w := load(t, closure+c.rules, fixpoint.Options{})
		if got := w.pred("r").Rows == nil; got != c.demanded {
			t.Errorf("%s: left to demand %v", c.rules, got)
		}
	}
}

// A literal that makes requests go through a large relation is warned of, once.
func TestWarnings_fullScan(t *testing.T) {
	var facts strings.Builder
	facts.WriteString("decl big(long, long). decl small(long). small(1). small(2). ")
	for i := range 1000 {
		fmt.Fprintf(&facts, "big(%d, %d). ", i, i%10)
	}
	for _, c := range []struct{ rules, literals string }{
		{`permit(_) :- big(1, X), X > 1. permit(_) :- small(X), big(X, _). permit(_) :- big(_, _). permit(_) :- context("k", X), big(_, X), not big(X, _).`, ""},
		{`permit(_) :- context("k", K), big(X, Y), X + Y == K.`, "big(X, Y)"},
		{`permit(_) :- (small(1) ; small(2)), big(X, 1 + 0), big(Z, _), Z > X.`, "big(Z, _)"},
		{`permit(_) :- context("k", K), d(K). d(K) :- context("l", K), big(X, Y), X + Y == K. static(X) :- big(X, Y), Y > X. other(K) :- context("k", K), big(_, K).`, "big(X, Y)"},
		{`permit(_) :- not d(1, _). d(K, X) :- context("l", K), big(X, _), X > K.`, "big(X, _)"},
		{`permit(_) :- d(1, X), X > 2. d(K, X) :- context("l", K), big(X, _), X > K. permit(_) :- d(1, 3). unused(X, K) :- context("l", K), big(X, _).`, "big(X, _)"},
		{`permit(_) :- context("k", K), N = count { big(X, Y), X + Y < K }, N > 3.`, "big(X, Y)"},
		{`attribute(U, "level", X) :- user(U), big(X, Y), X < Y. user(User::"s"). permit(_).`, "big(X, Y)"},
		{`parent(U, G) :- user(U, X), G = Group::"g", big(X, _). user(User::"s", 3). permit(_).`, ""},
		{`tag(U, "t", X) :- big(X, _), user(U, X). user(User::"s", 3). permit(_).`, ""},
	} {
		text := facts.String() + c.rules
		var got []string
		for _, d := range load(t, text, fixpoint.Options{}).model.Warnings() {
			got = append(got, text[d.Span.Start:d.Span.End])
			if d.Code != "datalog.full_scan" || !strings.Contains(d.Message, "full scan of big (1000 tuples)") {
				t.Errorf("%s: %s", c.rules, d.Message)
			}
		}
		if d := cmp.Diff(c.literals, strings.Join(got, " ")); d != "" {
			t.Errorf("%s: %s", c.rules, d)
		}
	}
}
