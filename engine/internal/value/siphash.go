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
	s := k.start()
	n := len(b)
	for len(b) >= 8 {
		s.mix(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	var last [8]byte
	copy(last[:], b)
	last[7] = byte(n)
	s.mix(binary.LittleEndian.Uint64(last[:]))
	return s.finish()
}

func (k Key) hashString(s string) uint32 {
	return k.hashBytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// hashWords hashes handles.
func (k Key) hashWords(w []Value) uint32 {
	s := k.start()
	for len(w) >= 2 {
		s.mix(uint64(w[0]) | uint64(w[1])<<32)
		w = w[2:]
	}
	last := uint64(1) << 63
	if len(w) == 1 {
		last |= uint64(w[0])
	}
	s.mix(last)
	return s.finish()
}

// hashPair hashes two words.
func (k Key) hashPair(a, b uint64) uint32 {
	s := k.start()
	s.mix(a)
	s.mix(b)
	return s.finish()
}

type sip struct{ v0, v1, v2, v3 uint64 }

func (k Key) start() sip {
	return sip{k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d, k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573}
}

func (s *sip) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

func (s *sip) mix(m uint64) {
	s.v3 ^= m
	s.round()
	s.v0 ^= m
}

func (s *sip) finish() uint32 {
	s.v2 ^= 0xff
	s.round()
	s.round()
	s.round()
	h := s.v0 ^ s.v1 ^ s.v2 ^ s.v3
	return uint32(h) ^ uint32(h>>32)
}

// Seed returns a number that only the table's key tells, for hashes of its handles that are kept elsewhere.
func (t *Table) Seed() uint64 { return uint64(t.key.hashPair(0, 1))<<32 | uint64(t.key.hashPair(1, 0)) }
