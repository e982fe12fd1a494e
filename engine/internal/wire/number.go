package wire

import "bytes"

// number reads a number, which must be a long.
func (r *Reader) number() (int64, bool) {
	if n, end := shortNumber(r.text, r.pos); end > 0 {
		r.pos = end
		return n, true
	}
	start := r.pos
	whole, fraction, ok := r.numeral()
	if !ok {
		return 0, false
	}
	if !fraction {
		if n, ok := long(whole, r.text[start] == '-'); ok {
			return n, true
		}
	}
	return 0, r.notLong(start, r.text[start:r.pos])
}

// numeral passes over a number, and returns the digits of its whole part and whether it has more.
func (r *Reader) numeral() (whole []byte, fraction, ok bool) {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	first := r.pos
	if !r.digits() {
		return nil, false, r.syntax("expected a digit")
	}
	if r.text[first] == '0' && r.pos > first+1 {
		return nil, false, r.fail(start, CodeSyntax, "a number starts with a superfluous zero")
	}
	whole = r.text[first:r.pos]
	fraction, ok = r.fraction()
	return whole, fraction, ok
}

// shortNumber reads a natural number of few digits that a comma or a bracket follows, as most are. It returns the end, or 0.
func shortNumber(text []byte, i int) (n int64, end int) {
	const most = 15
	start := i
	for ; i < len(text) && i-start < most; i++ {
		c := text[i]
		if c < '0' || c > '9' {
			if i == start || text[start] == '0' && i > start+1 || c != ',' && c != '}' && c != ']' {
				return 0, 0
			}
			return n, i
		}
		n = n*10 + int64(c-'0')
	}
	return 0, 0
}

// digits reads at least one digit.
func (r *Reader) digits() bool {
	start := r.pos
	for r.pos < len(r.text) && r.text[r.pos] >= '0' && r.text[r.pos] <= '9' {
		r.pos++
	}
	return r.pos > start
}

// fraction reads the fraction and the exponent of a number, and reports whether there is either.
func (r *Reader) fraction() (some, ok bool) {
	if r.peek() == '.' {
		some = true
		if r.pos++; !r.digits() {
			return true, r.syntax("expected a digit")
		}
	}
	if r.peek()|0x20 == 'e' {
		some = true
		if r.pos++; r.peek() == '+' || r.peek() == '-' {
			r.pos++
		}
		if !r.digits() {
			return true, r.syntax("expected a digit")
		}
	}
	return some, true
}

// long returns the number that digits are.
func long(digits []byte, negative bool) (int64, bool) {
	var n uint64
	for _, c := range digits {
		d := uint64(c - '0')
		if n > (1<<63-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), n < 1<<63
}

func (r *Reader) notLong(at int, text []byte) bool {
	message := quoteNumber(text) + " is not a whole number of 64 bits"
	if bytes.IndexByte(text, '.') < 0 {
		return r.fail(at, CodeNumber, message)
	}
	return r.failHelp(at, CodeNumber, message, `a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}}`)
}

// quoteNumber shows a number in a message, cut where it is long.
func quoteNumber(text []byte) string {
	if len(text) > 30 {
		text = append(text[:30:30], "…"...)
	}
	return string(text)
}
