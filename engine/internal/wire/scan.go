package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
	r.values, r.fields = r.values[:0], r.fields[:0]
	if at := tooDeep(text, limit); at >= 0 {
		return r.deep(at)
	}
	return true
}

func (r *Reader) deep(at int) bool {
	return r.fail(at, CodeDepth, "brackets nest deeper than "+strconv.Itoa(value.MaxDepth))
}

// tooDeep returns the offset of the bracket that nests deeper than limit, or -1.
func tooDeep(text []byte, limit int) int {
	if len(text) <= limit || openings(text) <= limit {
		return -1
	}
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

// openings is at least the number of brackets that open.
func openings(text []byte) int {
	const each, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	n := len(text) & 7
	for ; len(text) >= 8; text = text[8:] {
		w := (binary.LittleEndian.Uint64(text) | 0x20*each) ^ '{'*each // a byte is 0 where there is [ or {
		n += bits.OnesCount64(^((w&low + low) | w | low))
	}
	return n
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
	text, i := r.text, r.pos
	if n > 0 && i < len(text) && text[i] == ',' {
		i++
	} else if n > 0 {
		i = len(text)
	}
	if i < len(text) && text[i] == '"' { // as a rule: no blanks, and nothing to resolve in the key
		end := value.SkipPlain(text, i+1)
		if end+2 < len(text) && text[end] == '"' && text[end+1] == ':' && text[end+2] > ' ' {
			r.pos = end + 2
			return text[i+1 : end], i, true, true
		}
	}
	return r.anyMember(n)
}

// anyMember is member, however the text is written.
func (r *Reader) anyMember(n int) (key []byte, at int, more, ok bool) {
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

// word reads true, false or null, if it comes next.
func (r *Reader) word(w string) bool {
	if len(r.text)-r.pos < len(w) || string(r.text[r.pos:r.pos+len(w)]) != w {
		return false
	}
	r.pos += len(w)
	return true
}
