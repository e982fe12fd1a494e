package datalog

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// long reads a number of 64 bits.
func (p *parser) long(t token, negative bool) int64 {
	text := p.str(t)
	n, err := strconv.ParseUint(text, 10, 64)
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if err == nil && n <= limit {
		if negative {
			return -int64(n)
		}
		return int64(n)
	}
	if strings.Trim(text, "0123456789") != "" {
		p.fail(p.span(t), codeSyntax, "%q is no number", text)
	} else {
		p.fail(p.span(t), codeNumber, "%s is out of the range of a long", text).Help = "longs have 64 bits: -9223372036854775808 to 9223372036854775807"
	}
	return 0
}

// unescape resolves a string token's escapes.
func (p *parser) unescape(t token) string {
	out, at, ok := value.Unescape(nil, p.text[t.start+1:t.end-1])
	if !ok {
		p.badEscape(int(t.start) + 1 + at)
	}
	return string(out)
}

func (p *parser) badEscape(at int) {
	_, n := utf8.DecodeRune(p.text[at+1:])
	s := source.Span{File: p.file, Start: uint32(at), End: uint32(at + 1 + n)}
	p.fail(s, codeEscape, "unknown escape `%s`", p.text[at:at+1+n]).Help = `escapes are \n \r \t \0 \\ \" \' \x00 to \x7f and \u{…}`
}

// ParsePattern splits a like pattern, as written between its quotes, into the literal parts between its stars. \* is a star that
// stands for itself. Where an escape is wrong it returns its offset and false.
func ParsePattern(s string) (parts []string, at int, ok bool) {
	var part []byte
	start, ok := 0, true
	take := func(end int) {
		var n int
		part, n, ok = value.Unescape(part, []byte(s[start:end]))
		at = start + n
	}
	for i := 0; i < len(s); i++ {
		star, own := s[i] == '*', strings.HasPrefix(s[i:], `\*`)
		if star || own {
			if take(i); !ok {
				return nil, at, false
			}
		}
		switch {
		case star:
			parts, part, start = append(parts, string(part)), part[:0], i+1
		case own:
			part, start, i = append(part, '*'), i+2, i+1
		case s[i] == '\\':
			i++
		}
	}
	if take(len(s)); !ok {
		return nil, at, false
	}
	return append(parts, string(part)), 0, true
}
