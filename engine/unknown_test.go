package engine

import (
	"strings"
	"testing"
)

// TestUnknownPredicate_help: the declaration that the help shows has the types of the arguments, so that with it the rules load.
func TestUnknownPredicate_help(t *testing.T) {
	for rules, want := range map[string]string{
		`permit(P, _, R) :- wholly_new(P, R).`:                                               "(entity, entity)",
		`permit(P, _, _) :- P is User, P has level, wholly_new(P, 3, P.level + 1).`:          "(User, long, long)",
		`decl owns(User, Doc). permit(P, _, D) :- owns(P, D), not wholly_new(P, "x", true).`: "(User, string, bool)",
		`permit(_, _, _) :- wholly_new.`:                                                     "()",
		`permit(_, _, _) :- wholly_new(X), wholly_new(Y), X != Y.`:                           "(any)",
		`permit(_, _, _) :- wholly_new(_, [1, 2], ip("10.0.0.1")).`:                          "(any, Set<long>, ip)",
		`permit(P, _, _) :- C = count { wholly_new(P, X), X > 3 }, C > 1.`:                   "(entity, any)",
	} {
		_, reply := loadText("version = \"rune/1.0\"\n[rules]\n"+rules+"\n", 1)
		_, help, _ := strings.Cut(string(reply), "or declare it: decl wholly_new")
		types, _, _ := strings.Cut(help, `."`)
		if types != want {
			t.Errorf("%s: the help says %q, want %q", rules, types, want)
		}
		if e, reply := loadText("version = \"rune/1.0\"\n[rules]\ndecl wholly_new"+types+".\n"+rules+"\n", 1); e == nil {
			t.Errorf("with the declaration in %s", reply)
		}
	}
}
