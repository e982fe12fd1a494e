package document

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"", `""`}, {"a\"\n", `"a\"\n"`}, {strings.Repeat("a", 60), `"` + strings.Repeat("a", 60) + `"`},
		{strings.Repeat("a", 61), `"` + strings.Repeat("a", 60) + `…"`}, {"a" + strings.Repeat("é", 40), `"a` + strings.Repeat("é", 29) + `…"`},
	} {
		if got := quote(x.text); got != x.want {
			t.Errorf("%q: %s", x.text, got)
		}
	}
	if got := list(nil) + list([]string{"a"}) + list([]string{"a", "b", "c"}); got != "aa, b or c" {
		t.Error(got)
	}
}
