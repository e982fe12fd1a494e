package document

import (
	"bytes"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/value"
)

// string reads a string of any of the four kinds. It is false where the string is not closed; a bad escape or character is reported, and
// the string goes on.
func (r *tomlReader) string() (value.Value, bool) {
	quote := r.text[r.at]
	if r.peek(1) == quote && r.peek(2) == quote {
		return r.multiline(quote)
	}
	start := r.at
	r.at++
	r.buf = r.buf[:0]
	for from := r.at; r.at < r.end; {
		switch c := r.text[r.at]; {
		case c == quote:
			v := r.closed(from)
			r.at++
			return v, true
		case c == '\n' || c == '\r' && r.peek(1) == '\n':
			return r.unterminated(start)
		case c == '\\' && quote == '"':
			r.buf = append(r.buf, r.text[from:r.at]...)
			r.escape()
			from = r.at
		case r.isControl():
			r.control()
			r.at++
		default:
			r.at++
		}
	}
	return r.unterminated(start)
}

// closed interns a string that ends here: what is in the buffer, and the text since from.
func (r *tomlReader) closed(from int) value.Value {
	if len(r.buf) == 0 {
		return r.table.StringBytes(r.text[from:r.at])
	}
	r.buf = append(r.buf, r.text[from:r.at]...)
	return r.table.StringBytes(r.buf)
}

func (r *tomlReader) unterminated(start int) (value.Value, bool) {
	quote := string(r.text[start])
	r.diags.Errorf(r.here(start), codeUnterminated, "the string is not closed").Help =
		"close it with " + quote + " on the same line; text of several lines stands between " + quote + quote + quote
	return value.None, false
}

// multiline reads a string between three quotes. A line end right after the first three is dropped, others become a line feed.
func (r *tomlReader) multiline(quote byte) (value.Value, bool) {
	start := r.at
	r.at += 3
	if r.peek(0) == '\r' && r.peek(1) == '\n' {
		r.at++
	}
	r.take('\n')
	r.buf = r.buf[:0]
	for from := r.at; r.at < r.end; {
		switch c := r.text[r.at]; {
		case c == quote && r.peek(1) == quote && r.peek(2) == quote:
			for n := 0; n < 2 && r.peek(3) == quote; n++ {
				r.at++
			}
			v := r.closed(from)
			r.at += 3
			return v, true
		case c == '\\' && quote == '"':
			r.buf = append(r.buf, r.text[from:r.at]...)
			if !r.continuation() {
				r.escape()
			}
			from = r.at
		case c == '\r' && r.peek(1) == '\n':
			r.buf = append(r.buf, r.text[from:r.at]...)
			r.at++
			from = r.at
		case c != '\n' && r.isControl():
			r.control()
			r.at++
		default:
			r.at++
		}
	}
	r.diags.Errorf(span(r.file, start, start+3), codeUnterminated, "the string is not closed").Help =
		"close it with " + string(r.text[start:start+3])
	return value.None, false
}

// continuation skips a backslash at the end of a line, with all blanks and line ends after it.
func (r *tomlReader) continuation() bool {
	rest := r.text[r.at+1 : r.end]
	blank := len(rest) - len(bytes.TrimLeft(rest, " \t"))
	rest = bytes.TrimPrefix(rest[blank:], []byte("\r"))
	if !bytes.HasPrefix(rest, []byte("\n")) {
		return false
	}
	for r.at++; r.at < r.end; r.at++ {
		c := r.text[r.at]
		if c != ' ' && c != '\t' && c != '\n' && (c != '\r' || r.peek(1) != '\n') {
			break
		}
	}
	return true
}

// escape reads \b \t \n \f \r \e \" \\ \xHH \uHHHH \UHHHHHHHH into the buffer.
func (r *tomlReader) escape() {
	start := r.at
	c := r.peek(1)
	r.at = min(r.at+2, r.end)
	switch c {
	case 'b':
		r.buf = append(r.buf, '\b')
	case 't':
		r.buf = append(r.buf, '\t')
	case 'n':
		r.buf = append(r.buf, '\n')
	case 'f':
		r.buf = append(r.buf, '\f')
	case 'r':
		r.buf = append(r.buf, '\r')
	case 'e':
		r.buf = append(r.buf, 0x1b)
	case '"', '\\':
		r.buf = append(r.buf, c)
	case 'x':
		r.hexEscape(start, 2)
	case 'u':
		r.hexEscape(start, 4)
	case 'U':
		r.hexEscape(start, 8)
	default:
		r.badEscape(start)
	}
}

// badEscape reports the escape that began at start and ends here or, where no digits follow, with the character after the backslash.
func (r *tomlReader) badEscape(start int) {
	if r.at == start+2 {
		r.at = start + 1
		if c := r.peek(0); c != '\n' && c != '\r' {
			_, n := utf8.DecodeRune(r.text[r.at:r.end])
			r.at += n
		}
	}
	r.diags.Errorf(r.here(start), codeEscape, "%s is no escape", quote(string(r.text[start:r.at]))).Help =
		`a backslash is written \\, or the text stands in single quotes`
}

// hexEscape reads the digits of an escape.
func (r *tomlReader) hexEscape(start, digits int) {
	var c rune
	n := 0
	for ; n < digits && r.at < r.end && isHex(r.text[r.at]); n++ {
		c = c<<4 | hexDigit(r.text[r.at])
		r.at++
	}
	if n < digits || !utf8.ValidRune(c) {
		r.badEscape(start)
		return
	}
	r.buf = utf8.AppendRune(r.buf, c)
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func hexDigit(c byte) rune {
	if isDigit(c) {
		return rune(c - '0')
	}
	return rune(c|0x20-'a') + 10
}
