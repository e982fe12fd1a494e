// Package blake2b is the hash function BLAKE2b-256 (RFC 7693), without a key.
//
// It is here because wasm has 64-bit additions and rotations and no instructions for any hash: a file of facts took longer to hash by
// crypto/sha256 than to read. There, this takes an eighth of the time of crypto/sha256, and a third of that of golang.org/x/crypto/blake2b.
package blake2b

import "encoding/binary"

//go:generate go run generate.go

// Size is the length of a hash in bytes.
const Size = 32

const blockSize = 128

var iv = [8]uint64{iv0, iv1, iv2, iv3, iv4, iv5, iv6, iv7}

// Hash hashes what is written to it. The zero value isn't ready: see [New].
type Hash struct {
	h    [8]uint64
	done uint64 // bytes compressed
	buf  [blockSize]byte
	n    int // bytes in buf, of which the last block keeps some
}

// New returns a hash to which nothing was written.
func New() *Hash {
	h := &Hash{h: iv}
	h.h[0] ^= 1<<24 | 1<<16 | Size // no tree, no key
	return h
}

// Write adds p.
func (h *Hash) Write(p []byte) {
	if room := blockSize - h.n; h.n > 0 && len(p) > room {
		copy(h.buf[h.n:], p[:room])
		h.compress(h.buf[:], blockSize, 0)
		h.n, p = 0, p[room:]
	}
	if len(p) > blockSize {
		whole := (len(p) - 1) &^ (blockSize - 1)
		h.compress(p[:whole], blockSize, 0)
		p = p[whole:]
	}
	h.n += copy(h.buf[h.n:], p)
}

// Sum returns the hash of what was written. Nothing may be written after it.
func (h *Hash) Sum() (sum [Size]byte) {
	clear(h.buf[h.n:])
	h.compress(h.buf[:], uint64(h.n), ^uint64(0))
	for i := range Size / 8 {
		binary.LittleEndian.PutUint64(sum[8*i:], h.h[i])
	}
	return sum
}

// Sum returns the hash of p.
func Sum(p []byte) [Size]byte {
	h := New()
	h.Write(p)
	return h.Sum()
}
