package document

import (
	"bytes"
	"encoding/binary"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/blake2b"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// TestInclude_order checks statement order: a document's own, then its includes as listed, depth first, matches of a glob bytewise; a file
// twice, by whatever name, counts once.
func TestInclude_order(t *testing.T) {
	l := load(`
-- config.rune --
version = "rune/1.0"
include = ["one.rune", "policies/*.cedar", "./sub/../one.rune", "config.rune", "facts/p.csv", "s.cedarschema", "s.cedarschema.json", "e.json", "last.cedar"]
[rules]
root.
[data]
a = 1
[entities]
[]
[policies]
// after
-- one.rune --
version = "rune/1.0"
include = ["sub/two.rune", "last.cedar"]
[policies]
// one
[data]
b = 1
-- sub/two.rune --
version = "rune/1.0"
include = ["../policies/b.cedar", "three.rune"]
[rules]
two.
[data]
c = 1
-- sub/three.rune --
version = "rune/1.0"
include = ["two.rune", "three.rune", "../config.rune"]
[rules]
three.
-- policies/b.cedar --
// b
-- policies/a.cedar --
// a
-- policies/.hidden.cedar --
// hidden
-- policies/a.rune --
-- last.cedar --
// last
-- facts/p.csv --
n
1
-- s.cedarschema --
entity User;
-- s.cedarschema.json --
{}
-- e.json --
[]
`)
	checkList(t, l.errors())
	checkList(t, l.parts(), "rules root.", "policies // after", "policies // one", "rules two.", "policies // b", "rules three.", "policies // last", "policies // a")
	checkList(t, l.facts(), "a(1)", "b(1)", "c(1)", `p("1")`)
	checkList(t, l.asked, "read one.rune", "read sub/two.rune", "read policies/b.cedar", "read sub/three.rune", "read last.cedar", "list policies",
		"read policies/a.cedar", "read facts/p.csv", "read s.cedarschema", "read s.cedarschema.json", "read e.json")
	if len(l.Schemas) != 2 || l.text(l.Schemas[0]) != "entity User;\n" || l.text(l.Schemas[1]) != "{}\n" || len(l.Entities) != 2 {
		t.Errorf("schemas %v, entities %v", l.Schemas, l.Entities)
	}
}

func TestInclude_errors(t *testing.T) {
	const (
		outside  = " lies outside the folder of the root document | a configuration is one folder and what is below"
		suffixes = " | the suffixes are .rune, .cedar, .cedarschema, .cedarschema.json, .json or .csv"
	)
	checkErrors(t, `include = [
"../a.rune", "x/../../a.rune", "..", "../../a.rune",
"/a.rune", "C:\\a.rune", "", "a\u0000.rune",
"*/a.rune", "x/*",
"a.txt", "a", "dir/", "nowhere.rune", "sub/../nowhere.rune", "nowhere/*.cedar", "my-facts.csv", "allow.csv", "parent.csv", "context.x.csv", 1,
"..a.rune"]
`,
		`3:1 document.include_escape: "../a.rune"`+outside, `3:14 document.include_escape: "x/../../a.rune"`+outside,
		`3:32 document.include_escape: ".."`+outside, `3:38 document.include_escape: "../../a.rune"`+outside,
		`4:1 document.include_escape: "/a.rune" is absolute | names are relative to the folder of the document that includes`,
		`4:12 document.include: "C:\\a.rune" has a backslash; folders are separated by /`, `4:26 document.include: "" is no file name`,
		`4:30 document.include: "a\x00.rune" has a control character in it`,
		`5:1 document.include: "*/a.rune" has a * in a folder; it may stand in the last part alone`,
		`5:13 document.include_suffix: what "x/*" holds can't be told by its suffix`+suffixes,
		`6:1 document.include_suffix: what "a.txt" holds can't be told by its suffix`+suffixes,
		`6:10 document.include_suffix: what "a" holds can't be told by its suffix`+suffixes,
		`6:15 document.include_suffix: what "dir" holds can't be told by its suffix`+suffixes,
		`6:23 document.include_missing: there is no file "nowhere.rune"`,
		`6:62 document.include_missing: there is no folder "nowhere"`,
		`6:81 document.key_name: no predicate can be named "my-facts", as the file is | rename the file, for example to "my_facts.csv"`,
		`6:97 document.reserved_key: "allow" is reserved | data decides nothing: write a rule in [rules], or give the key another name`,
		`6:110 document.include_missing: there is no file "parent.csv"`,
		`6:124 document.key_name: no predicate can be named "context.x", as the file is | rename the file, for example to "context_value.x.csv"`,
		"6:141 document.value: an element is a string, not a long",
		`7:1 document.include_missing: there is no file "..a.rune"`)
	checkErrors(t, `include = "a.rune"`, "2:11 document.value: include is an array of file names, not a string")
	checkErrors(t, "include = nan", "2:11 toml.infinite: nan is no value | write a number, or text in quotes")
	l := load(`
-- config.rune --
version = "rune/1.0"
include = ["*.csv", "sub/x*.cedar"]
-- my-x.csv --
-- deny.csv --
-- sub/y.cedar --
`)
	checkList(t, l.errors(),
		`2:12 document.key_name: no predicate can be named "my-x", as the file is | rename the file, for example to "my_x.csv"`,
		`2:12 document.reserved_key: "deny" is reserved | data decides nothing: write a rule in [rules], or give the key another name`,
		`2:21 document.include_empty: no file matches "sub/x*.cedar" | leave it out, or add a file`)
}

// TestInclude_test checks that a document with tests reaches one folder up, from wherever an include stands, and no further.
func TestInclude_test(t *testing.T) {
	l := load(`
-- x_test.rune --
version = "rune/1.0"
include = ["../config.rune", "../../no.rune", "../policies/*.cedar"]
-- ../config.rune --
version = "rune/1.0"
include = ["teams.rune", "../no.rune", "tests/x_test.rune"]
-- ../teams.rune --
version = "rune/1.0"
[rules]
team.
-- ../tests/x_test.rune --
version = "rune/1.0"
-- ../policies/p.cedar --
// p
`)
	checkList(t, l.errors(),
		`2:30 document.include_escape: "../../no.rune" lies outside the folder of the root document | a test reaches one folder up, and what is below that`,
		`../config.rune:2:26 document.include_escape: "../no.rune" lies outside the folder of the root document | a test reaches one folder up, and what is below that`)
	checkList(t, l.parts(), "rules team.", "policies // p")
	checkList(t, l.asked, "read ../config.rune", "read ../teams.rune", "read ../tests/x_test.rune", "list ../policies", "read ../policies/p.cedar")
}

// TestInclude_contained checks that no chain of includes is ever asked for outside the root document's folder.
func TestInclude_contained(t *testing.T) {
	part := rapid.SampledFrom([]string{"..", ".", "a", "b", "", "*", "c.rune", "*.rune", "\\", "x*y"})
	rapid.Check(t, func(t *rapid.T) {
		test := rapid.Bool().Draw(t, "test")
		name := "config.rune"
		if test {
			name = "config_test.rune"
		}
		docs := NewLoader(value.NewTable(value.Key{}), &source.Files{}, name, includeText(t, part), &source.List{})
		for n := 0; n < 10; n++ {
			want, ok := docs.Next()
			if !ok {
				break
			}
			allowed := want.Name
			if test {
				allowed = strings.TrimPrefix(strings.TrimPrefix(allowed, ".."), "/")
			}
			if allowed != "" && (path.Clean(allowed) != allowed || allowed == ".." || strings.HasPrefix(allowed, "../") || strings.HasPrefix(allowed, "/")) {
				t.Fatalf("wants %q", want.Name)
			}
			if want.List {
				docs.GiveList(want.Name, []string{"c.rune", "../c.rune", "xy", "x/y", ".."}, true)
			} else {
				docs.Give(want.Name, includeText(t, part))
			}
		}
		docs.Finish()
	})
}

func includeText(t *rapid.T, part *rapid.Generator[string]) []byte {
	var names []string
	for _, parts := range rapid.SliceOfN(rapid.SliceOfN(part, 1, 5), 1, 3).Draw(t, "names") {
		names = append(names, "'"+strings.Join(parts, "/")+"'")
	}
	return []byte("version = \"rune/1.0\"\ninclude = [" + strings.Join(names, ", ") + "]\n")
}

// TestMatch compares globs with regular expressions.
func TestMatch(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab.*")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern, name := text.Draw(t, "pattern"), strings.ReplaceAll(text.Draw(t, "name"), "*", "c")
		re := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
		want := re.MatchString(name) && (!strings.HasPrefix(name, ".") || strings.HasPrefix(pattern, "."))
		if match(pattern, name) != want {
			t.Fatalf("match(%q, %q) is not %v", pattern, name, want)
		}
	})
	if match("*", "a/b") {
		t.Error("a * matches a folder")
	}
}

// TestLoader_conversation checks that what isn't asked for changes nothing, and that an end before the last answer reports what is missing.
func TestLoader_conversation(t *testing.T) {
	diags := &source.List{}
	text := []byte("version = \"rune/1.0\"\ninclude = [\"a.cedar\", \"x/*.cedar\", \"b.cedar\"]\n")
	docs := NewLoader(value.NewTable(value.Key{}), &source.Files{}, "config.rune", text, diags)
	docs.Give("b.cedar", []byte("early"))
	docs.GiveList("x", []string{"a.cedar"}, true)
	docs.GiveList("a.cedar", nil, true)
	if want, ok := docs.Next(); !ok || want != (Want{Name: "a.cedar"}) {
		t.Fatalf("wants %v", want)
	}
	docs.Give("a.cedar", []byte{})
	docs.Give("a.cedar", []byte("again"))
	if want, ok := docs.Next(); !ok || want != (Want{Name: "x", List: true}) {
		t.Fatalf("wants %v", want)
	}
	docs.Give("x", []byte{})
	set := docs.Finish()
	if len(set.Parts) != 1 || diags.Len() != 2 {
		t.Errorf("%d parts, %v", len(set.Parts), diags.All())
	}
}

// TestLoader_root checks what the root document's name says about it.
func TestLoader_root(t *testing.T) {
	l := loadFiles("policy.cedar", "\xef\xbb\xbfpermit(principal, action, resource);", nil)
	if !l.Cedar || l.Name != "policy.cedar" || l.diags.Len() > 0 {
		t.Errorf("%+v %v", l.Set, l.errors())
	}
	checkList(t, l.parts(), "policies permit(principal, action, resource);")
	l = loadFiles("", "\xef\xbb\xbfversion = \"rune/1.0\"\r\n[rules]\r\np.\r\n", nil)
	if l.Cedar || l.Name != "." || l.diags.Len() > 0 {
		t.Errorf("%+v %v", l.Set, l.errors())
	}
	checkList(t, l.parts(), "rules p.")
	l = loadFiles("conf/config.rune", "version = \"rune/1.0\"\ninclude = [\"x.cedar\", \"config.rune\", \"*.cedar\"]", nil)
	checkList(t, l.asked, "read x.cedar", "list ")
}

// TestRevision checks the bytes that are hashed: the root as ".", files by name, none twice, and none that is missing.
func TestRevision(t *testing.T) {
	root := "version = \"rune/1.0\"\ninclude = [\"b.cedar\", \"A.cedar\", \"b.cedar\", \"x/*.cedar\"]\n"
	l := load("-- config.rune --\n" + root + "-- b.cedar --\n// b\n-- A.cedar --\n-- x/a.cedar --\n// é\n")
	var hashed bytes.Buffer
	for _, s := range []string{".", root, "A.cedar", "", "b.cedar", "// b\n", "x/a.cedar", "// é\n"} {
		_ = binary.Write(&hashed, binary.LittleEndian, uint64(len(s)))
		hashed.WriteString(s)
	}
	if l.Revision != blake2b.Sum(hashed.Bytes()) {
		t.Errorf("%x", l.Revision)
	}
	if again := load("-- other.rune --\n" + root + "-- b.cedar --\n// b\n-- A.cedar --\n-- x/a.cedar --\n// é\n"); again.Revision != l.Revision {
		t.Error("the root document's name changes the revision")
	}
	if slices.Equal(l.Revision[:], loadText(root).Revision[:]) {
		t.Error("what is included doesn't change the revision")
	}
}
