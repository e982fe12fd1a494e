package wire

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Facts are rows of one predicate as CSV.
type Facts struct {
	Pred       string
	PredOffset int    // of its string
	File       string // what errors call the CSV; empty for nothing
	CSV        []byte // a part of the text
}

// Facts reads a line {"predicate":"…","file":"…"}, of which the file may be left out, and what stands behind it.
func (r *Reader) Facts(text []byte, f *Facts) *Error {
	*f = Facts{}
	head, csv, found := bytes.Cut(text, []byte{'\n'})
	if !r.begin(head, value.MaxDepth) || !r.facts(f) || !r.end() {
		return r.finish(false)
	}
	if !found {
		r.path = r.path[:0]
		r.failHelp(len(head), CodeMissingField, "the CSV is missing", "it stands behind the first line")
		return r.finish(false)
	}
	f.CSV = csv
	return nil
}

func (r *Reader) facts(f *Facts) bool {
	r.space()
	start := r.pos
	if r.peek() != '{' {
		return r.wrongType("an object")
	}
	r.pos++
	named, filed := false, false
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		if !ok {
			return false
		}
		if !more {
			break
		}
		name, to, seen := "predicate", &f.Pred, &named
		switch string(key) {
		case "predicate":
			f.PredOffset = r.pos
		case "file":
			name, to, seen = "file", &f.File, &filed
		default:
			return r.unknown(at, key, "predicate", "file")
		}
		if *seen {
			return r.twice(at, key)
		}
		*seen = true
		if r.peek() != '"' {
			r.wrongType("a string")
			return r.inKey(name)
		}
		s, ok := r.str()
		if !ok {
			return r.inKey(name)
		}
		*to = string(s)
	}
	if !named {
		return r.fail(start, CodeMissingField, `"predicate" is missing`)
	}
	return true
}
