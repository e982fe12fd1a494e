package value

import (
	"encoding/binary"
	"math/bits"
)

const (
	eachByte = 0x0101010101010101
	topBits  = 0x8080808080808080
)

// SkipPlain returns the place of the first byte from i on that isn't plain in a JSON string: a quote, a backslash, a control character, or
// outside of ASCII; or len(s). It takes eight bytes at a time: scanning is a good part of the way of a request.
func SkipPlain(s []byte, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		quote, backslash := w^('"'*eachByte), w^('\\'*eachByte)
		// A byte's top bit is set where the byte is special. Borrows reach only upwards, so that the lowest is exact.
		special := (w-' '*eachByte)&^w | (quote-eachByte)&^quote | (backslash-eachByte)&^backslash | w
		if special &= topBits; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < 0x80 && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}
