package document

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// FuzzDocument checks that no bytes panic, and that each is used or reported: where nothing is reported, a character put between two lines
// that begins nothing is.
func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		"version = \"rune/1.0\"\ninclude = [\"a.rune\", \"b/*.csv\"]\n[data]\na.b = [[1, 'x']]\n[[data.c]]\nd = 1.5\n[rules] # x\np(\"[data]\").\n",
		"version = \"rune/1.0\"\n[schema]\n{\"a\": \"]\"}\n[entities]\n[{}]\n[policies]\npermit(principal, action, resource); // x\n[tests.\"a\"]\nquery = 'p'\nrows = [[]]\n",
		"\xef\xbb\xbfversion = 'rune/1.0'\r\n[defaults]\r\nlimits = { steps = 5, }\r\n[metadata]\r\nname = '''\r\nx'''\r\n",
		"version = \"rune/1.0\"\n[data]\na = \"\"\"\\\n [rules]\n\"\"\"\n[rules]\n/* [data]\n*/ p(1). [\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, diags := fuzzLoad(t, text)
		if diags.Failed() {
			return
		}
		if !utf8.Valid(text) {
			t.Fatal("bytes that are no text pass")
		}
		// The lines of TOML, outside strings and brackets, take no stray character.
		sections := split(1, text, len(text)-len(bytes.TrimPrefix(text, byteOrderMark)), &source.List{}, func(int) {})
		for _, s := range sections {
			if s.lexis(text) != lexisTOML {
				continue
			}
			k := newSkipper(text, s.start, s.end, lexisTOML)
			for k.at < k.end {
				k.statement()
				if k.at == k.end && text[k.at-1] != '\n' {
					break
				}
				with := bytes.Join([][]byte{text[:k.at], []byte("?\n"), text[k.at:]}, nil)
				if _, diags := fuzzLoad(t, with); !diags.Failed() {
					t.Fatalf("a stray character at %d of %q passes", k.at, with)
				}
			}
		}
		covered(t, set, sections)
	})
}

// covered checks that each section that isn't TOML is a text of the set, whole.
func covered(t *testing.T, set *Set, sections []section) {
	var want, got []source.Span
	for _, s := range sections {
		if s.name == "rules" || s.name == "policies" {
			want = append(want, span(1, s.body, s.end))
		}
	}
	for _, p := range set.Parts {
		if p.Span.File == 1 {
			got = append(got, p.Span)
		}
	}
	if len(want) != len(got) {
		t.Fatalf("%d texts of %d sections", len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("text %d is %v, and the section %v", i, got[i], want[i])
		}
	}
}

// fuzzLoad loads text, which is included in itself under the names that it asks for.
func fuzzLoad(t *testing.T, text []byte) (*Set, *source.List) {
	files, diags := &source.Files{}, &source.List{}
	docs := NewLoader(value.NewTable(value.Key{}), files, "config.rune", text, diags)
	for range 20 {
		want, ok := docs.Next()
		if !ok {
			break
		}
		if want.List {
			docs.GiveList(want.Name, []string{"x.rune", "p.csv"}, true)
		} else {
			docs.Give(want.Name, text)
		}
	}
	set := docs.Finish()
	for _, d := range diags.All() {
		if d.Code == source.CodeMore { // it stands nowhere
			continue
		}
		file := files.File(d.Span.File)
		if d.Code == "" || d.Message == "" || file == nil || d.Span.Start > d.Span.End || int(d.Span.End) > len(file.Text) {
			t.Fatalf("%+v of %q", d, text)
		}
		files.Render(d)
	}
	for _, table := range set.Facts {
		if len(table.Rows) != table.Width*table.Len() {
			t.Fatalf("%s has %d cells, %d rows of %d", table.Pred, len(table.Rows), table.Len(), table.Width)
		}
	}
	return set, diags
}
