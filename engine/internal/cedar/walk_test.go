package cedar

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

func TestNames_all(t *testing.T) {
	const text = `permit(principal is A::B in C::"c", action in [Action::"x", D::"d"], resource == E::"e")
		when { principal is F && resource is G in H::"h" && [I::"i"].contains({k: J::"\x6a"}) && "K::\"k\"" == "" }
		unless { principal in L :: // a comment
			"l" };
		forbid(principal in M::"m", action == Action::"n", resource);`
	table := value.NewTable(value.Key{})
	var got []string
	Names(table, parseAll(t, text), func(typ string, uid value.Value, at source.Span) {
		entity := ""
		if uid != value.None {
			entity = string(table.Append(nil, uid))
		}
		got = append(got, fmt.Sprintf("%s|%s|%s", typ, entity, compact(text[at.Start:at.End])))
	})
	want := []string{
		`A::B||A::B`, `C|C::"c"|C::"c"`, `Action|Action::"x"|Action::"x"`, `D|D::"d"|D::"d"`, `E|E::"e"|E::"e"`,
		`F||F`, `G||G`, `H|H::"h"|H::"h"`, `I|I::"i"|I::"i"`, `J|J::"j"|J::"\x6a"`, `L|L::"l"|L::"l"`,
		`M|M::"m"|M::"m"`, `Action|Action::"n"|Action::"n"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadsContext_forms(t *testing.T) {
	tests := []struct {
		text         string
		named, whole bool
	}{
		{`permit(principal, action, resource);`, false, false},
		{when(`context.now == 1`), true, false},
		{when(`context["now"] == 1`), true, false},
		{when(`context has now`), true, false},
		{when(`context has now.x`), true, false},
		{when(`context has x.now`), false, false},
		{when(`context.later == 1 && principal.now == 1`), false, false},
		{when(`context == {now: 1}`), false, true},
		{when(`context`), false, true},
		{when(`{c: context}.c.now == 1`), false, true},
		{when(`context.now == 1 || [context].isEmpty()`), true, true},
		{when(`true`) + when(`context.now == 1`), true, false},
	}
	for _, tt := range tests {
		if named, whole := ReadsContext(parseAll(t, tt.text), "now"); named != tt.named || whole != tt.whole {
			t.Errorf("%s: named %t, whole %t", tt.text, named, whole)
		}
	}
}

func TestParse_annotations(t *testing.T) {
	const text = `@id("first") @reason("because \"so\"") @note
		permit(principal, action, resource);
		@id @reason forbid(principal, action, resource);
		@reason("") permit(principal, action, resource);`
	ps, files, diags := parse(text)
	if len(ps) != 3 || len(diags) != 1 || diags[0].Severity != source.Warning || diags[0].Code != codeEmptyID {
		t.Fatalf("%d policies\n%s", len(ps), show(files, diags))
	}
	type part struct {
		Forbid      bool
		ID, Message string
		HasMessage  bool
		Annotations []string
	}
	var got []part
	for _, p := range ps {
		g := part{Forbid: p.Forbid, ID: p.ID, Message: p.Message, HasMessage: p.HasMessage}
		for _, a := range p.Annotations {
			g.Annotations = append(g.Annotations, fmt.Sprintf("%s=%s at %s", a.Key, a.Value, text[a.Span.Start:a.Span.End]))
		}
		got = append(got, g)
	}
	want := []part{
		{false, "first", `because "so"`, true, []string{`id=first at @id("first")`, `reason=because "so" at @reason("because \"so\"")`, `note= at @note`}},
		{true, "", "", true, []string{`id= at @id`, `reason= at @reason`}},
		{false, "", "", true, []string{`reason= at @reason("")`}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at := ps[0].IDSpan; text[at.Start:at.End] != `@id("first")` {
		t.Errorf("the id stands at %q", text[at.Start:at.End])
	}
}

// A part of a file is read with places in the whole.
func TestParse_part(t *testing.T) {
	const before, text = "[policies]\n", "permit(principal, action, resource);"
	var files source.Files
	var diags source.List
	id := files.Add("x.rune", []byte(before+text+"\n[data]\nx = 1\n"))
	ps := Parse(value.NewTable(value.Key{}), &files, id, len(before), len(before+text), &diags)
	if len(ps) != 1 || diags.Len() != 0 || files.Position(ps[0].Span) != (source.Position{File: "x.rune", Line: 2, Column: 1}) {
		t.Errorf("%d policies, %d diagnostics", len(ps), diags.Len())
	}
}
