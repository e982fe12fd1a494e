package fixpoint

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Update deletes and then inserts facts as one transaction, and changes nothing where it returns a fault, such as a limit's. Limits that the
// load was given hold as well.
func (m *Model) Update(insert, delete []analysis.Facts, limits goal.Limits) *value.Fault {
	u := update{Model: m, concerned: make([]bool, m.db.Len())}
	u.apply(delete, true)
	u.apply(insert, false)
	if len(u.changes) == 0 {
		return nil
	}
	u.spread()
	saved := u.save()
	if f := m.materialise(limits.Lower(m.options.Limits), u.concerns); f != nil {
		u.restore(saved)
		u.undo()
		return f
	}
	return nil
}

// update is one transaction.
type update struct {
	*Model
	changes   []change
	concerned []bool // by predicate: its rows may change
}

// change is a fact that was inserted or deleted.
type change struct {
	pred    analysis.PredID
	row     []value.Value
	deleted bool
}

func (u *update) apply(facts []analysis.Facts, deletes bool) {
	for _, f := range facts {
		rel := u.db.Pred(int(f.Pred)).Facts
		for i := range f.Count {
			row := rowOf(f, rel.Arity(), i)
			if u.set(f.Pred, row, !deletes) {
				u.changes = append(u.changes, change{pred: f.Pred, row: slices.Clone(row), deleted: deletes})
				u.concerned[f.Pred] = true
			}
		}
	}
}

// set makes a fact present or absent, and reports whether that changed something.
func (u *update) set(p analysis.PredID, row []value.Value, present bool) bool {
	rel := u.db.Pred(int(p)).Facts
	if present {
		_, isNew := rel.Insert(row)
		return isNew
	}
	return rel.Delete(row)
}

func (u *update) undo() {
	for i := len(u.changes) - 1; i >= 0; i-- {
		c := u.changes[i]
		u.set(c.pred, c.row, c.deleted)
	}
}

// spread finds what may change with the facts that did: what uses them, directly or not.
func (u *update) spread() {
	for changed := true; changed; {
		changed = false
		store := u.storeConcerned()
		for i := range u.program.Preds {
			if !u.concerned[i] && (store && u.program.Preds[i].StoreDependent || u.uses(analysis.PredID(i))) {
				u.concerned[i], changed = true, true
			}
		}
	}
}

// storeConcerned reports whether parents, attributes or tags may change, which rules read through expressions as well.
func (u *update) storeConcerned() bool {
	for i := range u.program.Preds {
		if u.concerned[i] && u.program.Preds[i].Kind == analysis.PredStore {
			return true
		}
	}
	return false
}

// uses reports whether a rule of a predicate has a literal on one that is concerned.
func (u *update) uses(p analysis.PredID) bool {
	for _, r := range u.program.Preds[p].Rules {
		for i := range u.program.Rules[r].Body {
			switch l := &u.program.Rules[r].Body[i]; l.Kind {
			case analysis.LitAtom, analysis.LitNot:
				if u.concerned[l.Pred] {
					return true
				}
			case analysis.LitAggregate:
				if u.concerned[l.Aggregate.Pred] {
					return true
				}
			}
		}
	}
	return false
}

// concerns reports whether a component is to be evaluated anew.
func (u *update) concerns(i int) bool {
	return slices.ContainsFunc(u.strata[i], func(p analysis.PredID) bool { return u.concerned[p] })
}

// state is what restore needs.
type state struct {
	preds    []relation.Predicate
	warnings []warning
}

func (u *update) save() state {
	s := state{warnings: slices.Clone(u.warnings)}
	for i := range u.db.Len() {
		s.preds = append(s.preds, *u.db.Pred(i))
	}
	return s
}

func (u *update) restore(s state) {
	for i, p := range s.preds {
		if u.db.Pred(i).Rows != p.Rows {
			u.db.Materialise(i, p.Rows, p.Erring)
		}
	}
	u.warnings = s.warnings
}
