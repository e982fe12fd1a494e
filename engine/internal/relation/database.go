package relation

import "github.com/rune-authz/rune/engine/internal/value"

// Database holds what is known of each predicate of a program beside its rules.
type Database struct {
	preds   []Predicate
	seed    uint64
	version int
}

// Predicate is one predicate's rows.
type Predicate struct {
	// Facts are the rows given by documents and updates; never nil.
	Facts *Relation
	// Rows are all rows, facts and derived ones, where the predicate is materialised, else nil.
	Rows *Relation
	// Erring are the rows that hold only if an error is taken to hide them, value.Unknown being what an error hides; nil for none.
	Erring *Relation
	// Faults say by number of an erring row which error that is.
	Faults []*value.Fault
}

// NewDatabase returns a database without rows for predicates of these arities, with values of t.
func NewDatabase(t *value.Table, arities []int) *Database {
	d := &Database{preds: make([]Predicate, len(arities)), seed: t.Seed()}
	for i, n := range arities {
		d.preds[i].Facts = New(n, d.seed)
	}
	return d
}

// Pred returns the rows of predicate i.
func (d *Database) Pred(i int) *Predicate { return &d.preds[i] }

// Len returns the number of predicates.
func (d *Database) Len() int { return len(d.preds) }

// Seed is that of the database's relations.
func (d *Database) Seed() uint64 { return d.seed }

// Version changes whenever a predicate gets another relation. Pointers to relations and indexes are good as long as it stays.
func (d *Database) Version() int { return d.version }

// Materialise gives predicate i all its rows, or with nil says that it isn't materialised.
func (d *Database) Materialise(i int, rows, erring *Relation, faults []*value.Fault) {
	p := &d.preds[i]
	p.Rows, p.Erring, p.Faults = rows, erring, faults
	d.version++
}
