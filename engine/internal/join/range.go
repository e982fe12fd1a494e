package join

import (
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Range is the values from Low to High, as far as there are Some.
type Range struct {
	Low, High value.Value
	Some      bool
}

// Size returns the number of values.
func (r Range) Size() int {
	if !r.Some {
		return 0
	}
	return int(r.High-r.Low) + 1
}

// Cover makes the range cover another, and reports whether it didn't.
func (r *Range) Cover(o Range) bool {
	switch {
	case !o.Some || r.Some && r.Low <= o.Low && o.High <= r.High:
		return false
	case !r.Some:
		*r = o
	default:
		r.Low, r.High = min(r.Low, o.Low), max(r.High, o.High)
	}
	return true
}

// column is a column of a relation with its range.
type column struct {
	rel    *relation.Relation
	c      int
	extent Range
}

// Range returns the range of a column of a relation.
func (s *Tables) Range(rel *relation.Relation, c int) Range {
	for i := range s.columns {
		if x := &s.columns[i]; x.rel == rel && x.c == c {
			return x.extent
		}
	}
	r := Range{}
	for id := range uint32(rel.Top()) {
		s.Pauses.Spend(1)
		if rel.Alive(id) {
			v := rel.Row(id)[c]
			if !r.Some {
				r = Range{Low: v, High: v, Some: true}
			}
			r.Low, r.High = min(r.Low, v), max(r.High, v)
		}
	}
	s.columns = append(s.columns, column{rel, c, r})
	return r
}
