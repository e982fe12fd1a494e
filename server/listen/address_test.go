package listen

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		text            string
		ok, local, unix bool
	}{
		{"127.0.0.1:8181", true, true, false},
		{"127.9.9.9:0", true, true, false},
		{"[::1]:8181", true, true, false},
		{"[::ffff:127.0.0.1]:1", true, true, false},
		{"LocalHost:1", true, true, false},
		{"localhost:http", true, true, false},
		{":8181", true, false, false},
		{"0.0.0.0:1", true, false, false},
		{"[::]:1", true, false, false},
		{"10.0.0.1:1", true, false, false},
		{"localhost.example.com:1", true, false, false},
		{"2130706433:1", true, false, false}, // some resolvers read it as 127.0.0.1
		{"unix:/run/rune.sock", true, true, true},
		{"unix:rune.sock", true, true, true},
		{"", false, false, false},
		{"8181", false, false, false},
		{"127.0.0.1", false, false, false},
		{"127.0.0.1:", false, false, false},
		{"127.0.0.1:70000", false, false, false},
		{"127.0.0.1:-1", false, false, false},
		{"::1:8181", false, false, false},
		{"unix:", false, false, false},
		{"unix:a\x00b", false, false, false},
		{"unix:/" + strings.Repeat("a", maxSocketPath), false, false, false},
	} {
		a, err := ParseAddress(c.text)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !c.ok {
			if !a.IsZero() {
				t.Errorf("%q gives %v beside an error", c.text, a)
			}
			continue
		}
		if a.Local() != c.local || a.Unix() != c.unix || a.String() != c.text {
			t.Errorf("%q: local %v, unix %v, text %q", c.text, a.Local(), a.Unix(), a)
		}
	}
}
