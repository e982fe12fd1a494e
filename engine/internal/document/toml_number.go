package document

import (
	"bytes"
	"math"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/value"
)

// number makes a long of an integer and a decimal of any other number. It returns None where that was reported.
func (r *tomlReader) number(start int, word []byte) value.Value {
	if base, digits := prefixed(word); base != 0 {
		return r.long(start, word, digits, base)
	}
	n, ok := cutNumber(word)
	if !ok {
		r.badNumber(start, word)
		return value.None
	}
	if !n.fraction {
		return r.long(start, word, word, 10)
	}
	return r.decimal(start, word, n)
}

// prefixed cuts 0x, 0o or 0b.
func prefixed(word []byte) (base int, digits []byte) {
	if len(word) < 2 || word[0] != '0' {
		return 0, nil
	}
	switch word[1] {
	case 'x':
		base = 16
	case 'o':
		base = 8
	case 'b':
		base = 2
	}
	return base, word[2:]
}

func (r *tomlReader) badNumber(start int, word []byte) {
	d := r.diags.Errorf(r.here(start), codeNumber, "%s is no number", quote(string(word)))
	digits := bytes.TrimLeft(word, "+-")
	switch {
	case len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]):
		d.Help = "a number has no zeros in front; text stands in quotes"
	case bytes.IndexByte(word, '_') >= 0:
		d.Help = "an underscore stands between two digits"
	default:
		d.Help = "text stands in quotes: " + quote(string(word))
	}
}

// long reads an integer whose digits may have underscores between them.
func (r *tomlReader) long(start int, word, digits []byte, base int) value.Value {
	if base != 10 && !grouped(digits, base) {
		r.badNumber(start, word)
		return value.None
	}
	n, err := strconv.ParseInt(string(bytes.ReplaceAll(digits, []byte("_"), nil)), base, 64)
	if err != nil {
		r.diags.Errorf(r.here(start), codeRange, "%s doesn't fit into 64 bits", quote(string(word)))
		return value.None
	}
	return r.table.Long(n)
}

// grouped reports whether s is digits of a base, at least one, with single underscores between them.
func grouped(s []byte, base int) bool {
	last := byte('_')
	for _, c := range s {
		digit := isHex(c) && int(hexDigit(c)) < base
		if !digit && (c != '_' || last == '_') {
			return false
		}
		last = c
	}
	return last != '_'
}

// number is a number cut into its parts; underscores are still in them.
type number struct {
	negative    bool
	whole, frac []byte
	exponent    []byte
	fraction    bool // it has a point or an exponent
}

// cutNumber cuts [+-] digits [ "." digits ] [ "e" [+-] digits ].
func cutNumber(word []byte) (n number, ok bool) {
	if len(word) > 0 && (word[0] == '-' || word[0] == '+') {
		n.negative = word[0] == '-'
		word = word[1:]
	}
	if i := bytes.IndexAny(word, "eE"); i >= 0 {
		n.fraction = true
		n.exponent = word[i+1:]
		word = word[:i]
		digits := n.exponent
		if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
			digits = digits[1:]
		}
		if !grouped(digits, 10) {
			return n, false
		}
	}
	if i := bytes.IndexByte(word, '.'); i >= 0 {
		n.fraction = true
		n.frac = word[i+1:]
		word = word[:i]
		if !grouped(n.frac, 10) {
			return n, false
		}
	}
	n.whole = word
	return n, grouped(word, 10) && (len(word) == 1 || word[0] != '0')
}

// decimal is exact: what four fractional digits don't hold is reported.
func (r *tomlReader) decimal(start int, word []byte, n number) value.Value {
	digits := bytes.ReplaceAll(append(bytes.Clone(n.whole), n.frac...), []byte("_"), nil)
	places := len(n.frac) - bytes.Count(n.frac, []byte("_"))
	digits = bytes.TrimLeft(digits, "0")
	trimmed := bytes.TrimRight(digits, "0")
	shift := exponent(n.exponent) - places + len(digits) - len(trimmed) + 4 // of the digits, to ten-thousandths
	switch {
	case len(trimmed) == 0:
		return r.table.Decimal(0)
	case shift < 0:
		r.diags.Errorf(r.here(start), codeDecimal, "%s has more than four fractional digits", quote(string(word))).Help = "round it, or write it as text in quotes"
		return value.None
	case len(trimmed)+shift <= 19:
		u, err := strconv.ParseUint(string(append(trimmed, bytes.Repeat([]byte("0"), shift)...)), 10, 64)
		if err == nil && u <= math.MaxInt64 && n.negative {
			return r.table.Decimal(-int64(u))
		}
		if err == nil && u <= math.MaxInt64 {
			return r.table.Decimal(int64(u))
		}
		if u == 1<<63 && n.negative {
			return r.table.Decimal(math.MinInt64)
		}
	}
	r.diags.Errorf(r.here(start), codeRange, "%s is beyond the range of decimals", quote(string(word))).Help = "a decimal lies between -922337203685477.5808 and 922337203685477.5807"
	return value.None
}

// exponent reads an exponent; one too large to matter is cut.
func exponent(s []byte) int {
	const most = 1 << 20
	negative := bytes.HasPrefix(s, []byte("-"))
	n := 0
	for _, c := range s {
		if isDigit(c) {
			n = min(n*10+int(c-'0'), most)
		}
	}
	if negative {
		return -n
	}
	return n
}
