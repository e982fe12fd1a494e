package join

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Table is the rows of a relation that doesn't change, by a key: what is needed of the rows of one key lies together.
type Table struct {
	shape   Shape
	keys    *keys
	ends    []uint32        // by number of the key: where its rows end
	payload [][]value.Value // column by column
	narrow  *matrix         // instead of keys of two columns, where no rows are asked for
}

// Shape says which rows of a relation a table has, and how they are found.
type Shape struct {
	Relation *relation.Relation
	Where    []Cell // what the rows have
	Key      []int  // columns
	Payload  []int  // columns
}

// Cell is a column with the value in it.
type Cell struct {
	Column int
	Value  value.Value
}

func (s *Shape) equal(o *Shape) bool {
	return s.Relation == o.Relation && slices.Equal(s.Where, o.Where) && slices.Equal(s.Key, o.Key) && slices.Equal(s.Payload, o.Payload)
}

// Tables are the tables made so far, each once.
type Tables struct {
	Seed    uint64
	Pauses  *relation.Pauses
	all     []*Table
	columns []column
}

// Of returns the table of a shape.
func (s *Tables) Of(shape Shape) *Table {
	for _, t := range s.all {
		if t.shape.equal(&shape) {
			return t
		}
	}
	t := &Table{shape: shape}
	t.build(s)
	s.all = append(s.all, t)
	return t
}

// build fills the table in two passes: the keys' numbers and how many rows each has, then the rows.
func (t *Table) build(s *Tables) {
	rel := t.shape.Relation
	if t.buildNarrow(s) {
		return
	}
	t.keys = t.newKeys(s)
	of := make([]uint32, 0, rel.Len()) // by row that has what is asked: the key's number
	var counts []uint32
	key := make([]value.Value, len(t.shape.Key))
	t.eachRow(s, func(row []value.Value) {
		for i, c := range t.shape.Key {
			key[i] = row[c]
		}
		n := t.keys.number(key)
		if int(n) == len(counts) {
			counts = append(counts, 0)
		}
		counts[n]++
		of = append(of, n)
	})
	t.ends = counts // filled, each end moves from the key's first row to its last
	at := uint32(0)
	for n, c := range counts {
		t.ends[n] = at
		at += c
	}
	for range t.shape.Payload {
		t.payload = append(t.payload, make([]value.Value, at))
	}
	i := 0
	t.eachRow(s, func(row []value.Value) {
		n := of[i]
		i++
		for k, c := range t.shape.Payload {
			t.payload[k][t.ends[n]] = row[c]
		}
		t.ends[n]++
	})
}

// buildNarrow makes a matrix of the keys, if that serves.
func (t *Table) buildNarrow(s *Tables) bool {
	rel, key := t.shape.Relation, t.shape.Key
	if len(key) != 2 || len(t.shape.Payload) > 0 {
		return false
	}
	t.narrow = newMatrix(s.Range(rel, key[0]), s.Range(rel, key[1]), rel.Len())
	if t.narrow == nil {
		return false
	}
	t.eachRow(s, func(row []value.Value) {
		t.narrow.add(row[key[0]], row[key[1]])
	})
	return true
}

func (t *Table) eachRow(s *Tables, f func(row []value.Value)) {
	rel := t.shape.Relation
	for id := range uint32(rel.Top()) {
		s.Pauses.Spend(1)
		if row := rel.Row(id); rel.Alive(id) && hasCells(row, t.shape.Where) {
			f(row)
		}
	}
}

func hasCells(row []value.Value, cells []Cell) bool {
	for _, c := range cells {
		if row[c.Column] != c.Value {
			return false
		}
	}
	return true
}

// newKeys decides how keys are found.
func (t *Table) newKeys(s *Tables) *keys {
	k := newKeys(len(t.shape.Key), s.Seed)
	if len(t.shape.Key) != 1 {
		return k
	}
	low, high, n := ^value.Value(0), value.Value(0), 0
	t.eachRow(s, func(row []value.Value) {
		v := row[t.shape.Key[0]]
		low, high = min(low, v), max(high, v)
		n++
	})
	if n > 0 && int(high-low) < 4*n+Size {
		k.closeUp(low, high)
	}
	return k
}

// rows returns where the rows of a key begin and end, given the key's number plus one.
func (t *Table) rows(number uint32) (at, end int) {
	switch number {
	case 0:
		return 0, 0
	case 1:
		return 0, int(t.ends[0])
	}
	return int(t.ends[number-2]), int(t.ends[number-1])
}
