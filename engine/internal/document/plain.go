package document

import (
	"encoding/binary"
	"math/bits"

	"github.com/rune-authz/rune/engine/internal/value"
)

// short is a cell of at most shortLen bytes: the bytes, the first lowest, and in the highest byte the cell's length plus one, which is 0 for no cell.
type short struct{ low, high uint64 }

const shortLen = 15

// shortCell is a short cell's value.
type shortCell struct {
	text  short
	value value.Value
}

// shortCells remembers the values of short cells, each in the one place where it may stand: most stood in a row not long ago. What isn't
// remembered is asked of the table, so that no choice of cells makes more than that of work.
type shortCells [1 << shortBits]shortCell

const shortBits = 12

func (s *shortCells) at(text short) *shortCell {
	return &s[(text.low^bits.RotateLeft64(text.high, 29))*0x9e3779b97f4a7c15>>(64-shortBits)]
}

const everyByte = 0x0101010101010101

// ending flags, in their highest bits, the bytes of a word up to the comma: what may end a cell, and a few others. Flags above the lowest may
// be wrong.
func ending(word uint64) uint64 { return (word - everyByte*(','+1)) & ^word & (everyByte << 7) }

// stretch is how many bytes plainRows goes through at a time.
const stretch = 1 << 16

// plainRows reads rows, about a stretch of them, as long as they have no quotes, the header's width, and line ends like others. It may leave
// any row to be read by row.
func (r *csvReader) plainRows() {
	text, rows := r.text, r.out.Rows[:cap(r.out.Rows)]
	at, start, filled := r.at, r.at, len(r.out.Rows)
	stop := min(at+stretch, len(text)-16)
	c, k := 0, filled
	for at <= len(text)-16 {
		word := binary.LittleEndian.Uint64(text[at : at+8])
		n := bits.TrailingZeros64(ending(word)) >> 3
		cell := short{word & (1<<(8*n) - 1), uint64(n+1) << 56}
		if n == 8 {
			word = binary.LittleEndian.Uint64(text[at+8 : at+16])
			n = bits.TrailingZeros64(ending(word)) >> 3
			cell.high = word&(1<<(8*n)-1) | uint64(n+9)<<56
			n += 8
		}
		end, isShort := byte(0), n <= shortLen
		if isShort {
			end = text[at+n]
		}
		if end != ',' && end != '\n' {
			found := n
			if n, end = r.plainEnd(at + n); end == 0 {
				break
			}
			n -= at
			isShort = isShort && n == found
		}
		last := &r.last[c]
		if !isShort {
			r.intern(last, text[at:at+n])
		} else if last.short != cell {
			p := r.short.at(cell)
			if p.text != cell {
				p.text, p.value = cell, r.table.StringBytes(text[at:at+n])
			}
			last.short, last.value = cell, p.value
		}
		rows[k] = last.value
		k++
		c++
		at += n + 1
		if end == ',' {
			if c == len(r.last) {
				break
			}
			continue
		}
		if end == '\r' {
			at++
		}
		if c < len(r.last) {
			break
		}
		c, start, filled = 0, at, k
		if at >= stop {
			break
		}
	}
	r.table.Spend(start - r.at)
	r.at, r.out.Rows = start, rows[:filled]
}

// plainEnd finds the end of the cell that has no end before at: where it is, and the comma, line feed, or carriage return before a line feed
// that it is. It is 0 if there is none, or a quote before it.
func (r *csvReader) plainEnd(at int) (int, byte) {
	for ; at < len(r.text); at++ {
		if at <= len(r.text)-8 {
			n := bits.TrailingZeros64(ending(binary.LittleEndian.Uint64(r.text[at:at+8]))) >> 3
			if at += n; n == 8 {
				at--
				continue
			}
		}
		switch c := r.text[at]; c {
		case ',', '\n':
			return at, c
		case '\r':
			if at+1 < len(r.text) && r.text[at+1] == '\n' {
				return at, c
			}
			return at, 0
		case '"':
			return at, 0
		}
	}
	return at, 0
}

// lines counts the lines of a text.
func lines(text []byte) int {
	n := 1
	for len(text) >= 8 {
		sum := uint64(0) // by byte
		for words := 0; len(text) >= 8 && words < 255; words++ {
			x := binary.LittleEndian.Uint64(text) ^ everyByte*'\n'
			sum += ^((x&(everyByte*0x7f) + everyByte*0x7f) | x) >> 7 & everyByte
			text = text[8:]
		}
		sum = sum&0x00ff00ff00ff00ff + sum>>8&0x00ff00ff00ff00ff
		n += int(sum * 0x0001000100010001 >> 48)
	}
	for _, c := range text {
		if c == '\n' {
			n++
		}
	}
	return n
}
