package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
)

// batches is the materialisation of a component whose rules ask no goals by joins of whole batches. They count the steps and rows that the
// rules would if they were evaluated one combination at a time: rows looked at, whatever the order.
type batches struct {
	tables join.Tables
}

// batch is a plan, from a step on, as a join.
type batch struct {
	pipeline *join.Pipeline
	head     []join.Operand
	given    *join.Given // the rows of the first step, where a goal is answered
}

// spend counts steps of a join, and reports whether there may be more.
func (e *Evaluator) spend(n int) bool {
	e.step(n)
	return !e.stop
}

// growBatches computes the rows that hold by the component's rules.
func (e *Evaluator) growBatches(g *growth) {
	g.batches = &batches{tables: join.Tables{Seed: e.tableSet.seed, Pauses: e.pauses}}
	for _, x := range g.preds {
		x.growing = g.batches.tables.NewGrowing(e.preds[x.pred].Arity)
	}
	e.findDomains(g)
	for _, x := range g.preds {
		facts := e.db.Pred(int(x.pred)).Facts
		for id := range uint32(facts.Top()) {
			if facts.Alive(id) {
				x.growing.Insert(facts.Row(id))
			}
		}
		e.target(x, modeT)
		x.growing.Advance()
	}
	e.inRounds(g, e.growBatch, func() bool {
		news := false
		for _, x := range g.preds {
			news = x.growing.Advance() || news
		}
		return news
	})
	for _, x := range g.preds {
		x.rows.AdoptRows(slices.Clip(x.growing.Rows()), x.growing.Len())
		x.growing = nil
	}
	g.batches = nil
}

// growBatch runs a rule, literal delta, if any, reading what is new.
func (e *Evaluator) growBatch(x *grown, rule int32, delta int) {
	t, g := x.targets[modeT], e.grow
	if e.stop || g.full {
		return
	}
	p := e.planFor(e.codeOf(rule), t.call, nil, delta)
	if p.batch == nil {
		p.batch = e.compileBatch(p, 0, false)
	}
	e.sizeVars(p.code.rule.NumVars)
	e.asker, e.joining = t, t
	e.started++
	e.step(1)
	p.batch.pipeline.Derive(&e.buffers, e.spend, x.growing, p.batch.head, func(n int) bool {
		e.budget.rows(n, t.arity)
		if g.left -= n; g.left < 0 {
			g.full = true
		}
		return !e.stop && !g.full
	})
}

// mostColumns bounds the columns that the batches of a join have: 8 MiB.
const mostColumns = 1 << 11

// narrow reports whether the batches of a join of a rule would be small enough, each of its atoms having a column for each variable.
func narrow(r *analysis.Rule) bool { return (len(r.Body)+1)*r.NumVars <= mostColumns }

// joins reports whether a component's rules can be evaluated by joins: nothing that they read may err.
func (e *Evaluator) joins(preds []analysis.PredID) bool {
	for _, p := range preds {
		for _, r := range e.preds[p].Rules {
			if !narrow(&e.rules[r]) {
				return false
			}
			for i := range e.rules[r].Body {
				l := &e.rules[r].Body[i]
				if (l.Kind == analysis.LitAtom || l.Kind == analysis.LitNot) && e.erringOf(l.Pred) != nil {
					return false
				}
			}
		}
	}
	return true
}
