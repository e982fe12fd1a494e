package wire

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Rows are the rows that an update inserts into one predicate, or deletes from it.
type Rows struct {
	Pred       string
	PredOffset int // of the key
	Rows       [][]value.Value
	Offsets    []int // of the rows
}

// Update is a change of facts, in the order of its text.
type Update struct{ Insert, Delete []Rows }

// Update reads {"insert":{"predicate":[[…],…]},"delete":{…}}, of which either may be left out.
func (r *Reader) Update(text []byte, u *Update) *Error {
	*u = Update{}
	return r.finish(r.begin(text, value.MaxDepth+1) && r.update(u) && r.end())
}

func (r *Reader) update(u *Update) bool {
	r.space()
	if r.peek() != '{' {
		return r.wrongType("an object")
	}
	r.pos++
	inserted, deleted := false, false
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		if !more {
			return ok
		}
		name, to, seen := "insert", &u.Insert, &inserted
		switch string(key) {
		case "insert":
		case "delete":
			name, to, seen = "delete", &u.Delete, &deleted
		default:
			return r.unknown(at, key, "insert", "delete")
		}
		if *seen {
			return r.twice(at, key)
		}
		*seen = true
		if !r.predicates(to) {
			return r.inKey(name)
		}
	}
}

func (r *Reader) predicates(to *[]Rows) bool {
	if r.peek() != '{' {
		return r.wrongType("an object of predicates")
	}
	r.pos++
	base := len(r.fields)
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		if !more {
			ok = ok && r.distinct(r.fields[base:])
			r.fields = r.fields[:base]
			return ok
		}
		rows := Rows{Pred: string(key), PredOffset: at}
		r.fields = append(r.fields, field{key: r.Table.StringBytes(key), at: at})
		if rows.Rows, rows.Offsets, ok = r.rows(); !ok {
			return r.inKey(rows.Pred)
		}
		*to = append(*to, rows)
	}
}

// RowList reads an array of rows, each an array of values.
func (r *Reader) RowList(text []byte) ([][]value.Value, *Error) {
	ok := r.begin(text, value.MaxDepth)
	var rows [][]value.Value
	if ok {
		r.space()
		rows, _, ok = r.rows()
	}
	return rows, r.finish(ok && r.end())
}

func (r *Reader) rows() (rows [][]value.Value, offsets []int, ok bool) {
	if r.peek() != '[' {
		return nil, nil, r.wrongType("an array of rows")
	}
	r.pos++
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return rows, offsets, ok
		}
		at, base := r.pos, len(r.values)
		if r.peek() != '[' {
			ok = r.wrongType("a row, which is an array")
		} else {
			ok = r.elements(nil)
		}
		if !ok {
			return nil, nil, r.inIndex(n)
		}
		rows, offsets = append(rows, slices.Clone(r.values[base:])), append(offsets, at)
		r.values = r.values[:base]
	}
}
