package value

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSkipPlain compares it with looking at one byte after the other.
func TestSkipPlain(t *testing.T) {
	plain := func(c byte) bool { return c >= ' ' && c < 0x80 && c != '"' && c != '\\' }
	for c := range 256 { // each byte in each place, among others that are next to special ones
		for place := range 9 {
			s := []byte("!#[]~ z !#")
			s[place] = byte(c)
			want := len(s)
			if !plain(byte(c)) {
				want = place
			}
			if got := SkipPlain(s, 0); got != want {
				t.Fatalf("%q: %d, want %d", s, got, want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOfN(rapid.SampledFrom([]byte("ab !#[]\"\\\x00\x1f\x7f\x80\xff")), 0, 40).Draw(t, "s")
		start := rapid.IntRange(0, len(s)).Draw(t, "start")
		want := start
		for want < len(s) && plain(s[want]) {
			want++
		}
		if got := SkipPlain(s, start); got != want {
			t.Fatalf("%q from %d: %d, want %d", s, start, got, want)
		}
	})
}
