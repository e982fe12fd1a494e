package document

import "github.com/rune-authz/rune/engine/internal/source"

// Places returns one span a row. Those of a CSV file aren't kept, since few are ever asked for: its text is gone through again.
func (t *Table) Places(files *source.Files) []source.Span {
	if !t.CSV {
		return t.Spans
	}
	out := make([]source.Span, 0, t.Len())
	t.walk(files, func(at source.Span) bool {
		out = append(out, at)
		return true
	})
	return out
}

// Place returns the span of row i.
func (t *Table) Place(files *source.Files, i int) source.Span {
	if !t.CSV {
		return t.Spans[i]
	}
	found := t.Span
	t.walk(files, func(at source.Span) bool {
		found = at
		i--
		return i >= 0
	})
	return found
}

// walk calls f with the span of each row of a CSV file that has the header's width, until f returns false.
func (t *Table) walk(files *source.Files, f func(at source.Span) bool) {
	r := newCSVReader(nil, t.Span.File, files.File(t.Span.File).Text, int(t.Span.Start), &source.List{})
	for first := true; r.at < len(r.text); first = false {
		start, n := r.at, 1
		for {
			if _, more := r.cell(); !more {
				break
			}
			n++
		}
		if !first && n == t.Width && !r.open && !f(span(r.file, start, r.rowEnd(start))) {
			return
		}
	}
}
