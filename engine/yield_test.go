package engine

import (
	"fmt"
	"strings"
	"testing"
)

// A load yields however its facts and policies are written: a host written in Go can't collect its garbage in between.
func TestLoad_yields(t *testing.T) {
	const n = 20_000
	repeat := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text  string
		least int // pauses
	}{
		"rules":    {"[rules]\n" + repeat("m(\"u%d\", \"g\").\n"), 320},
		"data":     {"[data]\nm = [\n" + repeat("[\"u%d\", \"g\"],\n") + "]\n", 40},
		"policies": {"[policies]\n" + repeat("permit(principal == User::\"u%d\", action, resource) when { context.x > 3 };\n"), 1200},
		"entities": {"[entities]\n[" + repeat(`{"uid":{"type":"User","id":"u%d"},"attrs":{"a":1},"parents":[]},`) +
			`{"uid":{"type":"User","id":"last"},"attrs":{},"parents":[]}]`, 80},
	} {
		yields := 0
		l := NewLoader("config.rune", []byte("version = \"rune/1.0\"\n"+c.text), Host{Yield: func() { yields++ }})
		l.Next()
		if e, reply := l.Commit(); e == nil {
			t.Fatalf("%s: %.300s", name, reply)
		}
		if yields < c.least {
			t.Errorf("%s: %d yields, want at least %d", name, yields, c.least)
		}
	}
}
