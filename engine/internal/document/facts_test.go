package document

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
)

func TestFacts_shapes(t *testing.T) {
	l := checkErrors(t, `[data] // a comment of another section's language
name = "x"
list = ["a", "b", "a"]
row = [["a", 1], ["b", [2, 2]]]
agent.name = "y"
agent.limits = { steps = 5, more.x = true }
empty = []
none = {}
server = [{ host = "a", port = 1 }, {}]
[data.deep]
er.key = ["v"]
[data.void]
[data.deep.est]
x = 1
[rules]
p.
[[data.item]]
id = 1
[[data.item]]
[[data.item]]
[data.item.of]
k = [1]
`)
	checkList(t, l.facts(), `name("x")`, `list("a")`, `list("b")`, `list("a")`, `row("a", 1)`, `row("b", [2])`, `agent.name("y")`, `agent.limits.steps(5)`,
		`agent.limits.more.x(true)`, "empty/0", "none/0", `server({"host": "a", "port": 1})`, "server({})", `deep.er.key("v")`, "deep.est.x(1)", "void/0",
		`item({"id": 1})`, "item({})", `item({"of": {"k": [1]}})`)
	checkList(t, l.parts(), "rules p.")
}

// TestFacts_places checks the spans of keys, rows and cells.
func TestFacts_places(t *testing.T) {
	l := checkErrors(t, "[data]\na.b = [[1, 'x'], [ 2,\"y\" ]]\nc = [ 3, 4 ]\n'd' = 5\n[[data.e]]\nf = 1\n")
	var got []string
	for _, f := range l.Facts {
		got = append(got, fmt.Sprintf("%s %d %v", l.text(f.Span), f.Width, f.Scalar))
		for i := range f.Len() {
			got = append(got, l.text(f.Spans[i]))
			for _, c := range f.CellSpans[i*f.Width : (i+1)*f.Width] {
				got = append(got, "  "+l.text(c))
			}
		}
	}
	checkList(t, got, "b 2 false", "[1, 'x']", "  1", "  'x'", `[ 2,"y" ]`, "  2", `  "y"`, "c 1 false", "3", "  3", "4", "  4",
		"'d' 1 true", "5", "  5", "e 1 false", "[[data.e]]", "  [[data.e]]")
}

func TestFacts_errors(t *testing.T) {
	checkErrors(t, `[data]
max-size = 1
Camel.a = 1
9lives.x-y = nan
"a b" = 1
_x = 1
é = 1
not = 1
count.x = 1
x.count = 1
context.x = 1
`,
		`3:1 document.key_name: no predicate can be named "max-size" | rename it, for example to max_size`,
		`4:1 document.key_name: no predicate can be named "Camel" | rename it, for example to camel`,
		`5:1 document.key_name: no predicate can be named "9lives" | rename it, for example to p9lives`,
		`5:8 document.key_name: no predicate can be named "x-y" | rename it, for example to x_y`,
		"5:14 toml.infinite: nan is no value | write a number, or text in quotes",
		`6:1 document.key_name: no predicate can be named "a b" | rename it, for example to a_b`,
		`7:1 document.key_name: no predicate can be named "_x" | rename it, for example to x`,
		`8:1 toml.syntax: expected a key, found "é"`,
		`9:1 document.key_name: no predicate can be named "not" | rename it, for example to not_value`,
		`10:1 document.key_name: no predicate can be named "count" | rename it, for example to count_value`,
		`12:1 document.key_name: no predicate can be named "context" | rename it, for example to context_value`)
	for _, name := range []string{"argv", "split", "each"} {
		checkErrors(t, "[data]\n"+name+" = 1", `3:1 document.reserved_key: "`+name+`" is reserved | give the key another name`)
	}
	for _, name := range []string{"permit", "forbid", "allow", "deny"} {
		checkErrors(t, "[data]\n"+name+" = true",
			`3:1 document.reserved_key: "`+name+`" is reserved | data decides nothing: write a rule in [rules], or give the key another name`)
	}
	for _, name := range []string{"parent", "attribute", "tag"} {
		checkErrors(t, "[data]\n"+name+" = []",
			`3:1 document.reserved_key: "`+name+`" is reserved | write these facts in [rules] or in a file `+name+".csv, or give the key another name")
	}
	for _, name := range []string{"principal", "action", "resource", "context"} {
		checkErrors(t, "[data."+name+"]\n", `2:7 document.reserved_key: "`+name+`" is reserved | the request gives it; give the key another name`)
	}
	checkErrors(t, "[data]\nagent.permit = 1\npermits = 2\nprincipal.x = 3\n")
}

func TestFacts_rows(t *testing.T) {
	const alike = "an array holds values, each a fact, or arrays, each a row, or tables, each a record"
	checkErrors(t, `[data]
a = [1, [2], {x = 3}, 4]
b = [[1], 2]
c = [[], [1], []]
d = [[1, 2], [1], [3, nan], [1, 2, 3]]
e = [nan, [1]]
f = [{x = nan}, 1]
`,
		"3:9 document.mixed_array: the elements of an array are alike, and this is an array | "+alike+" | note config.rune:3:6 the first is a value",
		"3:14 document.mixed_array: the elements of an array are alike, and this is a table | "+alike+" | note config.rune:3:6 the first is a value",
		"4:11 document.mixed_array: the elements of an array are alike, and this is a value | "+alike+" | note config.rune:4:6 the first is an array",
		"5:6 document.row_width: a row has at least one value | a fact without arguments is written in [rules]",
		"5:15 document.row_width: a row has at least one value | a fact without arguments is written in [rules]",
		"6:14 document.row_width: the row has 1 value, and the first has 2 | note config.rune:6:6 the first row",
		"6:23 toml.infinite: nan is no value | write a number, or text in quotes",
		"6:29 document.row_width: the row has 3 values, and the first has 2 | note config.rune:6:6 the first row",
		"7:6 toml.infinite: nan is no value | write a number, or text in quotes",
		"8:11 toml.infinite: nan is no value | write a number, or text in quotes",
		"8:17 document.mixed_array: the elements of an array are alike, and this is a value | "+alike+" | note config.rune:8:6 the first is a table")
}

// TestFacts_manyErrors checks that a table with the same error in each row doesn't bury the others.
func TestFacts_manyErrors(t *testing.T) {
	text := "[data]\na = [[1],"
	for range 100 {
		text += "[1, 2],"
	}
	l := loadText("version = \"rune/1.0\"\n" + text + "]\n")
	got := l.errors()
	if len(got) != maxReports+1 || got[0] != "3:5 document.row_width: 80 more rows are wrong in the same way" {
		t.Errorf("%d errors: %q", len(got), got[0])
	}
}

func TestFacts_conflicts(t *testing.T) {
	const unite = " | write both as arrays to have them united"
	l := load(`
-- config.rune --
version = "rune/1.0"
include = ["a.rune", "list.csv", "one.csv"]
[data]
one = 1
list = [1]
void = []
only.x = 1
-- a.rune --
version = "rune/1.0"
[data]
one = 1
list = 2
void = ["x"]
only = 1
-- list.csv --
n
3
-- one.csv --
n
`)
	checkList(t, l.errors(),
		`a.rune:3:1 document.conflict: "one" has a value already, and a value stands alone`+unite+" | note config.rune:4:1 it stands here first",
		`a.rune:4:1 document.conflict: "list" has rows already, and a single value doesn't join them`+unite+" | note config.rune:5:1 it stands here first",
		`one.csv:1:1 document.conflict: "one" has a value already, and a value stands alone`+unite+" | note config.rune:4:1 it stands here first")
	checkList(t, l.facts(), "one(1)", "list(1)", "void/0", "only.x(1)", `void("x")`, "only(1)", `list("3")`)
}

// TestIsPredicateName compares with the parser of rules: what is no predicate there can be no key.
func TestIsPredicateName(t *testing.T) {
	names := append(slices.Clone(datalog.NotPredicates), "", "A", "a-b", "a b", "a.", ".a", "a..b", "é", "context.x", "context", "contexts.x", "a", "a.b", "a.not",
		"a.context", "aB_9", "a.B", "a.9", "_a", "9", "permit", "nothing", strings.Repeat("a.", 199)+"a", strings.Repeat("a.", 200)+"a")
	for _, name := range names {
		files, diags := &source.Files{}, &source.List{}
		text := []byte("p(X) :- " + name + "(X).")
		list := datalog.Parse(files, files.Add("x", text), 0, len(text), diags)
		want := !diags.Failed() && len(list) == 1
		if want {
			atom := list[0].Body.Alternatives[0][0].Atom
			want = atom != nil && atom.Pred == name
		}
		if got := isPredicateName(name); got != want {
			t.Errorf("%.20q: %v, and in rules %v", name, got, want)
		}
	}
}

func BenchmarkFacts(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("version = \"rune/1.0\"\n[data]\nmember = [\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "  [\"user:%d\", \"group %d\"],\n", i, i%1000)
	}
	text.WriteString("]\n")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		loadText(text.String())
	}
}
