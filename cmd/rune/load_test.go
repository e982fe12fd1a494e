package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/host"
)

func TestRelocate(t *testing.T) {
	for _, c := range []struct{ path, name, want string }{
		{"config.rune", "config.rune", "config.rune"},
		{"config.rune", ".", "config.rune"},
		{"config.rune", "", ""},
		{"config.rune", "parts/a.rune", "parts/a.rune"},
		{"a/b/config.rune", "parts/c.rune", "a/b/parts/c.rune"},
		{"./a/config.rune", "config.rune", "./a/config.rune"},
		{"./a/config.rune", "c.rune", "a/c.rune"},
		{"../a/config.rune", "c.rune", "../a/c.rune"},
		{"/abs/config.rune", "c.rune", "/abs/c.rune"},
		{"a/x_test.rune", "../config.rune", "config.rune"},
		{"a/b/x_test.rune", "../config.rune", "a/config.rune"},
	} {
		if got := relocate(c.path, c.name); got != c.want {
			t.Errorf("relocate(%q, %q) = %q, want %q", c.path, c.name, got, c.want)
		}
	}
}

func TestRelocateDiagnostic_everywhere(t *testing.T) {
	d := host.Diagnostic{
		Severity: "error", Code: "x", Message: "m", File: "a.rune", Line: 2, Column: 3,
		Notes: []host.Note{{Message: "first", File: "config.rune", Line: 1, Column: 1}, {Message: "first", File: "b.rune", Line: 1, Column: 1}},
		Text:  "a.rune:2:3: error: m [x]\n  2 | a.rune:2:3: \n    | ^\n  note: config.rune:1:1: first\n  note: b.rune:1:1: first\n",
	}
	before := d.Notes[0]
	got := relocateDiagnostic("dir/config.rune", d)
	want := d
	want.File = "dir/a.rune"
	want.Notes = []host.Note{{Message: "first", File: "dir/config.rune", Line: 1, Column: 1}, {Message: "first", File: "dir/b.rune", Line: 1, Column: 1}}
	want.Text = "dir/a.rune:2:3: error: m [x]\n  2 | a.rune:2:3: \n    | ^\n  note: dir/config.rune:1:1: first\n  note: dir/b.rune:1:1: first\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Notes[0] != before {
		t.Error("the original changed")
	}
}

func TestPaintDiagnostic(t *testing.T) {
	d := host.Diagnostic{Severity: "warning", Text: "a.rune:2:3: warning: m ^ [x]\n  2 | ^ x\n    |   ^^\n  help: do it\n"}
	if got := paintDiagnostic(false, d); got != d.Text {
		t.Errorf("without colours: %q", got)
	}
	want := "\x1b[1ma.rune:2:3: \x1b[0m\x1b[1;33mwarning:\x1b[0m \x1b[1mm ^ [x]\x1b[0m\n  2 | ^ x\n    |   \x1b[1;31m^^\x1b[0m\n  \x1b[1;34mhelp:\x1b[0m do it\n"
	if got := paintDiagnostic(true, d); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := paintDiagnostic(true, host.Diagnostic{Severity: "error", Text: "odd"}); got != "odd\n" {
		t.Errorf("without a position: %q", got)
	}
}
