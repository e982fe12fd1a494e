package value

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNeedle_isBytesIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`(a|ab|aab|b){0,8}`).Draw(t, "part")
		text := strings.Repeat(part, rapid.IntRange(0, 12).Draw(t, "times")) + rapid.StringMatching(`[ab]{0,9}`).Draw(t, "end")
		s := []byte(rapid.StringMatching(`[ab]{0,9}`).Draw(t, "before") + strings.Repeat(text, rapid.IntRange(0, 3).Draw(t, "copies")) + rapid.StringMatching(`[ab]{0,60}`).Draw(t, "after"))
		n := newNeedle([]byte(text))
		if got, want := n.index(s), bytes.Index(s, []byte(text)); got != want {
			t.Fatalf("%q stands in %q at %d, not %d", text, s, want, got)
		}
		if text == "" {
			return
		}
		if got, want := n.count(s), bytes.Count(s, []byte(text)); got != want {
			t.Fatalf("%q stands in %q %d times, not %d", text, s, want, got)
		}
	})
}

func TestReplace_isBytesReplace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := NewTable(Key{})
		s := rapid.StringMatching(`[ab]{0,30}`).Draw(t, "text")
		old := rapid.StringMatching(`[ab]{1,3}`).Draw(t, "old")
		with := rapid.StringMatching(`[abc]{0,4}`).Draw(t, "new")
		got, f := tab.Apply(OpReplace, []Value{tab.String(s), tab.String(old), tab.String(with)})
		if f != nil || tab.TextString(got) != strings.ReplaceAll(s, old, with) {
			t.Fatalf("%q gives %q, %v", s, tab.Text(got), f)
		}
	})
}

func TestNeedle_prepared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := needle{text: []byte(rapid.StringMatching(`(aab|aac|ab|a){1,4}`).Draw(t, "text"))}
		n.prepare()
		var s []byte // starts of the text, so that it almost stands in many places
		for _, l := range rapid.SliceOfN(rapid.IntRange(1, len(n.text)), 0, 5).Draw(t, "starts") {
			s = append(s, n.text[:l]...)
		}
		if got, want := n.index(s), bytes.Index(s, n.text); got != want {
			t.Fatalf("%q stands in %q at %d, not %d", n.text, s, want, got)
		}
	})
}

// After aabaaa the search for aabaaac goes on from its border aa, not from a.
func TestNeedle_goesOnFromTheLongestBorder(t *testing.T) {
	n := needle{text: []byte("aabaaac")}
	n.prepare()
	if got := n.index([]byte("aabaaabaaac")); got != 4 {
		t.Errorf("found at %d", got)
	}
}

// A text of half a million characters and one that almost stands in it at each place: the product would take minutes.
func TestNeedle_isLinear(t *testing.T) {
	s := bytes.Repeat([]byte("a"), 1<<20)
	text := append(bytes.Repeat([]byte("a"), 1<<19), 'b')
	n := newNeedle(text)
	if n.index(s) >= 0 || n.back == nil {
		t.Error("found what isn't there, or without a table")
	}
}
