package document

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestVersion(t *testing.T) {
	const help = ` | write version = "rune/1.0"`
	for _, x := range []struct {
		text string
		want []string
	}{
		{`version = "rune/1.0"`, nil},
		{"\xef\xbb\xbf# x\r\n\r\nversion = 'rune/1.0' # y\r\ninclude = []", nil},
		{"", []string{"1:1 document.version: a document starts with its version" + help}},
		{"[rules]\n", []string{"1:1 document.version: a document starts with its version" + help}},
		{"version = 1", []string{"1:11 document.version: the version is a string, not a long" + help}},
		{"version = []", []string{"1:11 document.version: the version is a string, not an array" + help}},
		{"version = nan", []string{"1:11 toml.infinite: nan is no value | write a number, or text in quotes"}},
		{"version = rune", []string{`1:11 toml.syntax: expected a value, found "rune" | text stands in quotes: "rune"`}},
		{`version = "rune/2.0"`, []string{`1:11 document.version: the version "rune/2.0" is not supported; supported is "rune/1.0"` + help}},
		{"include = []\nversion = \"rune/1.0\"", []string{"2:1 document.version: the version is the first statement | move it to the top"}},
		{"version.x = 1", []string{"1:1 document.version: the version is a string, not a table" + help}},
	} {
		l := loadText(x.text)
		checkList(t, l.errors(), x.want...)
	}
}

// TestPreamble checks that text before the first section is used or reported, a run of such lines once.
func TestPreamble(t *testing.T) {
	const only = " document.text_before_section: only version and include stand before the first section | rules stand below a line [rules], policies below [policies]"
	checkErrors(t, "permit(_).\n\n# x\n@id(\"x\")\nq.\nincludes = []\nr(1).\n[rules]\n", "2:1"+only,
		`7:1 document.unknown_key: the text before the first section has no key "includes" | did you mean include?`, "8:1"+only)
	checkErrors(t, "[rules\np(1).\n", `2:7 toml.syntax: expected "]" at the end of the header "[rules", found the end of the line | a header stands alone on its line`)
	checkErrors(t, "data = 1\nxyz.a = 1\n[data]\nb = 1", `2:1 document.unknown_key: the text before the first section has no key "data" | the keys are version, include`,
		`3:1 document.unknown_key: the text before the first section has no key "xyz" | the keys are version, include`)
	checkList(t, loadText("p(1).").errors(), "1:1"+only, "1:1 document.version: a document starts with its version | write version = \"rune/1.0\"")
	checkErrors(t, "version 1\nq . r = 1\nq.\n\"x\"\n", `2:9 toml.syntax: expected "=" after the key "version", found "1"`,
		`3:1 document.unknown_key: the text before the first section has no key "q" | the keys are version, include`, "4:1"+only)
}

func TestDefaults(t *testing.T) {
	l := checkErrors(t, `[metadata]
name = "n"
description = """d"""
version = "1"
[defaults]
principal = "App::Agent"
action = "App::Action"
resource = "File"
combine = "all"
on_error = "deny"
validation = "permissive"
entity_text = "quoted"
host_context = ["token", "now"]
protected_types = ["User", "App::Group"]
[defaults.limits]
steps = 1
error_steps = 2
tuples = 3
tables = 4
arena_bytes = 5
depth = 6
string_bytes = 7
collect = 9223372036854775807
`)
	want := Defaults{Principal: "App::Agent", Action: "App::Action", Resource: "File", Combine: "all", OnError: "deny", Validation: "permissive", Quoted: true,
		HostContext: []string{"token", "now"}, ProtectedTypes: []string{"User", "App::Group"},
		Limits: Limits{Steps: 1, ErrorSteps: 2, Tuples: 3, Tables: 4, ArenaBytes: 5, Depth: 6, StringBytes: 7, Collect: 9223372036854775807}}
	if d := cmp.Diff(want, l.Defaults, cmpopts.IgnoreFields(Defaults{}, "Spans")); d != "" {
		t.Error(d)
	}
	if l.Metadata != (Metadata{Name: "n", Description: "d", Version: "1"}) {
		t.Errorf("%+v", l.Metadata)
	}
	if got := l.text(l.Defaults.Spans["protected_types/App::Group"]) + l.text(l.Defaults.Spans["combine"]); got != `"App::Group""all"` {
		t.Errorf("places %s", got)
	}
	l = checkErrors(t, "[rules]\n")
	if d := cmp.Diff(Defaults{Principal: "User", Action: "Action", Resource: "Resource"}, l.Defaults, cmpopts.IgnoreFields(Defaults{}, "Spans")); d != "" {
		t.Error(d)
	}
}

func TestDefaults_errors(t *testing.T) {
	l := checkErrors(t, `[metadata]
nam = "x"
version = 1
[metadata.name]
[defaults]
principal = "my user"
action = 1
combine = "Any"
on_error = "ignore"
entity_text = true
host_context = "x"
protected_types = ["A", "b c", 1]
limits = { steps = 0, tuples = "x", step = 1, depth = nan, tables = 1.5 }
xyzzy = 1
`,
		`3:1 document.unknown_key: [metadata] has no key "nam" | did you mean name?`,
		"4:11 document.value: version is a string, not a long",
		"5:1 document.value: name is a string, not a table",
		`7:13 document.value: "my user" is no entity type | a type is a name such as User or App::User`,
		"8:10 document.value: action is a string, not a long",
		`9:11 document.value: combine is "any" or "all", not "Any" | did you mean "any"?`,
		`10:12 document.value: on_error is "closed", "cedar" or "deny", not "ignore"`,
		"11:15 document.value: entity_text is a string, not a bool",
		"12:16 document.value: host_context is an array of strings, not a string",
		`13:25 document.value: "b c" is no entity type | a type is a name such as User or App::User`,
		"13:32 document.value: an element is a string, not a long",
		"14:20 document.value: the limit steps is at least 1, not 0",
		"14:32 document.value: tuples is a whole number, not a string",
		`14:37 document.unknown_key: limits has no key "step" | did you mean steps?`,
		"14:55 toml.infinite: nan is no value | write a number, or text in quotes",
		"14:69 document.value: tables is a whole number, not a decimal",
		`15:1 document.unknown_key: [defaults] has no key "xyzzy" | the keys are principal, action, resource, combine, on_error, validation, entity_text, host_context, protected_types, limits`)
	if l.Defaults.Principal != "User" || l.Defaults.Action != "Action" || len(l.Defaults.ProtectedTypes) != 1 {
		t.Errorf("%+v", l.Defaults)
	}
	checkErrors(t, "[defaults]\nlimits = 1\n[[metadata]]\n[[data]]\n",
		"3:10 document.value: \"limits\" is a table, not a long", `4:3 document.value: "metadata" is a table, not an array`, `5:3 document.value: "data" is a table, not an array`)
	checkErrors(t, "[schema]\n\n[schema]\n", "4:1 document.section_twice: a document has one schema | put the other into a file .cedarschema and include that | note config.rune:2:1 it stands here first")
}

// TestDefaults_rootOnly checks that an included document says nothing of defaults and metadata, and that its tests are checked and left out.
func TestDefaults_rootOnly(t *testing.T) {
	l := load(`
-- config.rune --
version = "rune/1.0"
include = ["a.rune"]
-- a.rune --
version = "rune/1.0"
[defaults]
combine = "all"
x = = 1
[metadata]
name = "a"
[tests]
"x" = { query = "p(X)", rows = [] }
"y" = { query = "p(X)", row = [] }
`)
	checkList(t, l.errors(), "a.rune:2:1 document.root_only: [defaults] stands only in the document that is loaded | move it to config.rune",
		`a.rune:4:5 toml.syntax: expected a value, found "="`,
		"a.rune:5:1 document.root_only: [metadata] stands only in the document that is loaded | move it to config.rune",
		`a.rune:9:25 document.unknown_key: a test has no key "row" | did you mean rows?`)
	if len(l.Tests) != 0 || l.Defaults.Combine != "" || l.Metadata.Name != "" {
		t.Errorf("%+v", l.Set)
	}
}

// TestDefaults_ofTested checks that the [defaults] and [metadata] of a document hold in its test, unless the test has its own, and that a
// test accepts no document that wouldn't load by itself.
func TestDefaults_ofTested(t *testing.T) {
	const (
		tested = `
-- config.rune --
version = "rune/1.0"
include = ["teams.rune"]
[metadata]
name = "tested"
[defaults]
combine = "all"
[defaults.limits]
steps = 7
-- teams.rune --
version = "rune/1.0"
`
		other = `
-- other.rune --
version = "rune/1.0"
[defaults]
on_error = "deny"
`
		bad = `
-- bad.rune --
version = "rune/1.0"
[defaults]
combine = "none"
`
		deep   = "document.root_only: [defaults] stands only in the document that is loaded | move it to config_test.rune, or to a document that it includes itself"
		twice  = "document.root_only: two documents that config_test.rune includes have [defaults] | give config_test.rune its own, which holds instead of theirs"
		choice = `bad.rune:3:11 document.value: combine is "any" or "all", not "none"`
	)
	for _, x := range []struct {
		root, rest string
		want       string // name, combine, on_error, steps
		errors     []string
	}{
		{`include = ["config.rune"]`, tested, "tested all  7", nil},
		{`include = ["con*.rune"]`, tested, "tested all  7", nil},
		{`include = ["teams.rune", "config.rune"]`, tested, "tested all  7", nil},
		{"include = [\"config.rune\"]\n[metadata]\nname = \"mine\"", tested, "mine all  7", nil},
		{"include = [\"config.rune\"]\n[defaults]", tested, "tested   0", nil},
		{"include = [\"config.rune\"]\n[defaults.limits]\nsteps = 1", tested, "tested   1", nil},
		{"include = [\"config.rune\", \"other.rune\"]", tested + other, "tested all  7", []string{"other.rune:2:1 " + twice + " | note config.rune:5:1 it stands here first"}},
		{"include = [\"other.rune\", \"config.rune\"]", tested + other, "tested  deny 0", []string{
			"config.rune:5:1 " + twice + " | note other.rune:2:1 it stands here first",
			"config.rune:7:1 " + twice + " | note other.rune:2:1 it stands here first"}},
		{"include = [\"config.rune\", \"other.rune\"]\n[defaults]\non_error = \"cedar\"", tested + other, "tested  cedar 0", nil},
		{"include = [\"bad.rune\"]", bad, "   0", []string{choice}},
		{"include = [\"bad.rune\"]\n[defaults]\ncombine = \"all\"", bad, " all  0", []string{choice}},
		{"include = [\"over.rune\"]", tested + "-- over.rune --\nversion = \"rune/1.0\"\ninclude = [\"other.rune\"]" + other, "   0", []string{"other.rune:2:1 " + deep}},
		{"include = [\"over.rune\"]\n[defaults]\n", tested + "-- over.rune --\nversion = \"rune/1.0\"\ninclude = [\"other.rune\"]" + other, "   0", []string{"other.rune:2:1 " + deep}},
	} {
		l := load("-- config_test.rune --\nversion = \"rune/1.0\"\n" + x.root + x.rest)
		d := l.Defaults
		if got := fmt.Sprintf("%s %s %s %d", l.Metadata.Name, d.Combine, d.OnError, d.Limits.Steps); got != x.want {
			t.Errorf("%s\ngot %q, want %q", x.root, got, x.want)
		}
		checkList(t, l.errors(), x.errors...)
	}
}
