package main

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestValueText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`true`, `true`},
		{`-9223372036854775808`, `-9223372036854775808`},
		{`"a\"b\\c\nd\te\u0001\u00e9"`, `"a\"b\\c\nd\te\u{1}é"`},
		{`{"__entity":{"type":"A::B","id":"x\"y"}}`, `A::B::"x\"y"`},
		{`{"__extn":{"fn":"ip","arg":"10.0.0.0/8"}}`, `ip("10.0.0.0/8")`},
		{`[]`, `[]`},
		{`{}`, `{}`},
		{`[1,[2],{"a":{"b c":[]},"_x1":"y","1x":{"__entity":{"type":"U","id":""}},"":0}]`,
			`[1, [2], {a: {"b c": []}, _x1: "y", "1x": U::"", "": 0}]`},
	} {
		got, err := valueText(json.RawMessage(c.in))
		if got != c.want || err != nil {
			t.Errorf("valueText(%s) = %s, %v, want %s", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{``, `[`, `{"a":`, `{"__entity":{}}`, `{"__extn":1}`, `nope`} {
		if got, err := valueText(json.RawMessage(in)); err == nil {
			t.Errorf("valueText(%s) = %s", in, got)
		}
	}
}

// Whatever a string holds, its literal is one printable line.
func TestQuote_printable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if q := quote(s); plain(q) != q {
			t.Errorf("quote(%q) = %q isn't printable", s, q)
		}
	})
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"user:ann": "user:ann", "é ü": "é ü", "a\x1b[31m": `"a\x1b[31m"`, "a\nb": `"a\nb"`, "\u202e": `"\u202e"`, "\xff": `"\xff"`,
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestTame(t *testing.T) {
	if got := tame("a\x1b[31m\tb\u009b\nc\x7f"); got != "a\ufffd[31m\tb\ufffd\nc\ufffd" {
		t.Errorf("tame gives %q", got)
	}
}
