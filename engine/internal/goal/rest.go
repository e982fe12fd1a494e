package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
)

// joinedRows is the number of rows from which on what comes of them is found by a join of batches and not row by row. The steps that it
// takes, the answers and their order are the same.
const joinedRows = 256

// joinRest goes through the solutions of a plan from a step on whose rows have been found, if the steps after it read relations alone. It
// leaves the step without rows then. A goal that one answer completes isn't for it: nothing may be looked at after that answer.
func (e *Evaluator) joinRest(p *plan, i int, t *table) {
	if t.hard || t.grow != nil || t.pred == analysis.PredParent || i == len(p.steps)-1 || !p.steps[i].binds || !narrow(p.code.rule) || !e.readsRelations(p.steps[i+1:]) {
		return
	}
	if p.rest == nil {
		p.rest = make([]*batch, len(p.steps))
	}
	if p.rest[i] == nil {
		p.rest[i] = e.compileBatch(p, i, true)
	}
	b, c := p.rest[i], &e.cursors[i]
	b.given.IDs = c.ids
	c.n = 0
	e.joining = t
	b.pipeline.RunOn(e.vars, &e.buffers, e.spend, func(rows *join.Batch) bool {
		for k := range rows.N {
			e.row = e.row[:0]
			for column, o := range b.head {
				v := o.Of(rows, k)
				if p.out[column].kind == isAny {
					v = t.call[column]
				}
				e.row = append(e.row, v)
			}
			e.answer(t, e.row, nil)
		}
		return !e.stop
	})
}

// readsRelations reports whether steps ask no goals, and read no rows that may err.
func (e *Evaluator) readsRelations(steps []step) bool {
	for i := range steps {
		switch s := &steps[i]; s.Kind {
		case analysis.LitAtom, analysis.LitNot:
			if s.via != viaRelation || e.erringOf(s.Pred) != nil {
				return false
			}
		case analysis.LitTest, analysis.LitEquation:
			if readsEntities(s.Expr) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
