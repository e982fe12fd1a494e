// Package wire reads and writes the JSON of requests and replies over bytes, without reflection.
package wire

import (
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
)

// Error says what is wrong with a JSON text, and where.
type Error struct {
	Code    source.Code
	Offset  int // of the byte in the text; -1 where no place is to blame
	Message string
	Help    string
}

func (e *Error) Error() string { return e.Message }

// Position returns the line and column of a byte offset of text, both from 1. A column counts code points.
func Position(text []byte, offset int) (line, column int) {
	line, start := 1, 0
	offset = min(offset, len(text))
	for i, c := range text[:offset] {
		if c == '\n' {
			line, start = line+1, i+1
		}
	}
	return line, 1 + utf8.RuneCount(text[start:offset])
}
