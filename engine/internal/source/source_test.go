package source

import (
	"errors"
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	var fs Files
	id := fs.Add("a.rune", []byte("\xef\xbb\xbfone\r\ntwö x\n\nlast"))
	for _, c := range []struct {
		off, line, column int
		excerpt           string
	}{
		{3, 1, 1, "one"}, {5, 1, 3, "one"}, {8, 2, 1, "twö x"}, {13, 2, 5, "twö x"}, {15, 3, 1, ""}, {16, 4, 1, "last"}, {20, 4, 5, "last"}, {99, 4, 5, "last"},
	} {
		p := fs.Position(At(id, c.off))
		if p != (Position{"a.rune", c.line, c.column}) || fs.Excerpt(At(id, c.off)) != c.excerpt {
			t.Errorf("offset %d: %v %q", c.off, p, fs.Excerpt(At(id, c.off)))
		}
	}
	if p := fs.Position(Span{}); p != (Position{}) || fs.Excerpt(Span{}) != "" || fs.File(9) != nil || fs.Len() != 1 {
		t.Errorf("the zero span stands at %v", p)
	}
}

func TestExcerpt_longLine(t *testing.T) {
	var fs Files
	text := strings.Repeat("é", 600)
	id := fs.Add(".", []byte("x\n"+text+"!"+text))
	for off, want := range map[int]string{
		2:    strings.Repeat("é", 50) + "…",
		202:  "…" + strings.Repeat("é", 50) + strings.Repeat("é", 50) + "…",
		1202: "…" + strings.Repeat("é", 50) + "!" + strings.Repeat("é", 49) + "…",
		2403: "…" + strings.Repeat("é", 50),
	} {
		if got := fs.Excerpt(At(id, off)); got != want {
			t.Errorf("%d: %q, not %q", off, got, want)
		}
	}
	want := ".:2:601: error: m [c]\n  2 | …" + strings.Repeat("é", 50) + "!" + strings.Repeat("é", 49) + "…\n    | " + strings.Repeat(" ", 51) + "^\n"
	if got := fs.Render(Diagnostic{Code: "c", Message: "m", Span: Span{id, 1202, 1203}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestList_many keeps no more than can be read.
func TestList_many(t *testing.T) {
	var l List
	for i := range 2*most + 1 {
		l.Errorf(At(1, i), "a", "e").Help = "h"
		l.Warnf(At(1, 0), "w", "%d", i)
	}
	l.Warnf(At(1, 0), "w", "last")
	all := l.All()
	n := len(all)
	if n != 2*most+2 || l.Len() != 4*most+3 || all[n-2].Message != "errors that are not shown: 101" || all[n-1].Message != "warnings that are not shown: 102" {
		t.Errorf("%d of %d: %v", n, l.Len(), all[n-2:])
	}
}

func TestRender(t *testing.T) {
	var fs Files
	id := fs.Add("config.rune", []byte("first\n\tp(X) :- q.\n"))
	var l List
	d := l.Errorf(Span{id, 14, 15}, "datalog.unknown_predicate", "no predicate %q", "q")
	d.Help = "declare it"
	d.Related = append(d.Related, Related{At(id, 0), "p is first used here"})
	want := "config.rune:2:9: error: no predicate \"q\" [datalog.unknown_predicate]\n" +
		"  2 |  p(X) :- q.\n    |         ^\n  note: config.rune:1:1: p is first used here\n  help: declare it\n"
	if got := fs.Render(l.All()[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	nowhere := fs.Render(Diagnostic{Severity: Warning, Code: "x.y", Message: "m"})
	if nowhere != "warning: m [x.y]\n" {
		t.Errorf("nowhere: %q", nowhere)
	}
}

func TestList(t *testing.T) {
	var l List
	l.Warnf(At(2, 1), "b", "second")
	if l.Failed() {
		t.Error("a warning failed the load")
	}
	l.Errorf(At(1, 5), "a", "first")
	l.Errorf(At(1, 5), "a", "first")
	all := l.All()
	if !l.Failed() || l.Len() != 2 || len(all) != 2 || all[0].Message != "first" || all[1].Message != "second" {
		t.Errorf("%v", all)
	}
	if !errors.Is(all[0].Code, Code("a")) || all[0].Code.Error() != "a" {
		t.Error("codes are errors")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"policies", "rules", "data", "tests"}
	for word, want := range map[string]string{"polices": "policies", "ruels": "rules", "date": "data", "xyzzy": "", "tests'": "tests", "": ""} {
		if got := Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if long := string(make([]byte, 100)); Nearest(long, []string{long}) != "" {
		t.Error("overlong words have no neighbours")
	}
}

func TestSpan(t *testing.T) {
	if s := At(1, 2).To(Span{1, 5, 9}); s != (Span{1, 2, 9}) || s.IsZero() || !(Span{}).IsZero() {
		t.Errorf("%v", s)
	}
}
