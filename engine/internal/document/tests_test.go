package document

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestTests checks that the forms of a test mean the same, and how values are written as JSON.
func TestTests(t *testing.T) {
	l := checkErrors(t, `[tests]
"a b" = { principal = "alice", action = { type = "Action", id = "read" }, resource = 'x"y', expect = "permit" }
sub.principal = "alice"
sub.action = "a"
sub.resource = "r"
sub.expect = "deny"
sub.overlay = "p(1)."
sub.restrict = true
[tests."q"]
query = 'p(X, "a")'
rows = [["b", 2], ["a", 1.50, 2026-01-02T03:04:05Z, [2, 1, 2], { z = true, a = {} }]]
[tests.full]
principal = "alice"
action = "read"
resource = "x"
expect = "deny"
reasons = ["policy0", "policy0"]
errors = []
[tests.full.context]
at.x = [{ __entity = { type = "User", id = "a" } }]
[[tests.full.entities]]
uid = "User::\"a\""
parents = []
[tests."text"]
query = "p"
rows = "[[]]"
context = " { \"a\" : 1 }"
entities = '[]'
principal = "a"
action = "b"
resource = "c"
`)
	text := func(s string) []byte { return []byte(s) }
	overlay := "p(1)."
	want := []Test{
		{Name: "a b", Principal: text(`"alice"`), Action: text(`{"type":"Action","id":"read"}`), Resource: text(`"x\"y"`), HasRequest: true, Expect: "permit"},
		{Name: "sub", Principal: text(`"alice"`), Action: text(`"a"`), Resource: text(`"r"`), HasRequest: true, Expect: "deny", Overlay: &overlay, Restrict: true},
		{Name: "q", IsQuery: true, Query: `p(X, "a")`, Rows: text(`[["b",2],["a",{"__extn":{"fn":"decimal","arg":"1.5"}},` +
			`{"__extn":{"fn":"datetime","arg":"2026-01-02T03:04:05.000Z"}},[2,1,2],{"z":true,"a":{}}]]`)},
		{Name: "full", Principal: text(`"alice"`), Action: text(`"read"`), Resource: text(`"x"`), HasRequest: true, Expect: "deny",
			Reasons: []string{"policy0", "policy0"}, HasReasons: true, HasErrors: true,
			Context: text(`{"at":{"x":[{"__entity":{"type":"User","id":"a"}}]}}`), Entities: text(`[{"uid":"User::\"a\"","parents":[]}]`)},
		{Name: "text", IsQuery: true, Query: "p", Rows: text("[[]]"), Context: text(`{ "a" : 1 }`), Entities: text("[]"),
			Principal: text(`"a"`), Action: text(`"b"`), Resource: text(`"c"`), HasRequest: true},
	}
	if d := cmp.Diff(want, l.Tests, cmpopts.IgnoreFields(Test{}, "Span", "QuerySpan", "OverlaySpan")); d != "" {
		t.Error(d)
	}
	if got := l.text(l.Tests[0].Span) + l.text(l.Tests[2].Span) + l.text(l.Tests[2].QuerySpan); got != `"a b"`+`"q"`+`'p(X, "a")'` {
		t.Error(got)
	}
}

func TestTests_errors(t *testing.T) {
	const both = " | a test has principal, action, resource and expect, or query and rows"
	checkErrors(t, `[tests]
a = {}
b = { principal = "x", action = "y", expected = "permit" }
c = { query = "p" }
d = { query = "p", rows = [], expect = "deny", reasons = [], context = {}, principal = "x" }
e = 5
f = { principal = 1, action = { type = "A" }, resource = { typ = "R", id = "x" }, expect = "Deny" }
g = { principal = "x", action = "y", resource = { type = "A", id = 1 }, expect = "deny", rows = [], restrict = "x" }
h = { query = 1, rows = 2, xyzzy = 3 }
i = { query = "p", rows = [1, "x", [2]], overlay = 1 }
j = { query = "p", rows = "[", context = "[]", entities = "{}", principal = "x", action = "x", resource = "x" }
k = { query = "p", rows = { x = 1 }, restrict = true }
l = { principal = "x", action = "y", resource = "z", expect = "deny", context = nan, entities = "", errors = [1] }
m = { query = "p", rows = [[nan]] }
`,
		"3:1 document.test: the test has no expect"+both,
		"3:1 document.test: the test has no principal, action or resource"+both,
		"4:1 document.test: the test has no resource"+both,
		`4:38 document.unknown_key: a test has no key "expected" | did you mean expect?`,
		"5:1 document.test: the test has no rows",
		"6:1 document.test: the test has no action or resource",
		"6:31 document.test: a query test has rows; expect is of decisions",
		"6:48 document.test: a query test has rows; reasons is of decisions",
		`7:5 document.value: "e" is a table, not a long`,
		"8:19 document.value: principal is a string, or a table of type and id, not a long",
		`8:31 document.test: action has a type and an id | write { type = "User", id = "alice" }`,
		`8:60 document.unknown_key: resource has no key "typ" | did you mean type?`,
		`8:92 document.value: expect is "permit" or "deny", not "Deny" | did you mean "deny"?`,
		"9:68 document.value: id is a string, not a long",
		"9:90 document.test: rows are of a query, and the test has none",
		"9:101 document.test: restrict is of an overlay, and the test has none",
		"9:112 document.value: restrict is true or false, not a string",
		"10:15 document.value: query is a string, not a long",
		"10:25 document.value: rows is an array of rows, or a string of JSON that is one, not a long",
		`10:28 document.unknown_key: a test has no key "xyzzy" | the keys are principal, action, resource, context, entities, expect, reasons, errors, query, rows, overlay, restrict`,
		"11:28 document.value: an element is a row, which is an array, not a long",
		"11:31 document.value: an element is a row, which is an array, not a string",
		"11:52 document.value: overlay is a string, not a long",
		"12:27 document.test: the string in rows is no JSON",
		"12:42 document.value: context is a table, or a string of JSON that is one, not a string",
		"12:59 document.value: entities is an array, or a string of JSON that is one, not a string",
		"13:27 document.value: rows is an array of rows, or a string of JSON that is one, not a table",
		"13:38 document.test: restrict is of an overlay, and the test has none",
		"14:81 toml.infinite: nan is no value | write a number, or text in quotes",
		"14:97 document.test: the string in entities is no JSON",
		"14:111 document.value: an element is a string, not a long",
		"15:29 toml.infinite: nan is no value | write a number, or text in quotes")
	checkErrors(t, "[[tests.x]]\n", `2:9 document.value: "x" is a table, not an array`)
}

// TestDocument_alone checks a document that has everything, as the language's page shows it.
func TestDocument_alone(t *testing.T) {
	l := load(`
-- config.rune --
version = "rune/1.0"
include = ["teams.rune", "policies/*.cedar", "facts/direct_member.csv"]

[data]                                   # TOML 1.1
environment = "production"
agent.capabilities = ["read", "write"]
has_role = [["alice", "admin"], ["bob", "developer"]]

[rules]                                  # Datalog
decl has_role(User, string).
member(U, G) :- direct_member(U, G).

[policies]                               // Cedar
permit(principal in Group::"admins", action, resource);
-- teams.rune --
version = "rune/1.0"
-- policies/a.cedar --
// a
-- facts/direct_member.csv --
user,group
alice,admins
`)
	checkList(t, l.errors())
	checkList(t, l.facts(), `environment("production")`, `agent.capabilities("read")`, `agent.capabilities("write")`, `has_role("alice", "admin")`,
		`has_role("bob", "developer")`, `direct_member("alice", "admins")`)
	if n := strings.Count(strings.Join(l.parts(), "\n"), "\n"); n != 3 {
		t.Errorf("%q", l.parts())
	}
}
