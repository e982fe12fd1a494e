package value

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Key keys the table's hash. Whoever may choose request strings must not know it; no output depends on it.
type Key [2]uint64

// hashBytes is SipHash-1-3 (Aumasson and Bernstein 2012, with one compression and three finalisation rounds), folded to
// 32 bits. A weak hash here made a look-up 240 times slower under chosen strings.
func (k Key) hashBytes(b []byte) uint32 {
	v0, v1, v2, v3 := k.start()
	n := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		v0, v1, v2, v3 = mix(v0, v1, v2, v3, binary.LittleEndian.Uint64(b))
	}
	return finish(v0, v1, v2, v3, tail(b)|n<<56)
}

// tail returns the bytes of b, of which there are fewer than 8, the first lowest.
func tail(b []byte) uint64 {
	n := len(b)
	switch {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*(n-4)&63)
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<(8*(n/2)&63) | uint64(b[n-1])<<(8*(n-1)&63)
	}
	return 0
}

// equal compares texts without a call: by words, of which the last two may overlap.
func equal(a, b []byte) bool {
	n := len(a)
	switch {
	case n != len(b):
		return false
	case n >= 8:
		for i := 0; i+8 < n; i += 8 {
			if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
				return false
			}
		}
		return binary.LittleEndian.Uint64(a[n-8:]) == binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		return binary.LittleEndian.Uint32(a) == binary.LittleEndian.Uint32(b) && binary.LittleEndian.Uint32(a[n-4:]) == binary.LittleEndian.Uint32(b[n-4:])
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (k Key) hashString(s string) uint32 {
	return k.hashBytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// hashWords hashes handles.
func (k Key) hashWords(w []Value) uint32 {
	v0, v1, v2, v3 := k.start()
	for ; len(w) >= 2; w = w[2:] {
		v0, v1, v2, v3 = mix(v0, v1, v2, v3, uint64(w[0])|uint64(w[1])<<32)
	}
	last := uint64(1) << 63
	if len(w) == 1 {
		last |= uint64(w[0])
	}
	return finish(v0, v1, v2, v3, last)
}

// hashPair hashes two words.
func (k Key) hashPair(a, b uint64) uint32 {
	v0, v1, v2, v3 := k.start()
	v0, v1, v2, v3 = mix(v0, v1, v2, v3, a)
	return finish(v0, v1, v2, v3, b)
}

// start gives the state to begin with. It is four variables throughout, which stay in registers in wasm, as a structure doesn't.
func (k Key) start() (v0, v1, v2, v3 uint64) {
	return k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d, k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573
}

func round(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v2 += v3
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 = bits.RotateLeft64(v0, 32) + v3
	v2 += v1
	return v0, bits.RotateLeft64(v1, 17) ^ v2, bits.RotateLeft64(v2, 32), bits.RotateLeft64(v3, 21) ^ v0
}

// mix takes in a word.
func mix(v0, v1, v2, v3, m uint64) (w0, w1, w2, w3 uint64) {
	w0, w1, w2, w3 = round(v0, v1, v2, v3^m)
	return w0 ^ m, w1, w2, w3
}

// finish takes in the last word.
func finish(v0, v1, v2, v3, m uint64) uint32 {
	v0, v1, v2, v3 = mix(v0, v1, v2, v3, m)
	v0, v1, v2, v3 = round(v0, v1, v2^0xff, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	h := v0 ^ v1 ^ v2 ^ v3
	return uint32(h) ^ uint32(h>>32)
}

// Seed returns a number that only the table's key tells, for hashes of its handles that are kept elsewhere.
func (t *Table) Seed() uint64 { return uint64(t.key.hashPair(0, 1))<<32 | uint64(t.key.hashPair(1, 0)) }
