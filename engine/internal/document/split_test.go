package document

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/source"
)

func splitText(text string) ([]section, *source.List) {
	diags := &source.List{}
	return split(1, []byte(text), 0, diags, func(int) {}), diags
}

// TestSplit_headers checks what is a header and what only looks like one.
func TestSplit_headers(t *testing.T) {
	for _, x := range []struct{ text, sections string }{
		{"version = 1\n[data]\na = 1\n[rules]\np.\n", "data rules"},
		{"  [data]  # comment\n\t[rules] // comment\n[policies]\r\n", "data rules policies"},
		{"[ data ]\n[data . x]\n[[data.y]]\n[tests.\"a ] b\"]\n[tests.'x']\n", "data data data tests tests"},
		{"[cedar_policies]\npermit(principal, action, resource);", "policies"},
		{"[data]\na = '''\n[rules]\n'''\nb = \"\"\"\n[rules]\n\\\"\"\"\n[rules]\"\"\"\"\"\n[tests]\n", "data tests"},
		{"[data]\na = [\n[rules],\n]\nb = { x = [\n[rules]\n]}\n# [ {\n[tests]", "data tests"},
		{"[data]\na = \"[\"\nb = '\\'\nc = \"\\\"[\"\n[tests]", "data tests"},
		{"[rules]\np(\"[\").\nq(\"\\\"[\"). # [ \" {\nr. // ( \"\n/* \"\n[data]\n*/\n[tests]", "rules tests"},
		{"[rules]\np(\n[data]\n).\nq({a: [\n[data]\n]}).\n[tests]", "rules tests"},
		{"[rules]\np(\"open).\n[data]\n", "rules data"}, // a string ends with its line
		{"[rules]\np(1].\nq) } ].\n[data]\n", "rules data"},
		{"[rules]\np({(1]}).\n[data]\n", "rules data"},
		{"[policies]\npermit(principal,\n[data]\n);\nx \"'\" { // }\n[data]\n}\n[tests]", "policies tests"},
		{"[entities]\n[\n{\"a\": \"]\\\"]\"}\n,\n[rules]\n]\n[rules]\n", "entities rules"},
		{"[entities]\n[]\n[rules]\n", "entities rules"},
		{"[entities]\n[ \"data\" ]\n[1]\n[data]", "entities data"},
		{"[schema]\n{\"a\": [\n[rules]\n]}\n[rules]", "schema rules"},
		{"[schema]\n// {\nentity User { a: Set<\nString> };\n[rules]", "schema rules"},
		{"[schema]\n\n\r\n { \"a(\": 1 }\n[rules]", "schema rules"},
		{"[data] x\n[data\n[]\n[.]\n[data.]\n[[data]\n[a]b]\n[\"data\n[-]\n", ""},
		{"a = '''x\n[data]\n'''''\n[rules]", "rules"},
	} {
		sections, _ := splitText(x.text)
		var names []string
		for _, s := range sections[1:] {
			names = append(names, s.name)
		}
		if got := strings.Join(names, " "); got != x.sections {
			t.Errorf("%q: got %q, want %q", x.text, got, x.sections)
		}
	}
}

// TestSplit_unclosed checks that what is never closed doesn't swallow the sections after it, whose errors are then found too.
func TestSplit_unclosed(t *testing.T) {
	checkErrors(t, "[data]\na = [1,\n[rules]\np.\n[policies]\npermit(\n[tests]\nx = 1\n",
		"3:5 document.unclosed: what is opened here is not closed before the next section | note config.rune:4:1 the next section",
		"3:5 toml.syntax: the array that opens here is not closed",
		`9:5 document.value: "x" is a table, not a long`)
	checkErrors(t, "[data]\na = \"\"\"\n[rules]\np.\n[tests]\ny = 2\n",
		"3:5 document.unclosed: what is opened here is not closed before the next section | note config.rune:4:1 the next section",
		`3:5 toml.unterminated_string: the string is not closed | close it with """`,
		`7:5 document.value: "y" is a table, not a long`)
	l := checkErrors(t, "[rules]\n/* p.\n[nothing]\n[policies]\nx /*\n[rules]\nq.\n",
		"3:1 document.unclosed: what is opened here is not closed before the next section | note config.rune:5:1 the next section")
	checkList(t, l.parts(), "rules /* p.\n[nothing]", "policies x /*", "rules q.")
	checkErrors(t, "[data]\na = '''x", `3:5 toml.unterminated_string: the string is not closed | close it with '''`)
	checkErrors(t, "[data]\na = [1\n", "3:5 toml.syntax: the array that opens here is not closed")
}

func TestSplit_unknown(t *testing.T) {
	const known = "the sections are metadata, defaults, data, schema, entities, rules, policies, tests"
	l := checkErrors(t, "[polices]\npermit;\n[nothing] # x\na [ b\n[rule]\np.\n[Data]\na = nan\n[cedarpolicies]\n",
		`2:1 document.unknown_section: no section is named "polices" | did you mean [policies]?`,
		`4:1 document.unknown_section: no section is named "nothing" | `+known,
		`6:1 document.unknown_section: no section is named "rule" | did you mean [rules]?`,
		`8:1 document.unknown_section: no section is named "Data" | did you mean [data]?`,
		`9:5 toml.infinite: nan is no value | write a number, or text in quotes`,
		`10:1 document.unknown_section: no section is named "cedarpolicies" | did you mean [cedar_policies]?`)
	checkList(t, l.parts(), "policies permit;", "rules p.", "policies ")
	checkErrors(t, "[[rules]]\np.\n[rules.x]\nq.\n[\"rules\"]\n",
		"2:1 document.section_form: the header of the section rules is [rules]",
		"4:1 document.section_form: the header of the section rules is [rules]")
	checkErrors(t, "[data]\n[\"xyzzy\"]\n", `3:1 document.unknown_section: no section is named "xyzzy" | `+known)
}

// TestSplit_covers checks that sections cover a text without gaps, and never take long.
func TestSplit_covers(t *testing.T) {
	piece := rapid.SampledFrom([]string{"[data]", "[rules]", "[policies]", "[entities]", "[schema]", "[tests.\"x\"]", "[nothing]", "\n", "\n", "\n",
		"[", "]", "{", "}", "(", ")", "\"", "'", "'''", `"""`, "\\", "/*", "*/", "//", "#", "a = 1", "p(X).", " ", "\r\n", "é", "\x00"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces"), "")
		sections, _ := splitText(text)
		at := 0
		for _, s := range sections {
			if s.start != at || s.header < s.start || s.headerEnd < s.header || s.body < s.headerEnd || s.end < s.body {
				t.Fatalf("section %+v does not begin at %d", s, at)
			}
			at = s.end
		}
		if at != len(text) {
			t.Fatalf("the sections end at %d of %d", at, len(text))
		}
	})
}

// TestSplit_hostile checks texts that would cost quadratic time if each section were searched to the end.
func TestSplit_hostile(t *testing.T) {
	start := time.Now()
	for _, piece := range []string{"[rules]\n(\n", "[rules]\n/*\n", "[data]\n\"\"\"\n", "[data]\n\\\"\"\":\n", "[data]\na = [\n", "a = [\n", "[x]\n", "\"\n", "[rules]\n)](\n",
		"[entities]\n[\n", "[", "(", "[data.x]\n", "x\n"} {
		text := "version = \"rune/1.0\"\n" + strings.Repeat(piece, 1<<18/len(piece))
		if l := loadText(text); len(l.errors()) == 0 {
			t.Errorf("%q is accepted", piece)
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}
