// Package relation stores sets of rows of values.
package relation

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Relation is a set of rows of one arity. Rows are numbered; a number stays with its row as long as the relation holds it, and is then
// given to another. Indexes are built when they are first asked for and kept up from then on.
type Relation struct {
	arity   int
	seed    uint64
	pauses  *Pauses
	rows    []value.Value // row after row
	top     int           // numbers given out so far, those of deleted rows included
	slots   []uint32      // open-addressed, of row numbers
	gone    []bool        // by number, nil as long as nothing was deleted
	free    []uint32      // numbers of deleted rows
	indexes []*Index
	matrix  *Matrix // answers Has instead of slots, which are made when first needed
	few     *Index  // on one column: serves instead of slots as long as there are none
}

// New returns an empty relation. Seed is the [value.Table.Seed] of the table that its values belong to; pauses may be nil.
func New(arity int, seed uint64, pauses *Pauses) *Relation {
	return &Relation{arity: arity, seed: seed, pauses: pauses}
}

// Arity returns the number of columns.
func (r *Relation) Arity() int { return r.arity }

// Len returns the number of rows.
func (r *Relation) Len() int { return r.top - len(r.free) }

// Top returns a number above all row numbers. In a relation without deletions rows are numbered in the order of their insertion, so that
// the rows inserted since have the numbers from an earlier Top on.
func (r *Relation) Top() int { return r.top }

// Row returns the row of a number. The slice belongs to the relation and must not be changed.
func (r *Relation) Row(id uint32) []value.Value {
	at := int(id) * r.arity
	return r.rows[at : at+r.arity : at+r.arity]
}

// Rows returns all rows, row after row by number, those of deleted rows included. The slice belongs to the relation; a later Insert
// doesn't change what it holds.
func (r *Relation) Rows() []value.Value { return r.rows }

// Alive reports whether a number below Top is a row's.
func (r *Relation) Alive(id uint32) bool { return r.gone == nil || !r.gone[id] }

// Whole reports whether all numbers below Top are rows'.
func (r *Relation) Whole() bool { return len(r.free) == 0 }

// Grow makes room for n more rows.
func (r *Relation) Grow(n int) {
	r.rows = slices.Grow(r.rows, n*r.arity)
	if size := slotsFor(r.top + n); size > len(r.slots) {
		r.rehash(size)
	}
}

// AdoptMatrix makes rows, which are those of a matrix and don't repeat, all the rows of an empty relation. Both belong to it from then on;
// the matrix may be nil.
func (r *Relation) AdoptMatrix(rows []value.Value, m *Matrix) {
	r.rows, r.top, r.matrix = rows, len(rows)/r.arity, m
}

// AdoptRows makes n different rows all the rows of an empty relation. The slice belongs to it from then on.
func (r *Relation) AdoptRows(rows []value.Value, n int) { r.rows, r.top = rows, n }

// Prepare makes what Has needs, so that it doesn't when it is first called.
func (r *Relation) Prepare() {
	if r.matrix == nil {
		r.ready()
	}
}

// ready makes the slots where there are rows and no slots.
func (r *Relation) ready() {
	if len(r.slots) == 0 && r.top > 0 {
		r.rehash(slotsFor(r.top))
	}
}

// Has reports whether a row is there.
func (r *Relation) Has(row []value.Value) bool {
	if r.matrix != nil {
		return r.matrix.Has(row)
	}
	_, found := r.Find(row)
	return found
}

// Insert adds a row, which is copied, and returns its number and whether it is new.
func (r *Relation) Insert(row []value.Value) (uint32, bool) {
	r.matrix = nil
	if id, found, looked := r.among(row); looked {
		if !found {
			id = r.add(row)
		}
		return id, !found
	}
	if slotsFor(r.Len()+1) > len(r.slots) {
		r.rehash(slotsFor(r.Len() + 1))
	}
	h := hash(r.seed, row)
	slot, id, found := r.find(row, h)
	if found {
		return id, false
	}
	id = r.add(row)
	r.slots[slot] = tag(h, len(r.slots)-1) | (id + 1)
	return id, true
}

// add stores a row that isn't there, under a number that it returns, and in the indexes.
func (r *Relation) add(row []value.Value) uint32 {
	id := r.number(row)
	for _, ix := range r.indexes {
		ix.insert(id)
	}
	return id
}

// number stores a row under a free number.
func (r *Relation) number(row []value.Value) uint32 {
	if n := len(r.free); n > 0 {
		id := r.free[n-1]
		r.free = r.free[:n-1]
		r.gone[id] = false
		copy(r.Row(id), row)
		return id
	}
	r.rows = append(r.rows, row...)
	r.top++
	if r.gone != nil {
		r.gone = append(r.gone, false)
	}
	return uint32(r.top - 1)
}

// Find returns the number of a row.
func (r *Relation) Find(row []value.Value) (uint32, bool) {
	if r.top == 0 {
		return 0, false
	}
	id, found, looked := r.among(row)
	if !looked {
		r.ready()
		_, id, found = r.find(row, hash(r.seed, row))
	}
	return id, found
}

// Delete removes a row and reports whether it was there.
func (r *Relation) Delete(row []value.Value) bool {
	if r.top == 0 {
		return false
	}
	r.matrix = nil
	slot := -1
	id, found, looked := r.among(row)
	if !looked {
		r.ready()
		slot, id, found = r.find(row, hash(r.seed, row))
	}
	if !found {
		return false
	}
	for _, ix := range r.indexes {
		ix.remove(id)
	}
	if slot >= 0 {
		vacate(r.slots, slot, func(e uint32) uint64 { return hash(r.seed, r.Row(e)) })
	}
	if r.gone == nil {
		r.gone = make([]bool, r.top)
	}
	r.gone[id] = true
	r.free = append(r.free, id)
	return true
}

// find returns the slot where a row with the hash h is or would be.
func (r *Relation) find(row []value.Value, h uint64) (slot int, id uint32, found bool) {
	mask := len(r.slots) - 1
	t := tag(h, mask)
	for i := int(h) & mask; ; i = (i + 1) & mask {
		e := r.slots[i]
		if e == 0 {
			return i, 0, false
		}
		if e&^uint32(mask) == t && slices.Equal(r.Row(e&uint32(mask)-1), row) {
			return i, e&uint32(mask) - 1, true
		}
	}
}

func (r *Relation) rehash(size int) {
	r.slots = make([]uint32, size)
	for id := range uint32(r.top) {
		r.pauses.Spend(1)
		if r.Alive(id) {
			place(r.slots, hash(r.seed, r.Row(id)), id)
		}
	}
}
