package schema

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/value"
)

// tooDeep returns the offset of the bracket that nests deeper than MaxDepth, or -1. It looks at brackets alone, of any kind: up to where
// a text is well formed it counts as a parser does.
func tooDeep(text []byte, json bool) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
		case '/':
			if !json {
				i += commentEnd(text[i:]) - 1
			}
		case '{', '[', '(', '<':
			if depth++; depth > value.MaxDepth {
				return i
			}
		case '}', ']', ')', '>':
			depth--
		}
	}
	return -1
}

// stringEnd returns the length of the string literal that s starts with. A line end closes it, as what follows is an error anyway.
func stringEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"', '\n':
			return i + 1
		}
	}
	return len(s)
}

// commentEnd returns the length of the comment that s starts with, 1 if there is none.
func commentEnd(s []byte) int {
	end := -1
	switch {
	case bytes.HasPrefix(s, []byte("//")):
		end = bytes.IndexByte(s, '\n')
	case bytes.HasPrefix(s, []byte("/*")):
		if end = bytes.Index(s[2:], []byte("*/")); end >= 0 {
			end += 4
		}
	default:
		return 1
	}
	if end < 0 {
		return len(s)
	}
	return end
}
