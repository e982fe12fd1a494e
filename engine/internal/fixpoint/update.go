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
	limits = limits.Lower(m.options.Limits)
	m.begin(limits)
	u := update{Model: m, changes: make([]goal.Change, m.db.Len()), lowered: limits.ErrorSteps != m.options.Limits.ErrorSteps}
	u.apply(insert, delete)
	for i := range m.groups {
		if f := u.follow(&m.groups[i]); f != nil {
			u.undo()
			return f
		}
	}
	if f := m.exceeded(); f != nil {
		u.undo()
		return f
	}
	return nil
}

// update is one transaction.
type update struct {
	*Model
	changes []goal.Change // by predicate: of its facts, and from when its group was looked at on of its rows
	facts   []undo        // in the order of the changes
	rows    []undo
	lowered bool // the limit of error steps is lower than the load's
	store   bool // parents, attributes or tags may change, which rules read through expressions as well
}

// undo is what takes a change back: rows that changed in place, or the rows that were there before others took their place.
type undo struct {
	pred   analysis.PredID
	in     *relation.Relation
	change goal.Change
	before *relation.Predicate
	warned []warning
}

// apply changes the facts.
func (u *update) apply(insert, delete []analysis.Facts) {
	removed, added := u.set(delete, false), u.set(insert, true)
	for p := range u.changes {
		c := goal.Change{Removed: without(removed[p], added[p]), Added: without(added[p], removed[p])}
		if u.changes[p] = c; c.IsZero() {
			continue
		}
		u.eval.Count(c.Removed.Count + c.Added.Count)
		u.facts = append(u.facts, undo{pred: analysis.PredID(p), in: u.db.Pred(p).Facts, change: c})
	}
}

// set makes facts present or absent, and returns by predicate those that weren't.
func (u *update) set(facts []analysis.Facts, present bool) []*relation.Relation {
	out := make([]*relation.Relation, len(u.changes))
	for _, f := range facts {
		rel := u.db.Pred(int(f.Pred)).Facts
		for i := range f.Count {
			row := rowOf(f, rel.Arity(), i)
			if u.db.Pauses.Spend(1); !setRow(rel, row, present) {
				continue
			}
			if out[f.Pred] == nil {
				out[f.Pred] = u.db.New(rel.Arity())
			}
			out[f.Pred].Insert(row)
		}
	}
	return out
}

// setRow makes a row present or absent, and reports whether that changed something.
func setRow(rel *relation.Relation, row []value.Value, present bool) bool {
	if present {
		_, isNew := rel.Insert(row)
		return isNew
	}
	return rel.Delete(row)
}

// without lists the rows of a that b lacks. Either may be nil.
func without(a, b *relation.Relation) (list goal.Rows) {
	if a == nil {
		return list
	}
	for id := range uint32(a.Top()) {
		if row := a.Row(id); a.Alive(id) && (b == nil || !b.Has(row)) {
			list.Data = append(list.Data, row...)
			list.Count++
		}
	}
	return list
}

// undo takes the transaction back.
func (u *update) undo() {
	for _, list := range [...][]undo{u.rows, u.facts} {
		for i := len(list) - 1; i >= 0; i-- {
			list[i].run(u.Model)
		}
	}
	u.eval.Refresh()
}

func (o *undo) run(m *Model) {
	if o.before != nil {
		m.db.Materialise(int(o.pred), o.before.Rows, o.before.Erring)
		m.warnings = o.warned
		return
	}
	n := o.in.Arity()
	for i := range o.change.Added.Count {
		o.in.Delete(o.change.Added.Row(i, n))
	}
	for i := range o.change.Removed.Count {
		o.in.Insert(o.change.Removed.Row(i, n))
	}
}

// concerns reports whether something changes that a group's rows come from.
func (u *update) concerns(g *group) bool {
	for _, p := range g.preds {
		switch x := &u.program.Preds[p]; {
		case !u.changes[p].IsZero(), u.store && x.StoreDependent, slices.ContainsFunc(g.reads, u.changed):
			return true
		}
	}
	return false
}

func (u *update) changed(p analysis.PredID) bool { return !u.changes[p].IsZero() }

// follow brings the rows of a group up to date.
func (u *update) follow(g *group) *value.Fault {
	if !u.concerns(g) {
		return nil
	}
	if g.component >= 0 {
		if !u.maintain(g) {
			if f := u.rebuild(g); f != nil {
				return f
			}
		}
	}
	for _, p := range g.preds {
		x := &u.program.Preds[p]
		if len(x.Rules) > 0 && !x.Materialize {
			u.changes[p] = goal.Change{Unknown: true}
		}
		u.store = u.store || x.Kind == analysis.PredStore && u.changed(p)
	}
	return nil
}
