package wire

import (
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/value"
)

// str reads a string. The bytes belong to the text, or where escapes were resolved to the reader until the next string is read.
func (r *Reader) str() ([]byte, bool) {
	text := r.text
	start := r.pos + 1
	for i := start; i < len(text); {
		if i = value.SkipPlain(text, i); i == len(text) {
			break
		}
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
	var c byte
	if i+1 < len(r.text) {
		c = r.text[i+1]
	}
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return r.unicode(i)
	default:
		return 0, r.fail(i, CodeSyntax, "unknown escape in a string")
	}
	r.buf = append(r.buf, c)
	return 2, true
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
