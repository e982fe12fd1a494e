package schema

import (
	"bytes"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/value"
)

// tooDeep returns the offset of the bracket that nests deeper than MaxDepth, or of the "::" after which a path has more parts, and says
// which; the offset is -1 if all is well. It looks at marks and names alone: as far as a text is well formed it counts as a parser does.
// cedar-go's follows brackets recursively, and takes time quadratic in a path's length.
func tooDeep(text []byte, json bool) (int, string) {
	depth, parts, joined := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i += stringEnd(text[i:]) - 1
		case json && c != '{' && c != '[' && c != '}' && c != ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case c == '/':
			i += commentEnd(text[i:]) - 1
		case isNameByte(c):
			i += nameEnd(text[i:]) - 1
			if !joined {
				parts = 1
			}
			joined = false
		case c == ':' && i+1 < len(text) && text[i+1] == ':':
			if parts++; parts > value.MaxDepth {
				return i, "a path has more than " + strconv.Itoa(value.MaxDepth) + " parts"
			}
			joined = true
			i++
		case c == '{' || c == '[' || c == '(' || c == '<':
			if depth++; depth > value.MaxDepth {
				return i, "brackets nest deeper than " + strconv.Itoa(value.MaxDepth)
			}
		case c == '}' || c == ']' || c == ')' || c == '>':
			depth--
		}
	}
	return -1, ""
}

// nameEnd returns the length of the name that s starts with.
func nameEnd(s []byte) int {
	n := 1
	for n < len(s) && (isNameByte(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
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
