package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// keepRounds runs the rules for the changes read, and then, in rounds, for what it has found itself.
func (e *Evaluator) keepRounds(u *upkeep) {
	for _, k := range u.preds {
		e.target(k.grown, modeT)
	}
	e.eachLiteral(u, func(k *kept, rule int32, i int, l *analysis.Literal) {
		if g := u.groupsOf(l); g != nil {
			e.keepRule(k, rule, i, &g.news)
		} else if l.Kind != analysis.LitAggregate && u.of(l.Pred) == nil {
			e.keepRule(k, rule, i, u.changes[l.Pred].side(l, k.losing))
		}
	})
	for e.nextKept(u) {
		e.eachLiteral(u, func(k *kept, rule int32, i int, l *analysis.Literal) {
			if own := u.of(l.Pred); l.Kind == analysis.LitAtom && own != nil {
				e.keepRule(k, rule, i, &own.news)
			}
		})
	}
}

// side is the rows for which a literal held before an update and doesn't any more, or the other way round.
func (c *Change) side(l *analysis.Literal, lost bool) *Rows {
	if (l.Kind == analysis.LitAtom) == lost {
		return &c.Removed
	}
	return &c.Added
}

// eachLiteral calls f for what the component's rules read.
func (e *Evaluator) eachLiteral(u *upkeep, f func(k *kept, rule int32, i int, l *analysis.Literal)) {
	for _, k := range u.preds {
		e.eachRead(k, f)
	}
}

func (e *Evaluator) eachRead(k *kept, f func(k *kept, rule int32, i int, l *analysis.Literal)) {
	for _, r := range e.preds[k.pred].Rules {
		for i := range e.rules[r].Body {
			switch l := &e.rules[r].Body[i]; l.Kind {
			case analysis.LitAtom, analysis.LitNot, analysis.LitAggregate:
				f(k, r, i, l)
			}
		}
	}
}

func (u *upkeep) of(p analysis.PredID) *kept {
	for _, k := range u.preds {
		if k.pred == p {
			return k
		}
	}
	return nil
}

// nextKept makes what was found in the last round the news of the next, and reports whether there is any.
func (e *Evaluator) nextKept(u *upkeep) bool {
	any := false
	for _, k := range u.preds {
		k.news = e.listOf(k.next)
		if k.next.Len() == 0 {
			continue
		}
		any = true
		k.next = e.db.New(k.rows.Arity())
		for i := 0; i < k.news.Count && !k.losing; i++ {
			row := k.news.Row(i, k.rows.Arity())
			k.rows.Insert(row)
			if !k.lost.Delete(row) {
				k.gained.Insert(row)
			}
			e.pauses.Spend(1)
		}
	}
	return any && !e.stop
}

// listOf lists the rows of a relation, in an order that doesn't depend on how it came by them if that could be seen.
func (e *Evaluator) listOf(rel *relation.Relation) Rows {
	list := Rows{Count: rel.Len()}
	if e.grow == nil || e.grow.unordered {
		eachRow(rel, func(row []value.Value) { list.Data = append(list.Data, row...) })
		return list
	}
	for _, id := range rel.Index(nil).Sorted(e.t, nil) {
		list.Data = append(list.Data, rel.Row(id)...)
	}
	return list
}

func eachRow(rel *relation.Relation, f func(row []value.Value)) {
	for id := range uint32(rel.Top()) {
		if rel.Alive(id) {
			f(rel.Row(id))
		}
	}
}

// keepRule runs a rule with some rows in the place of literal i.
func (e *Evaluator) keepRule(k *kept, rule int32, i int, news *Rows) {
	if news.Count == 0 || e.stop {
		return
	}
	t := k.targets[modeT]
	e.upkeep.news = news
	p := e.planFor(e.codeOf(rule), t.call, nil, i)
	e.sizeVars(p.code.rule.NumVars)
	e.asker = t
	e.started++
	e.step(1)
	e.run(p, 0, t)
	e.drain(t)
}

// keepAnswer takes a row that is derived in a way which the update took away, or made.
func (e *Evaluator) keepAnswer(k *kept, row []value.Value) {
	found := false
	switch {
	case k.rows == nil:
		_, found = k.next.Insert(row[:k.next.Arity()])
	case k.losing:
		if found = k.rows.Has(row) && !k.facts.Has(row); found {
			if _, found = k.lost.Insert(row); found {
				k.next.Insert(row)
			}
		}
	case !k.rows.Has(row):
		_, found = k.next.Insert(row)
	}
	if found {
		e.tuple(len(row))
	}
}

// newsStep is the step that a rule's plan begins with while its component is maintained: the literal as an atom over the news. A negation or
// aggregate is evaluated beside that: the news are for what it may have changed.
func (b *planner) newsStep(l *literal) step {
	atom := analysis.Literal{Kind: analysis.LitAtom, Pred: l.Pred, Args: l.Args, Span: l.Span}
	if l.Kind == analysis.LitAggregate {
		atom.Args = l.Aggregate.Group
	}
	s := step{literal: &literal{Literal: &atom}, via: viaNews, all: true, settled: true}
	b.operands(&s)
	b.settle(s.literal)
	return s
}
