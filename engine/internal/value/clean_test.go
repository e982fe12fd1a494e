package value

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCleanPath holds cleaning to package path's.
func TestCleanPath(t *testing.T) {
	tab := NewTable(Key{})
	rapid.Check(t, func(t *rapid.T) {
		p := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"/", "/", "a", "bc", ".", "..", ".d", "..."}), 1, 12).Draw(t, "parts"), "")
		if tab.checkPath([]byte(p)) != nil {
			return
		}
		if got, want := tab.cleanPath(0, []byte(p)), path.Clean(p); got != want {
			t.Fatalf("%q: %q, want %q", p, got, want)
		}
	})
}
