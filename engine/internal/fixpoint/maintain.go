package fixpoint

import (
	"cmp"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
)

// group is the predicates of one stratum.
type group struct {
	preds     []analysis.PredID
	reads     []analysis.PredID // that the rules of these have literals on, other ones, each once
	component int               // of those that are materialised, or -1
	told      bool              // something materialised reads them
}

// findGroups collects the predicates by stratum, lowest first.
func (m *Model) findGroups() {
	order := make([]analysis.PredID, len(m.program.Preds))
	for i := range order {
		order[i] = analysis.PredID(i)
	}
	stratum := func(p analysis.PredID) int32 { return m.program.Preds[p].Stratum }
	slices.SortStableFunc(order, func(a, b analysis.PredID) int { return cmp.Compare(stratum(a), stratum(b)) })
	of := make([]int, len(order))
	for _, p := range order {
		if n := len(m.groups); n == 0 || stratum(m.groups[n-1].preds[0]) != stratum(p) {
			m.groups = append(m.groups, group{component: -1})
		}
		of[p] = len(m.groups) - 1
		m.groups[of[p]].preds = append(m.groups[of[p]].preds, p)
	}
	for i, preds := range m.strata {
		m.groups[of[preds[0]]].component = i
	}
	for i := range m.groups {
		g := &m.groups[i]
		m.eachRead(g.preds, func(p analysis.PredID) {
			if of[p] != i && !slices.Contains(g.reads, p) {
				g.reads = append(g.reads, p)
				m.groups[of[p]].told = m.groups[of[p]].told || g.component >= 0
			}
		})
	}
}

// eachRead calls f for the predicates that rules have literals on.
func (m *Model) eachRead(preds []analysis.PredID, f func(p analysis.PredID)) {
	for _, p := range preds {
		for _, r := range m.program.Preds[p].Rules {
			for i := range m.program.Rules[r].Body {
				switch l := &m.program.Rules[r].Body[i]; l.Kind {
				case analysis.LitAtom, analysis.LitNot:
					f(l.Pred)
				case analysis.LitAggregate:
					f(l.Aggregate.Pred)
				}
			}
		}
	}
}

// Maintenance may take as many steps as there are rows in what it reads and changes, divided by maintainedPart, and leastMaintained more.
// Beyond that everything is evaluated anew, which takes a step for each row at least, but a cheaper one.
const (
	maintainedPart  = 4
	leastMaintained = 1000
)

// maintain brings the materialised rows of a group up to date where they are, and reports false where it has to leave that to rebuild. Rows
// that err are left to it: which errors a row is told to have depends on all of them.
func (u *update) maintain(g *group) bool {
	preds := u.strata[g.component]
	size := 0
	for _, p := range preds {
		rows := u.db.Pred(int(p))
		if rows.Rows == nil || rows.Erring.Len() > 0 || u.store && u.program.Preds[p].StoreDependent {
			return false
		}
		size += rows.Rows.Len()
	}
	for _, p := range g.reads {
		if rows := u.db.Pred(int(p)); rows.Rows != nil {
			size += rows.Rows.Len()
		} else {
			size += rows.Facts.Len()
		}
	}
	changes, ok := u.eval.Maintain(preds, u.changes, leastMaintained+size/maintainedPart)
	if !ok {
		return false
	}
	for i, p := range preds {
		u.rows = append(u.rows, undo{pred: p, in: u.db.Pred(int(p)).Rows, change: changes[i]})
	}
	if u.eval.Derived(preds) > u.options.MaxRows {
		for i := range preds {
			u.rows[len(u.rows)-1-i].run(u.Model)
		}
		u.rows = u.rows[:len(u.rows)-len(preds)]
		return false
	}
	for i, p := range preds {
		u.changes[p] = changes[i]
	}
	return true
}

// rebuild evaluates the materialised predicates of a group anew, and finds what has changed.
func (u *update) rebuild(g *group) (f *value.Fault) {
	preds := u.strata[g.component]
	for _, p := range preds {
		before := *u.db.Pred(int(p))
		u.rows = append(u.rows, undo{pred: p, before: &before, warned: slices.Clone(u.warnings)})
	}
	if f := u.materialise(g.component); f != nil {
		return f
	}
	if u.eval.GaveUp() && u.lowered { // a load wouldn't have
		return exceeds("limit.error_steps")
	}
	slices.SortStableFunc(u.warnings, func(a, b warning) int { return cmp.Compare(a.component, b.component) })
	for i, p := range preds {
		before, now := u.rows[len(u.rows)-len(preds)+i].before, u.db.Pred(int(p))
		if !g.told || before.Rows == nil || now.Rows == nil || before.Erring.Len()+now.Erring.Len() > 0 {
			u.changes[p] = goal.Change{Unknown: true}
			continue
		}
		u.eval.Count(before.Rows.Len() + now.Rows.Len())
		u.changes[p] = goal.Change{Removed: without(before.Rows, now.Rows), Added: without(now.Rows, before.Rows)}
	}
	return nil
}
