package relation

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Loose is a set of rows that may hold, each with the error for which. [value.Unknown] in a row stands for any value. Rows are numbered in
// the order of their insertion, and never deleted.
type Loose struct {
	all    *Relation
	faults []*value.Fault
	parts  []part
}

// part is the rows that are Unknown in the same columns.
type part struct {
	unknown []bool
	rows    *Relation
	ids     []uint32 // by number in rows: the number in all
}

// NewLoose returns an empty set.
func (d *Database) NewLoose(arity int) *Loose { return &Loose{all: d.New(arity)} }

// All returns the rows as they are, value.Unknown being a value like others. They must not be changed.
func (l *Loose) All() *Relation { return l.all }

// Len returns the number of rows. A nil set has none.
func (l *Loose) Len() int {
	if l == nil {
		return 0
	}
	return l.all.Len()
}

// Fault returns the error for which a row may hold.
func (l *Loose) Fault(id uint32) *value.Fault { return l.faults[id] }

// Faults returns the errors of all rows, by number.
func (l *Loose) Faults() []*value.Fault { return l.faults }

// Add adds a row and reports whether it is new.
func (l *Loose) Add(row []value.Value, fault *value.Fault) bool {
	id, isNew := l.all.Insert(row)
	if !isNew {
		return false
	}
	l.faults = append(l.faults, fault)
	p := l.partOf(row)
	p.rows.Insert(row)
	p.ids = append(p.ids, id)
	return true
}

func (l *Loose) partOf(row []value.Value) *part {
	for i := range l.parts {
		if matches(l.parts[i].unknown, row) {
			return &l.parts[i]
		}
	}
	p := part{rows: New(len(row), l.all.seed, l.all.pauses)}
	for _, v := range row {
		p.unknown = append(p.unknown, v == value.Unknown)
	}
	l.parts = append(l.parts, p)
	return &l.parts[len(l.parts)-1]
}

func matches(unknown []bool, row []value.Value) bool {
	for i, v := range row {
		if (v == value.Unknown) != unknown[i] {
			return false
		}
	}
	return true
}

// Match appends the numbers of the rows that agree with args, in order. What is no value in args agrees with everything.
func (l *Loose) Match(args []value.Value, dst []uint32) []uint32 {
	if l.Len() == 0 {
		return dst
	}
	var columns []int
	var key []value.Value
	start := len(dst)
	for i := range l.parts {
		p := &l.parts[i]
		columns, key = columns[:0], key[:0]
		for c, a := range args {
			if a.IsValue() && !p.unknown[c] {
				columns, key = append(columns, c), append(key, a)
			}
		}
		for _, id := range p.rows.Index(columns).Find(key) {
			dst = append(dst, p.ids[id])
		}
	}
	slices.Sort(dst[start:])
	return dst
}
