package wire

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/value"
)

// The scanner takes RFC 8259 at its word: no comments, no trailing commas, no other blanks than four, no control characters in
// strings, nothing but UTF-8 and whole surrogate pairs. Keys may not repeat.

// begin starts on a text whose brackets may nest to limit. Depth is counted before anything else is looked at, so that what is too
// deep is that and nothing else; where a text is well formed up to there, the count is the parser's recursion.
func (r *Reader) begin(text []byte, limit int) bool {
	r.text, r.pos, r.document = text, 0, false
	r.values, r.fields, r.parents = r.values[:0], r.fields[:0], r.parents[:0]
	if at := tooDeep(text, limit); at >= 0 {
		return r.fail(at, CodeDepth, "brackets nest deeper than "+strconv.Itoa(value.MaxDepth))
	}
	return true
}

// tooDeep returns the offset of the bracket that nests deeper than limit, or -1.
func tooDeep(text []byte, limit int) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > limit {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

// end checks that nothing follows.
func (r *Reader) end() bool {
	if r.space(); r.pos < len(r.text) {
		return r.syntax("expected the end of the text")
	}
	return true
}

// space skips blanks.
func (r *Reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (r *Reader) peek() byte {
	if r.pos < len(r.text) {
		return r.text[r.pos]
	}
	return 0
}

// syntax notes that something else was expected here.
func (r *Reader) syntax(expected string) bool {
	if r.pos >= len(r.text) {
		return r.fail(len(bytes.TrimRight(r.text, " \t\r\n")), CodeSyntax, expected+", but the text ends")
	}
	c, _ := utf8.DecodeRune(r.text[r.pos:])
	return r.fail(r.pos, CodeSyntax, expected+", found "+strconv.QuoteRune(c))
}

// member goes to the value of the next member of an object, of which n were read, and returns its key and the key's offset. The key
// lasts until the next string is read. There is no more after the closing brace.
func (r *Reader) member(n int) (key []byte, at int, more, ok bool) {
	r.space()
	c := r.peek()
	switch {
	case c == '}':
		r.pos++
		return nil, 0, false, true
	case n > 0 && c != ',':
		return nil, 0, false, r.syntax("expected ',' or '}'")
	case n > 0:
		r.pos++
		r.space()
		c = r.peek()
	}
	if c != '"' {
		return nil, 0, false, r.syntax("expected a key in double quotes")
	}
	at = r.pos
	if key, ok = r.str(); !ok {
		return nil, 0, false, false
	}
	r.space()
	if r.peek() != ':' {
		return nil, 0, false, r.syntax("expected ':'")
	}
	r.pos++
	r.space()
	return key, at, true, true
}

// element goes to the next element of an array, of which n were read. There is no more after the closing bracket.
func (r *Reader) element(n int) (more, ok bool) {
	r.space()
	c := r.peek()
	switch {
	case c == ']':
		r.pos++
		return false, true
	case n > 0 && c != ',':
		return false, r.syntax("expected ',' or ']'")
	case n > 0:
		r.pos++
		r.space()
		if r.peek() == ']' {
			return false, r.syntax("expected a value")
		}
	}
	return true, true
}

// skip passes over one value by its brackets and strings alone.
func (r *Reader) skip() bool {
	depth := 0
	for start := r.pos; r.pos < len(r.text); {
		switch c := r.text[r.pos]; c {
		case '"':
			at := r.pos
			if !r.skipString() {
				return r.open(at + 1)
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return r.pos > start || r.syntax("expected a value")
			}
			if depth == 0 {
				r.pos++
				return true
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return r.pos > start || r.syntax("expected a value")
			}
		}
		r.pos++
	}
	if depth > 0 {
		return r.syntax("expected a closing bracket")
	}
	return r.syntax("expected ',' or ']'")
}

func (r *Reader) skipString() bool {
	for r.pos++; r.pos < len(r.text); r.pos++ {
		switch r.text[r.pos] {
		case '\\':
			r.pos++
		case '"':
			r.pos++
			return true
		}
	}
	return false
}

// str reads a string. The bytes belong to the text, or where escapes were resolved to the reader until the next string is read.
func (r *Reader) str() ([]byte, bool) {
	text := r.text
	start := r.pos + 1
	for i := start; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			r.pos = i + 1
			return text[start:i], true
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			return nil, r.control(i)
		case c >= utf8.RuneSelf:
			n := runeLen(text[i:])
			if n == 0 {
				return nil, r.notUTF8(i)
			}
			i += n
		default:
			i++
		}
	}
	return nil, r.open(start)
}

// runeLen returns the length of the code point that s starts with, 0 if it is none.
func runeLen(s []byte) int {
	c, n := utf8.DecodeRune(s)
	if c == utf8.RuneError && n == 1 {
		return 0
	}
	return n
}

func (r *Reader) control(at int) bool {
	return r.failHelp(at, CodeString, "a control character stands in a string", "write it as an escape, such as \\n")
}

func (r *Reader) notUTF8(at int) bool { return r.fail(at, CodeString, "a string is not UTF-8") }

func (r *Reader) open(start int) bool {
	return r.fail(start-1, CodeSyntax, "a string is not closed")
}

// escaped reads a string from start, whose first escape is at i.
func (r *Reader) escaped(start, i int) ([]byte, bool) {
	text := r.text
	r.buf = append(r.buf[:0], text[start:i]...)
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			r.pos = i + 1
			return r.buf, true
		case c == '\\':
			n, ok := r.escape(i)
			if !ok {
				return nil, false
			}
			i += n
		case c < ' ':
			return nil, r.control(i)
		case c >= utf8.RuneSelf:
			n := runeLen(text[i:])
			if n == 0 {
				return nil, r.notUTF8(i)
			}
			r.buf = append(r.buf, text[i:i+n]...)
			i += n
		default:
			r.buf = append(r.buf, c)
			i++
		}
	}
	return nil, r.open(start)
}

// escape resolves the escape at i and returns its length.
func (r *Reader) escape(i int) (int, bool) {
	if i+1 < len(r.text) {
		switch c := r.text[i+1]; c {
		case '"', '\\', '/':
			r.buf = append(r.buf, c)
			return 2, true
		case 'b':
			r.buf = append(r.buf, '\b')
			return 2, true
		case 'f':
			r.buf = append(r.buf, '\f')
			return 2, true
		case 'n':
			r.buf = append(r.buf, '\n')
			return 2, true
		case 'r':
			r.buf = append(r.buf, '\r')
			return 2, true
		case 't':
			r.buf = append(r.buf, '\t')
			return 2, true
		case 'u':
			return r.unicode(i)
		}
	}
	return 0, r.fail(i, CodeSyntax, "unknown escape in a string")
}

// unicode resolves \uXXXX, or two of them that are a surrogate pair.
func (r *Reader) unicode(i int) (int, bool) {
	c, ok := hex4(r.text[i:])
	if !ok {
		return 0, r.fail(i, CodeSyntax, "\\u needs four hexadecimal digits")
	}
	n := 6
	if c >= 0xd800 && c < 0xe000 {
		low, ok := hex4(r.text[i+6:])
		if !ok || c >= 0xdc00 || low < 0xdc00 || low >= 0xe000 {
			return 0, r.fail(i, CodeString, "half of a surrogate pair stands alone")
		}
		c, n = 0x10000+(c-0xd800)<<10+(low-0xdc00), 12
	}
	r.buf = utf8.AppendRune(r.buf, c)
	return n, true
}

// hex4 reads \uXXXX.
func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var c rune
	for _, d := range s[2:6] {
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

// number reads a number, which must be a long.
func (r *Reader) number() (int64, bool) {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	first := r.pos
	if !r.digits() {
		return 0, r.syntax("expected a digit")
	}
	if r.text[first] == '0' && r.pos > first+1 {
		return 0, r.fail(start, CodeSyntax, "a number starts with a superfluous zero")
	}
	whole := r.text[first:r.pos]
	if fraction, ok := r.fraction(); !ok {
		return 0, false
	} else if !fraction {
		if n, ok := long(whole, first > start); ok {
			return n, true
		}
	}
	return 0, r.notLong(start, r.text[start:r.pos])
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
	if len(text) > 30 {
		text = append(text[:30:30], "…"...)
	}
	message := string(text) + " is not a whole number of 64 bits"
	if bytes.IndexByte(text, '.') < 0 {
		return r.fail(at, CodeNumber, message)
	}
	return r.failHelp(at, CodeNumber, message, `a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}}`)
}

// word reads true, false or null, if it comes next.
func (r *Reader) word(w string) bool {
	if len(r.text)-r.pos < len(w) || string(r.text[r.pos:r.pos+len(w)]) != w {
		return false
	}
	r.pos += len(w)
	return true
}
