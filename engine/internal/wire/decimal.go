package wire

import (
	"bytes"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// anyNumber reads a number that may have a fraction or an exponent, and then is a decimal, as it is where a decimal is wanted.
func (r *Reader) anyNumber(typ *schema.Type) (value.Value, bool) {
	start := r.pos
	whole, fraction, ok := r.numeral()
	if !ok {
		return value.None, false
	}
	if !fraction && (typ == nil || typ.Kind != value.KindDecimal) {
		n, ok := long(whole, r.text[start] == '-')
		if !ok {
			return value.None, r.notLong(start, r.text[start:r.pos])
		}
		return r.Table.Long(n), true
	}
	text := r.text[start:r.pos]
	if r.buf, ok = appendDecimal(r.buf[:0], text); !ok {
		return value.None, r.fail(start, CodeNumber, quoteNumber(text)+" is no decimal, which has at most four digits after the point")
	}
	return r.parse(start, parsers[value.KindDecimal], r.buf)
}

// appendDecimal appends a number of JSON as the text of a decimal. It reports whether four digits after the point hold it, and those before it
// are no more than a decimal can have.
func appendDecimal(dst, number []byte) ([]byte, bool) {
	const mostWhole, mostFraction = 15, 4
	if number[0] == '-' {
		dst, number = append(dst, '-'), number[1:]
	}
	mantissa, exponent := number, 0
	if i := bytes.IndexAny(number, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(string(number[i+1:])); err != nil {
			exponent = 1 << 30 // out of any range, unless the number is 0
		}
		mantissa = number[:i]
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	var room [64]byte
	digits := bytes.TrimLeft(append(append(room[:0], whole...), fraction...), "0")
	point := len(digits) - len(fraction) + exponent // how many digits stand before it
	digits = bytes.TrimRight(digits, "0")
	if len(digits) == 0 {
		return append(dst, "0.0"...), true
	}
	if point > mostWhole || len(digits)-point > mostFraction {
		return dst, false
	}
	for i := range point {
		dst = append(dst, digitAt(digits, i))
	}
	if point <= 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, '.')
	for i := point; i < max(len(digits), point+1); i++ {
		dst = append(dst, digitAt(digits, i))
	}
	return dst, true
}

// digitAt returns a digit, 0 before the first and behind the last.
func digitAt(digits []byte, i int) byte {
	if i < 0 || i >= len(digits) {
		return '0'
	}
	return digits[i]
}
