package relation

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// few is how many rows with the same value in a column are gone through to find one. A relation that has a column of no value that is in more
// rows needs an index on it and no slots, which take as much memory as the rows of a binary relation.
const few = 16

// Adopt makes rows, which may repeat, all the rows of an empty relation. The slice belongs to the relation from then on.
func (r *Relation) Adopt(rows []value.Value) {
	r.rows, r.top = rows, len(rows)/max(r.arity, 1)
	if !r.adoptFew() {
		r.adoptDistinct()
	}
}

// adoptFew makes an index on a column of which no value is in more than a few rows. It reports whether there is one, and no row repeats.
func (r *Relation) adoptFew() bool {
	for c := 0; c < r.arity && r.arity > 1; c++ {
		of := r.count(c)
		if len(of) == 0 || slices.Max(of) > few {
			continue
		}
		r.few = &Index{rel: r, columns: []int{c}}
		r.few.buildByNumber(c, of)
		if r.repeats(r.few) {
			r.few = nil
			return false
		}
		r.indexes = append(r.indexes, r.few)
		return true
	}
	return false
}

// repeats reports whether a row stands twice under one key of an index.
func (r *Relation) repeats(ix *Index) bool {
	last := r.arity - 1
	if ix.columns[0] == last {
		last = 0
	}
	for i := range ix.buckets {
		ids := ix.rows(&ix.buckets[i])
		r.pauses.Spend(len(ids))
		seen := uint64(0) // bits that values of another column have
		for n, id := range ids {
			bit := uint64(1) << (Mix(uint64(r.rows[int(id)*r.arity+last])) & 63)
			if seen&bit != 0 && r.isAmong(id, ids[:n]) {
				return true
			}
			seen |= bit
		}
	}
	return false
}

// isAmong reports whether the row of a number is that of another.
func (r *Relation) isAmong(id uint32, others []uint32) bool {
	row := r.Row(id)
	for _, other := range others {
		if slices.Equal(r.Row(other), row) {
			return true
		}
	}
	return false
}

// adoptDistinct makes the slots, and drops rows that repeat.
func (r *Relation) adoptDistinct() {
	given := r.top
	r.slots, r.top = make([]uint32, slotsFor(given)), 0
	for id := range given {
		r.pauses.Spend(1)
		row := r.Row(uint32(id))
		h := hash(r.seed, row)
		slot, _, found := r.find(row, h)
		if found {
			continue
		}
		if id != r.top {
			copy(r.Row(uint32(r.top)), row)
		}
		r.top++
		r.slots[slot] = tag(h, len(r.slots)-1) | uint32(r.top)
	}
	if r.rows = r.rows[:r.top*r.arity]; r.top < given-given/8 {
		r.rows = slices.Clone(r.rows)
	}
}

// among looks for a row where an index serves instead of slots. It reports whether it has: else there is no such index, any more if its
// key has more than a few rows.
func (r *Relation) among(row []value.Value) (id uint32, found, looked bool) {
	if r.few == nil {
		return 0, false, false
	}
	c := r.few.columns[0]
	_, b := r.few.find(row[c : c+1])
	if b == nil {
		return 0, false, true
	}
	ids := r.few.rows(b)
	if len(ids) > few {
		r.few = nil
		return 0, false, false
	}
	for _, id := range ids {
		if slices.Equal(r.Row(id), row) {
			return id, true, true
		}
	}
	return 0, false, true
}

// stretch is how many rows loops that do little for each go through between two pauses.
const stretch = 1 << 12

// count returns how many rows have each value in a column, by the values' numbers, and nothing where they aren't of one kind, numbered rather
// densely.
func (r *Relation) count(column int) []uint32 {
	rows := r.rows[:r.top*r.arity]
	least, most := ^value.Value(0), value.Value(0)
	for id := 0; id < r.top; id += stretch {
		end := min(id+stretch, r.top)
		r.pauses.Spend(end - id)
		for at := id*r.arity + column; at < end*r.arity; at += r.arity {
			least, most = min(least, rows[at]), max(most, rows[at])
		}
	}
	if r.top == 0 || least.Kind() != most.Kind() || most.Number() >= 1024+2*r.top {
		return nil
	}
	of := make([]uint32, most.Number()+1)
	for id := 0; id < r.top; id += stretch {
		end := min(id+stretch, r.top)
		r.pauses.Spend(end - id)
		for at := id*r.arity + column; at < end*r.arity; at += r.arity {
			of[rows[at].Number()]++
		}
	}
	for id, gone := range r.gone {
		if gone {
			of[rows[id*r.arity+column].Number()]--
		}
	}
	return of
}
