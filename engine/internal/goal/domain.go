package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// domains finds in which range of handles the columns of growing predicates lie, by where their rules take values from. Where it is
// narrow the rows found are noted as bits of a matrix.
type domains struct {
	*Evaluator
	of   [][]join.Range // by growing predicate and column
	rows int            // of all relations that the rules read
}

// findDomains gives growing predicates their ranges, as far as they are known.
func (e *Evaluator) findDomains(g *growth) {
	d := &domains{Evaluator: e}
	for _, x := range g.preds {
		d.of = append(d.of, make([]join.Range, e.preds[x.pred].Arity))
	}
	for changed := true; changed; {
		changed, d.rows = false, 0
		for i, x := range g.preds {
			facts := e.db.Pred(int(x.pred)).Facts
			d.rows += facts.Len()
			for c := range d.of[i] {
				changed = d.of[i][c].Cover(d.column(facts, c)) || changed
			}
			for _, r := range e.preds[x.pred].Rules {
				changed = d.rule(g, &e.rules[r], d.of[i]) || changed
			}
		}
	}
	for i, x := range g.preds {
		x.growing.Within(d.of[i], d.rows)
	}
}

// rule lets the ranges of a head cover what a rule gives, and reports whether that changed them.
func (d *domains) rule(g *growth, r *analysis.Rule, head []join.Range) bool {
	for i := range r.Body {
		if l := &r.Body[i]; l.Kind == analysis.LitAtom && g.of(l.Pred) == nil {
			d.rows += d.relationOf(l.Pred).Len()
		}
	}
	changed := false
	for c, a := range r.HeadArgs {
		from := join.Range{Low: a.Const, High: a.Const, Some: true}
		if a.Var >= 0 {
			from = d.variable(g, r, a.Var)
		}
		changed = head[c].Cover(from) || changed
	}
	return changed
}

// variable returns the narrowest range of the columns that a variable is bound by.
func (d *domains) variable(g *growth, r *analysis.Rule, v int32) join.Range {
	best := join.Range{Some: true, High: ^value.Value(0)}
	for i := range r.Body {
		l := &r.Body[i]
		if l.Kind != analysis.LitAtom {
			continue
		}
		for c, a := range l.Args {
			if a.Var != v {
				continue
			}
			var here join.Range
			if at := slices.IndexFunc(g.preds, func(x *grown) bool { return x.pred == l.Pred }); at >= 0 {
				here = d.of[at][c]
			} else {
				here = d.column(d.relationOf(l.Pred), c)
			}
			if here.Size() < best.Size() {
				best = here
			}
		}
	}
	return best
}

// column returns the range of a relation's column.
func (d *domains) column(rel *relation.Relation, c int) join.Range {
	return d.grow.batches.tables.Range(rel, c)
}
