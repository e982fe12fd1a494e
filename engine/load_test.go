package engine

import (
	"strings"
	"testing"
)

// TestLoader_listing: a folder's names come as one JSON array of strings, and what doesn't is refused and asked for again.
func TestLoader_listing(t *testing.T) {
	begin := func() *Loader {
		l := NewLoader("config.rune", []byte("version = \"rune/1.0\"\ninclude = [\"parts/*.rune\"]\n"), Host{})
		if next := string(l.Next()); next != `{"list":"parts"}` {
			t.Fatalf("asks for %s", next)
		}
		return l
	}
	for _, bad := range []string{"", "null", "{}", `["a.rune"`, `["a.rune",1]`, `["a.rune"] []`, `["a.rune",]`, `"a.rune"`, `[["a.rune"]]`} {
		if reply := string(begin().Give("parts", []byte(bad), false)); !strings.Contains(reply, `"code":"abi.listing"`) {
			t.Errorf("%s: %s", bad, reply)
		}
	}
	for _, good := range []string{`["a.rune"]`, ` [ "b.txt" , "a.\u0072une", "\ud800", "` + "\xff" + `" ] `} {
		l := begin()
		if reply := string(l.Give("parts", []byte(good), false)); reply != "{}" {
			t.Errorf("%s: %s", good, reply)
		}
		if next := string(l.Next()); next != `{"read":"parts/a.rune"}` {
			t.Errorf("%s: then asks for %s", good, next)
		}
	}
}
