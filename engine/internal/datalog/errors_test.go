package datalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParse_errors holds texts with what is reported, position first, and what is parsed all the same.
func TestParse_errors(t *testing.T) {
	for _, c := range []struct {
		src  string
		errs []string
		kept []string
	}{
		// Statements and periods. None is lost in silence, none swallows another.
		{"p(a) q(b).\nr.", []string{`1:6 syntax: expected a final period, found "q"`}, []string{"r."}},
		{"p(a).q(b). r.", []string{"1:5 missing_period: the final period must stand before a blank, a comment or the end | put a blank or a line end after the period"}, []string{"r."}},
		{"p(a)", []string{"1:5 missing_period: the statement has no final period | end it with a period"}, nil},
		{"p(a) # no.\nq(b).", []string{"1:5 missing_period: the statement has no final period | end it with a period"}, []string{"q(b)."}},
		{"p\n@id(\"x\") q.", []string{"1:2 missing_period: the statement has no final period | end it with a period"}, []string{"@id(\"x\")\nq."}},
		{"p :- N = 5\ndecl q.", []string{"1:11 missing_period: the statement has no final period | end it with a period"}, []string{"decl q."}},
		{"p :- q\nr(X) :- s(X). t.", []string{"1:7 missing_period: the statement has no final period | end it with a period"}, []string{"r(X) :- s(X).", "t."}},
		{"p :- q,\nr(X) :- s(X).\nt.", []string{`2:6 syntax: expected a final period, found ":-" | a rule within a rule: the one before has no final period`}, []string{"t."}},
		{"p(\"a\"\nq(X) :- .\nr(.\ns(\"fine\").", []string{"2:1 syntax: expected ')', found \"q\"", "2:9 syntax: expected an expression, found the period that ends the statement", "3:3 syntax: expected an expression, found the period that ends the statement"}, []string{`s("fine").`}},
		{"p(X :- q(X).\nr.", []string{`1:5 syntax: expected ')', found ":-"`}, []string{"r."}},
		{"p :- (q, r.\ns(b).", []string{"1:11 syntax: expected ')', found the period that ends the statement"}, []string{"s(b)."}},
		{"p :- q), r.", []string{`1:7 syntax: expected a final period, found ")"`}, nil},
		{". p.", []string{"1:1 syntax: expected a fact, a rule or a declaration, found the period that ends the statement"}, []string{"p."}},
		{"p :- q,.", []string{"1:8 syntax: expected an expression, found the period that ends the statement"}, nil},
		{"p :- q. /* open\nr.", []string{"1:9 unterminated_comment: comment is not closed | close it with */"}, []string{"p :- q."}},
		// Arrows and policies.
		{"p :- q := r.", []string{`1:8 syntax: expected a final period, found ":="`}, nil},
		{"p(X) := q(X).", []string{`1:6 syntax: unexpected ":=" | a rule is written head :- body.`}, nil},
		{"p(X) <- q(X).", []string{`1:6 syntax: unexpected "<-" | a rule is written head :- body.`}, nil},
		{"@id(\"x\")\npermit(principal, action, resource) when { true };\nforbid(principal, action, resource);\nq :- r.",
			[]string{"2:1 syntax: a Cedar policy stands in [rules] | move it to [policies]; a rule is written permit(P, A, R) :- body."}, []string{"q :- r."}},
		// Annotations.
		{"@idd(\"x\") p. q.", []string{"1:1 annotation: there is no annotation @idd | did you mean @id?"}, []string{"q."}},
		{"@zzzzzz p.", []string{"1:1 annotation: there is no annotation @zzzzzz | annotations are @id, @reason, @description, @materialize, @demand"}, nil},
		{"@id p.", []string{"1:1 annotation: @id has no value | @id(\"…\")"}, nil},
		{"@demand(\"x\") p.", []string{"1:1 annotation: @demand takes no value"}, nil},
		{"@id(\"x\") @id(\"y\") p.", []string{"1:10 annotation: @id stands twice"}, nil},
		{"@Id(\"x\") p.", []string{`1:2 syntax: an annotation's name starts in lower case, not as "Id" does`}, nil},
		{"@ p.", []string{"1:1 annotation: there is no annotation @p | annotations are @id, @reason, @description, @materialize, @demand"}, nil},
		{"@id(x) p.", []string{`1:5 syntax: expected the annotation's value, a string, found "x"`}, nil},
		{"@(\"x\") p.", []string{`1:2 syntax: expected an annotation's name, found "("`}, nil},
		{"@id(\"x\")", []string{"1:9 syntax: expected a fact, a rule or a declaration, found the end"}, nil},
		// Predicates.
		{"Admin(\"a\").", []string{`1:1 syntax: "Admin" is a variable, not a predicate | a predicate's name starts in lower case: admin`}, nil},
		{"_(a).", []string{`1:1 syntax: "_" is a variable, not a predicate | a predicate's name starts in lower case: p`}, nil},
		{"X > 5.", []string{`1:1 syntax: "X" is a variable, not a predicate | a predicate's name starts in lower case: x`}, nil},
		{"p :- Foo(X).", []string{`1:6 syntax: "Foo" is a variable, not a predicate | a predicate's name starts in lower case: foo`}, nil},
		{"agent.Name(x).", []string{`1:7 syntax: a part of a predicate's name starts in lower case, not as "Name" does`}, nil},
		{"not(X) :- q(X).", []string{`1:1 reserved_name: "not" can't name a predicate`}, nil},
		{"p :- count { q } > 2.", []string{`1:6 reserved_name: "count" can't name a predicate | an aggregate stands on the right of an equation: N = count …`}, nil},
		{"5(x).", []string{`1:1 syntax: expected a fact, a rule or a declaration, found "5"`}, nil},
		// Declarations.
		{"decl 5.", []string{`1:1 reserved_name: "decl" can't name a predicate`}, nil},
		{"decl p(3).", []string{`1:8 syntax: expected a name, found "3"`}, nil},
		{"decl p(User string).", []string{`1:13 syntax: expected ')', found "string"`}, nil},
		{"decl p(Name: string).", []string{`1:8 syntax: a column's name starts in lower case, not as "Name" does`}, nil},
		{"decl p(Set).", []string{`1:11 syntax: expected '<', found ")" | a set's elements have a type: Set<string>, Set<any>`}, nil},
		{"decl p(Set<long).", []string{`1:16 syntax: expected '>', found ")"`}, nil},
		{"decl p(long,).", []string{`1:13 syntax: expected a name, found ")"`}, nil},
		// Literals.
		{"p :- q, !r(X).", []string{"1:9 syntax: unexpected '!' | a predicate is negated with not"}, nil},
		{"p :- q, \\+ r(X).", []string{`1:9 syntax: unexpected '\+' | a literal is negated with not`}, nil},
		{"p :- not not q.", []string{"1:10 syntax: not stands twice | write the literal without it, or not (not …)"}, nil},
		{"p :- not Y = X.", []string{"1:6 syntax: an equation can't be negated | compare with !=, or write not (V = …)"}, nil},
		{"p :- not Y = count { q }.", []string{"1:6 syntax: an equation can't be negated | compare with !=, or write not (V = …)"}, nil},
		{"p :- X && Y.", []string{`1:8 syntax: expected ',' or a final period, found "&&" | literals are joined by ','; && stands in parentheses: (X == 1 && Y == 2)`}, nil},
		{"p :- q and r.", []string{`1:8 syntax: expected ',' or a final period, found "and" | literals are joined by ','; && stands in parentheses: (X == 1 && Y == 2)`}, nil},
		{"p :- q || r.", []string{`1:8 syntax: expected ';' or a final period, found "||" | alternatives are joined by ';'; || stands in parentheses: (X == 1 || Y == 2)`}, nil},
		{"p :- q | r.", []string{`1:8 syntax: expected ';' or a final period, found "|" | alternatives are joined by ';'; || stands in parentheses: (X == 1 || Y == 2)`}, nil},
		{"p :- (q || r).", []string{`1:7 syntax: the bare word "q" can't stand here | quote it to mean a string: "q"; a variable starts upper-case`}, nil},
		{"p :- (q(X) && r(X)).", []string{`1:7 syntax: the bare word "q" can't stand here | there is no function of this name; a predicate is a literal of its own`}, nil},
		{"p :- _ = 3.", []string{"1:6 syntax: '_' has no value | it stands for an argument; name a variable to use its value"}, nil},
		{"p :- true = X.", []string{`1:6 syntax: "true" is not a variable | a variable starts upper-case`}, nil},
		{"p :- admin = X.", []string{`1:12 syntax: expected ',' or a final period, found "=" | an equation has a variable, which starts upper-case, on its left`}, nil},
		{"p :- admin == X.", []string{`1:12 syntax: expected ',' or a final period, found "==" | a literal that starts with a lower-case word is a predicate; quote a string, or put the other side first`}, nil},
		{"p :- \"a\" = X.", []string{`1:10 syntax: expected an operator, found "=" | an equation has its variable on the left: X = …; a test for equality is ==`}, nil},
		{"p :- 1 = 2.", []string{`1:8 syntax: expected an operator, found "=" | a test for equality is ==`}, nil},
		{"p :- V = X < 3.", []string{`1:12 syntax: expected ',' or a final period, found "<" | put a condition in parentheses: V = (X < 3)`}, nil},
		{"p :- V = sum { q(X) }.", []string{`1:14 syntax: expected '(' and what to sum, found "{" | sum(X) { p(X) }`}, nil},
		{"p :- V = count q(X).", []string{`1:16 syntax: expected '{', found "q"`}, nil},
		{"a == 2.", []string{`1:3 syntax: expected a final period, found "==" | a literal that starts with a lower-case word is a predicate; quote a string, and put a comparison's variable first`}, nil},
		{"p = 2.", []string{`1:3 syntax: expected a final period, found "=" | an equation has its variable on the left: V = expression; a test for equality is ==`}, nil},
		// Tests and expressions.
		{"p :- 1 < X < 3.", []string{`1:12 syntax: expected the end of the test, found "<" | comparisons don't chain; join two with ',' or &&`}, nil},
		{"p :- X in Y in Z.", []string{`1:13 syntax: expected the end of the test, found "in" | comparisons don't chain; join two with ',' or &&`}, nil},
		{"p :- (admin in X && Y).", []string{`1:7 syntax: the bare word "admin" can't stand here | quote it to mean a string: "admin"; a variable starts upper-case`}, nil},
		{"p :- X = admin.", []string{`1:10 syntax: the bare word "admin" can't stand here | quote it to mean a string: "admin"; a variable starts upper-case`}, nil},
		{"p :- X.contains(read).", []string{`1:17 syntax: the bare word "read" can't stand here | quote it to mean a string: "read"; a variable starts upper-case`}, nil},
		{"p :- X in count.", []string{`1:11 syntax: the bare word "count" can't stand here | an aggregate stands on the right of an equation: N = count …`}, nil},
		{"p(path.x).", []string{`1:3 syntax: the bare word "path" can't stand here | quote it to mean a string: "path"; a variable starts upper-case`}, nil},
		{"p(f(X)).", []string{`1:3 syntax: the bare word "f" can't stand here | there is no function of this name; a predicate is a literal of its own`}, nil},
		{"p(X + _).", []string{"1:7 syntax: '_' has no value | it stands for an argument; name a variable to use its value"}, nil},
		{"p([_]).", []string{"1:4 syntax: '_' has no value | it stands for an argument; name a variable to use its value"}, nil},
		{"p(X.Name).", []string{`1:5 syntax: a member's name starts in lower case, not as "Name" does | an attribute of another name is written ["Name"], after has "Name"`}, nil},
		{"p :- X has Name.", []string{`1:12 syntax: a member's name starts in lower case, not as "Name" does | an attribute of another name is written ["Name"], after has "Name"`}, nil},
		{"p :- X has 3.", []string{`1:12 syntax: expected an attribute's name, found "3"`}, nil},
		{"p :- X like Y.", []string{`1:13 syntax: expected a pattern, a string, found "Y"`}, nil},
		{"p :- X is .", []string{"1:11 syntax: expected a name, found the period that ends the statement"}, nil},
		{"p :- X is User::\"a\".", []string{"1:17 syntax: expected a name, found a string"}, nil},
		{"p :- X matches \"a\".", []string{`1:8 syntax: expected a final period, found "matches"`}, nil},
		{"p :- if X then Y.", []string{"1:17 syntax: expected 'else', found the period that ends the statement"}, nil},
		{"p :- if X Y.", []string{`1:11 syntax: expected 'then', found "Y"`}, nil},
		{"p(1.5).", []string{`1:4 syntax: a member's name must follow the dot at once | a number with a fraction is written decimal("1.5")`}, nil},
		{"p(X.5).", []string{"1:4 syntax: a member's name must follow the dot at once"}, nil},
		{"p(X[Y]).", []string{`1:5 syntax: expected an attribute's name, a string, found "Y"`}, nil},
		{"p(5abc).", []string{`1:3 syntax: "5abc" is no number`}, nil},
		{"p(9223372036854775808).", []string{"1:3 number_range: 9223372036854775808 is out of the range of a long | longs have 64 bits: -9223372036854775808 to 9223372036854775807"}, nil},
		{"p(-9223372036854775809).", []string{"1:4 number_range: 9223372036854775809 is out of the range of a long | longs have 64 bits: -9223372036854775808 to 9223372036854775807"}, nil},
		{"p({a: 1, \"b\": 2, \"a\": 3}).", []string{`1:18 syntax: the key "a" stands twice`}, nil},
		{"p({A: 1}).", []string{`1:4 syntax: a key starts in lower case, not as "A" does`}, nil},
		{"p({a: 1,}).", []string{`1:9 syntax: expected a key, found "}"`}, nil},
		{"p({a 1}).", []string{`1:6 syntax: expected ':', found "1"`}, nil},
		{"p(ip(X)).", []string{`1:6 syntax: expected a string, found "X"`}, nil},
		{"p(A::b).", []string{"1:7 syntax: expected '::' and an id, found \")\" | an entity is written Type::\"id\"; a type alone stands after is"}, nil},
		{"p(A::5).", []string{`1:6 syntax: expected the entity's id, a string, found "5"`}, nil},
		{"p(entityId X).", []string{`1:12 syntax: expected ')', found "X"`}, nil},
		{"p(,).", []string{`1:3 syntax: expected an expression, found ","`}, nil},
		// Characters, strings, escapes: columns count code points.
		{"p('it', \"b\").", []string{`1:3 character: unexpected character '\'' | strings stand in double quotes: "text"`}, nil},
		{"p('it.\nq.", []string{`1:3 character: unexpected character '\'' | strings stand in double quotes: "text"`}, []string{"q."}},
		{"p(é).\n$ $ $\nq.", []string{"1:3 character: unexpected character 'é'", "2:1 character: unexpected character '$'"}, []string{"q."}},
		{"p(\"é\", ?).", []string{"1:8 character: unexpected character '?'"}, nil},
		{"p(\"abc).\nq(\"b\").", []string{`1:3 unterminated_string: string is not closed | close it with " on the same line; a line end is written \n`}, []string{`q("b").`}},
		{"p(\"abc\\\nq(\"b\").", []string{`1:3 unterminated_string: string is not closed | close it with " on the same line; a line end is written \n`}, []string{`q("b").`}},
		{"p(\"\\", []string{`1:3 unterminated_string: string is not closed | close it with " on the same line; a line end is written \n`}, nil},
		{`p("é\q").`, []string{"1:5 bad_escape: unknown escape `\\q` | escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x00 to \\x7f and \\u{…}"}, nil},
		{`p("\x80").`, []string{"1:4 bad_escape: unknown escape `\\x` | escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x00 to \\x7f and \\u{…}"}, nil},
		{`p("\ü").`, []string{"1:4 bad_escape: unknown escape `\\ü` | escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x00 to \\x7f and \\u{…}"}, nil},
		{`p :- X like "a*\q*".`, []string{"1:16 bad_escape: unknown escape `\\q` | escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x00 to \\x7f and \\u{…}"}, nil},
		{`p :- X like "\u{*}".`, []string{"1:14 bad_escape: unknown escape `\\u` | escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x00 to \\x7f and \\u{…}"}, nil},
		{"p(" + strings.Repeat("a", 50) + ".b).", []string{`1:3 syntax: the bare word "` + strings.Repeat("a", 50) + `" can't stand here | quote it to mean a string: "` + strings.Repeat("a", 50) + `"; a variable starts upper-case`}, nil},
		{"p " + strings.Repeat("b", 50) + ".", []string{`1:3 syntax: expected a final period, found "` + strings.Repeat("b", 40) + `"`}, nil},
	} {
		kept, errs := parsed(c.src)
		if diff := cmp.Diff(c.errs, errs) + cmp.Diff(c.kept, printed(kept)); diff != "" {
			t.Errorf("%s\n%s", c.src, diff)
		}
	}
}
