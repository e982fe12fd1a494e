package fixpoint_test

import (
	"testing"

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
