package blake2b

import (
	"encoding/hex"
	"testing"

	"golang.org/x/crypto/blake2b"
	"pgregory.net/rapid"
)

// TestSum_known takes the hashes of "" and "abc" from b2sum -l 256.
func TestSum_known(t *testing.T) {
	for text, want := range map[string]string{
		"":    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
		"abc": "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
	} {
		if sum := Sum([]byte(text)); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%q: %x", text, sum)
		}
	}
}

// TestHash compares with golang.org/x/crypto/blake2b, whatever is written at a time.
func TestHash(t *testing.T) {
	for n := range 600 {
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(i * n)
		}
		if got, want := Sum(text), blake2b.Sum256(text); got != want {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		h := New()
		want, _ := blake2b.New256(nil)
		for range rapid.IntRange(0, 10).Draw(t, "parts") {
			n := rapid.SampledFrom([]int{0, 1, 63, 127, 128, 129, 255, 256, 257, 1000}).Draw(t, "length")
			part := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "part")
			h.Write(part)
			want.Write(part)
		}
		if got := h.Sum(); hex.EncodeToString(got[:]) != hex.EncodeToString(want.Sum(nil)) {
			t.Fatalf("%x, want %x", got, want.Sum(nil))
		}
	})
}

func TestHash_allocations(t *testing.T) {
	text := make([]byte, 1000)
	if n := testing.AllocsPerRun(100, func() { Sum(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHash(b *testing.B) {
	text := make([]byte, 1<<16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Sum(text)
	}
}
