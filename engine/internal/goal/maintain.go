package goal

import (
	"math"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Rows is a list of rows.
type Rows struct {
	Data  []value.Value // row after row
	Count int
}

// Row returns row i of a list of rows of n columns.
func (r *Rows) Row(i, n int) []value.Value { return r.Data[i*n : (i+1)*n] }

// Change is how an update changes a predicate's rows: it gains some and loses others. Unknown says that they change, or may do, in a way that
// isn't told.
type Change struct {
	Added, Removed Rows
	Unknown        bool
}

// IsZero reports whether the rows stay as they are.
func (c *Change) IsZero() bool { return !c.Unknown && c.Added.Count+c.Removed.Count == 0 }

// upkeep is the maintenance of one component: its rows, which are those of the state before an update, become those of the state after it,
// in place. What lost a premise goes, with all that rests on it; what can be derived otherwise comes back; then what is new is added
// (delete and rederive: Gupta, Mumick, Subrahmanian 1993). A predicate that isn't recursive needs no counts for that: whether a row still
// has a derivation is a goal with all columns bound.
type upkeep struct {
	changes []Change // by predicate: of facts for the component's own, of rows for others
	preds   []*kept
	reads   []analysis.PredID // others that changed and are relations, each once
	grouped []*kept           // braces and negated bodies that read these: for which values outside what they give may change
	news    *Rows             // that the literal which a plan begins with reads
	before  bool              // the relations read are as they were before the update
	errs    bool              // an error was met that may hide what is new
}

// kept is one predicate of the component.
type kept struct {
	*grown
	facts  *relation.Relation
	losing bool
	cut    bool               // the rows in lost are out of the relation
	lost   *relation.Relation // without what came back
	gained *relation.Relation
	next   *relation.Relation // found in this round
	news   Rows               // found in the last
}

// Maintain makes the rows of a component's predicates, which are in the database, those that follow from what it reads as that is now. Changes
// tells by predicate how the update changed that. It returns the changes of the component's rows in the order of its predicates; or, having
// changed nothing, false where only Materialise can tell: what isn't kept in relations changes, an error is met, or it would take more than most
// steps. Like Materialise it drops all tables.
func (e *Evaluator) Maintain(preds []analysis.PredID, changes []Change, most int) ([]Change, bool) {
	u := &upkeep{changes: changes}
	if !e.findReads(u, preds) {
		return nil, false
	}
	limit := e.limits.Steps
	within := limit == 0 || limit > e.steps+most
	if within {
		e.limits.Steps = e.steps + most
	}
	e.budget.plan()
	e.grow, e.upkeep = &growth{unordered: e.allPlain(preds), left: math.MaxInt}, u
	e.keepUp(u, preds)
	e.grow, e.upkeep = nil, nil
	e.reset()
	e.limits.Steps = limit
	over := within && e.exceeded == limitSteps
	if over {
		e.stop, e.exceeded = false, ""
	}
	e.budget.plan()
	if over || e.stop || u.errs || e.gaveUp {
		e.giveUp(u)
		return nil, false
	}
	var out []Change
	for _, k := range u.preds {
		out = append(out, Change{Added: e.listOf(k.gained), Removed: e.listOf(k.lost)})
	}
	return out, true
}

// findReads finds the changes that rules read, and reports whether all are told, row by row, of relations.
func (e *Evaluator) findReads(u *upkeep, preds []analysis.PredID) bool {
	for _, p := range preds {
		for _, r := range e.preds[p].Rules {
			for i := range e.rules[r].Body {
				if l := &e.rules[r].Body[i]; !slices.Contains(preds, l.Pred) && !e.findRead(u, l) {
					return false
				}
			}
		}
	}
	return true
}

func (e *Evaluator) findRead(u *upkeep, l *analysis.Literal) bool {
	switch l.Kind {
	case analysis.LitAggregate:
		return e.findGroups(u, l.Aggregate.Pred, len(l.Aggregate.Group))
	case analysis.LitNot:
		if e.isBody(l.Pred) {
			return e.findGroups(u, l.Pred, len(l.Args))
		}
	case analysis.LitAtom:
	default:
		return true
	}
	return e.findRelation(u, l.Pred)
}

func (e *Evaluator) findRelation(u *upkeep, p analysis.PredID) bool {
	c := &u.changes[p]
	switch {
	case c.IsZero():
	case c.Unknown || e.accessOf(p) != viaRelation:
		return false
	case !slices.Contains(u.reads, p):
		u.reads = append(u.reads, p)
	}
	return true
}

// keepUp goes through the phases of an upkeep.
func (e *Evaluator) keepUp(u *upkeep, preds []analysis.PredID) {
	for _, p := range preds {
		n := e.preds[p].Arity
		rows := e.db.Pred(int(p))
		u.preds = append(u.preds, &kept{grown: &grown{pred: p, rows: rows.Rows}, facts: rows.Facts,
			lost: e.db.New(n), gained: e.db.New(n), next: e.db.New(n), losing: true})
	}
	for _, k := range u.preds {
		k.keep = k
	}
	e.group(u)
	e.turn(u)
	e.group(u)
	if e.stop || u.errs {
		e.turn(u)
		return
	}
	e.lose(u)
	e.turn(u)
	if e.stop {
		return
	}
	e.rederive(u)
	if e.stop || u.errs {
		return
	}
	e.gain(u)
}

// turn takes the relations read to how they were before the update, or back. What goals found in them is good no more.
func (e *Evaluator) turn(u *upkeep) {
	e.reset()
	u.before = !u.before
	for _, p := range u.reads {
		rel, c := e.relationOf(p), &u.changes[p]
		in, out := &c.Added, &c.Removed
		if u.before {
			in, out = out, in
		}
		for i := range out.Count {
			rel.Delete(out.Row(i, rel.Arity()))
			e.pauses.Spend(1)
		}
		for i := range in.Count {
			rel.Insert(in.Row(i, rel.Arity()))
			e.pauses.Spend(1)
		}
	}
}

// lose finds the rows that have a derivation which the update took away, and those that rest on them.
func (e *Evaluator) lose(u *upkeep) {
	for _, k := range u.preds {
		e.keepList(k, &u.changes[k.pred].Removed)
	}
	e.keepRounds(u)
}

// keepList takes over rows that facts make hold, or did.
func (e *Evaluator) keepList(k *kept, list *Rows) {
	for i := range list.Count {
		e.step(1)
		e.keepAnswer(k, list.Row(i, k.rows.Arity()))
	}
}

// rederive takes the rows lost out of their relations, and finds those that can be derived from what is left.
func (e *Evaluator) rederive(u *upkeep) {
	for _, k := range u.preds {
		k.cut, k.losing = true, false
		eachRow(k.lost, func(row []value.Value) {
			k.rows.Delete(row)
			e.pauses.Spend(1)
		})
	}
	plain := e.grow.unordered
	e.grow.unordered = false // the first derivation found is enough
	for _, k := range u.preds {
		eachRow(k.lost, func(row []value.Value) {
			if e.stop || u.errs {
				return
			}
			root := e.newRoot(k.pred, modeT, e.preds[k.pred].Rules, row)
			e.drive(root)
			if root.n > 0 {
				k.next.Insert(row)
			} else {
				u.errs = root.errs
			}
			if plain { // no table serves another goal
				e.reset()
			}
		})
	}
	e.grow.unordered = plain
}

// gain adds what came back, what facts make hold, and what follows from these and from the changes read.
func (e *Evaluator) gain(u *upkeep) {
	for _, k := range u.preds {
		e.keepList(k, &u.changes[k.pred].Added)
	}
	e.keepRounds(u)
	for _, k := range u.preds {
		u.errs = u.errs || k.targets[modeT].errs
	}
}

// giveUp takes everything back to how it was.
func (e *Evaluator) giveUp(u *upkeep) {
	for _, k := range u.preds {
		eachRow(k.gained, func(row []value.Value) { k.rows.Delete(row) })
		if k.cut {
			eachRow(k.lost, func(row []value.Value) { k.rows.Insert(row) })
		}
	}
}

// Derived returns how many rows of a component Materialise counts against its most.
func (e *Evaluator) Derived(preds []analysis.PredID) int {
	n := 0
	for _, p := range preds {
		rows := e.db.Pred(int(p))
		n += rows.Rows.Len()
		if len(preds) > 1 || e.takeClosure(p) == nil {
			n -= rows.Facts.Len()
		}
	}
	return n
}
