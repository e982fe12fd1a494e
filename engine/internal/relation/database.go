package relation

import "github.com/rune-authz/rune/engine/internal/value"

// Database holds what is known of each predicate of a program beside its rules.
type Database struct {
	preds   []Predicate
	seed    uint64
	version int
	// Pauses are those of all the database's relations.
	Pauses Pauses
}

// Predicate is one predicate's rows.
type Predicate struct {
	// Facts are the rows given by documents and updates; never nil.
	Facts *Relation
	// Rows are all rows, facts and derived ones, where the predicate is materialised, else nil.
	Rows *Relation
	// Erring are the rows that hold only if an error is taken to hide them, nil for none.
	Erring *Loose
}

// NewDatabase returns a database without rows for predicates of these arities, with values of t.
func NewDatabase(t *value.Table, arities []int) *Database {
	d := &Database{preds: make([]Predicate, len(arities)), seed: t.Seed()}
	for i, n := range arities {
		d.preds[i].Facts = d.New(n)
	}
	return d
}

// Pred returns the rows of predicate i.
func (d *Database) Pred(i int) *Predicate { return &d.preds[i] }

// Len returns the number of predicates.
func (d *Database) Len() int { return len(d.preds) }

// New returns an empty relation that may become a predicate's.
func (d *Database) New(arity int) *Relation { return New(arity, d.seed, &d.Pauses) }

// NewPairs returns an empty set of pairs.
func (d *Database) NewPairs() *Pairs { return NewPairs(d.seed, &d.Pauses) }

// Version changes whenever a predicate gets another relation. Pointers to relations and indexes are good as long as it stays.
func (d *Database) Version() int { return d.version }

// Materialise gives predicate i all its rows, or with nil says that it isn't materialised.
func (d *Database) Materialise(i int, rows *Relation, erring *Loose) {
	p := &d.preds[i]
	p.Rows, p.Erring = rows, erring
	d.version++
}

// Share gives predicate i the relations of one of another database, which goes on to change them.
func (d *Database) Share(i int, with Predicate) {
	if d.preds[i] != with {
		d.preds[i] = with
		d.version++
	}
}
