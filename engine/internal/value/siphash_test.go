package value

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// sipHash is the algorithm as its paper gives it, with c rounds for each word and d at the end.
func sipHash(c, d int, k Key, words ...uint64) uint64 {
	v := [4]uint64{k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d, k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573}
	rounds := func(n int) {
		for range n {
			v[0] += v[1]
			v[2] += v[3]
			v[1] = bits.RotateLeft64(v[1], 13)
			v[3] = bits.RotateLeft64(v[3], 16)
			v[1] ^= v[0]
			v[3] ^= v[2]
			v[0] = bits.RotateLeft64(v[0], 32)
			v[2] += v[1]
			v[0] += v[3]
			v[1] = bits.RotateLeft64(v[1], 17)
			v[3] = bits.RotateLeft64(v[3], 21)
			v[1] ^= v[2]
			v[3] ^= v[0]
			v[2] = bits.RotateLeft64(v[2], 32)
		}
	}
	for _, m := range words {
		v[3] ^= m
		rounds(c)
		v[0] ^= m
	}
	v[2] ^= 0xff
	rounds(d)
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// words pads a text with zeros and its length.
func words(text []byte) (out []uint64) {
	padded := append(bytes.Clone(text), make([]byte, 8-len(text)%8)...)
	padded[len(padded)-1] = byte(len(text))
	for ; len(padded) > 0; padded = padded[8:] {
		out = append(out, binary.LittleEndian.Uint64(padded))
	}
	return out
}

func fold(h uint64) uint32 { return uint32(h) ^ uint32(h>>32) }

// TestKey compares the hash with the algorithm of the paper, and that with the paper's test vector.
func TestKey(t *testing.T) {
	counting := make([]byte, 16)
	for i := range counting {
		counting[i] = byte(i)
	}
	k := Key{binary.LittleEndian.Uint64(counting), binary.LittleEndian.Uint64(counting[8:])}
	if h := sipHash(2, 4, k, words(counting[:15])...); h != 0xa129ca6149be45e5 {
		t.Fatalf("SipHash-2-4 gives %x", h)
	}
	rapid.Check(t, func(t *rapid.T) {
		k := Key{rapid.Uint64().Draw(t, "k0"), rapid.Uint64().Draw(t, "k1")}
		text := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "text")
		if got, want := k.hashBytes(text), fold(sipHash(1, 3, k, words(text)...)); got != want {
			t.Fatalf("hashBytes(%x) is %x, want %x", text, got, want)
		}
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		if got, want := k.hashPair(a, b), fold(sipHash(1, 3, k, a, b)); got != want {
			t.Fatalf("hashPair(%x, %x) is %x, want %x", a, b, got, want)
		}
		values := []Value{Value(a), Value(a >> 32), Value(b)}
		for n, last := range []uint64{2: 1 << 63, 3: 1<<63 | b&0xffffffff} {
			if got, want := k.hashWords(values[:n]), fold(sipHash(1, 3, k, a, last)); n >= 2 && got != want {
				t.Fatalf("hashWords(%x) is %x, want %x", values[:n], got, want)
			}
		}
	})
}

func TestEqual(t *testing.T) {
	for n := range 40 {
		a := bytes.Repeat([]byte{7}, n)
		if !equal(a, bytes.Clone(a)) || equal(a, append(bytes.Clone(a), 7)) {
			t.Errorf("wrong for %d bytes", n)
		}
		for i := range n {
			b := bytes.Clone(a)
			b[i] = 8
			if equal(a, b) {
				t.Errorf("byte %d of %d is not compared", i, n)
			}
		}
	}
}
