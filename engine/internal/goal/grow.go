package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// growth is the materialisation of one component: its predicates' relations are filled bottom-up, semi-naively, in rounds.
type growth struct {
	preds []*grown
	// unordered: no rule asks goals, so that the order in which relations are gone through can't be seen.
	unordered bool
	batches   *batches // set while the rules are evaluated by joins
	left      int      // rows that may still be added
	full      bool
	warnings  []Warning
}

// grown is one predicate of the component.
type grown struct {
	pred     analysis.PredID
	rows     *relation.Relation
	seen     *relation.Pairs // of rows of two columns at most, which are derived again and again
	growing  *join.Growing   // in rows' stead, while joins find them
	erring   *relation.Loose // what may hold beyond that
	old, top int             // rows numbered below old were new before the last round, those below top in it
	targets  [2]*table       // by mode
	keep     *kept           // of a predicate that is maintained
}

// growthPart is what a literal of a growing predicate reads in a round.
type growthPart uint8

const (
	partAll   growthPart = iota
	partOld              // what was there before the last round
	partDelta            // what the last round added
)

// deltaPart says what literal i reads where literal delta reads what is new, so that no combination is gone through twice.
func deltaPart(i, delta int) growthPart {
	switch {
	case i == delta:
		return partDelta
	case i < delta:
		return partOld
	}
	return partAll
}

func (g *growth) of(p analysis.PredID) *grown {
	if g == nil {
		return nil
	}
	for _, x := range g.preds {
		if x.pred == p {
			return x
		}
	}
	return nil
}

// Warning is a static row that errs.
type Warning struct {
	Pred  analysis.PredID
	Span  source.Span
	Fault *value.Fault
}

// Grown is what [Evaluator.Materialise] found of one predicate.
type Grown struct {
	Pred   analysis.PredID
	Rows   *relation.Relation
	Erring *relation.Loose // nil for none
}

// Materialise computes all rows of the predicates of one component, which must need nothing of a request and demand no columns. It gives
// up, returning nil, beyond most rows, and where the error steps don't suffice, which each component has for itself, as GaveUp says; where it
// exceeds another limit, Exceeded says so. It drops all tables: call Begin before and after.
func (e *Evaluator) Materialise(preds []analysis.PredID, most int) ([]Grown, []Warning) {
	e.errSteps, e.gaveUp = 0, false
	g := &growth{left: most}
	var c *closure
	if len(preds) == 1 {
		c = e.takeClosure(preds[0])
	}
	for _, p := range preds {
		x := &grown{pred: p, rows: e.db.New(e.preds[p].Arity), erring: e.db.NewLoose(e.preds[p].Arity)}
		if x.rows.Arity() <= 2 && e.preds[p].Recursive && c == nil {
			x.seen = e.db.NewPairs()
		}
		g.preds = append(g.preds, x)
	}
	e.grow = g
	e.forget(preds)
	if c != nil {
		e.growClosure(c, g.preds[0])
	} else {
		e.growRules(g, preds)
	}
	e.step(0) // what the last operation took; which that is depends on the order of rows
	if c == nil && !e.stop && !g.full && e.growthErrs(g) {
		e.growIn(g, modeP)
		e.errorStep(0)
	}
	e.grow = nil
	e.forget(preds)
	e.reset()
	if e.stop || g.full || e.gaveUp {
		return nil, nil
	}
	var out []Grown
	for _, x := range g.preds {
		r := Grown{Pred: x.pred, Rows: x.rows}
		if x.erring.Len() > 0 {
			r.Erring = x.erring
		}
		out = append(out, r)
	}
	return out, g.warnings
}

// growRules computes the rows that hold by the rules.
func (e *Evaluator) growRules(g *growth, preds []analysis.PredID) {
	g.unordered = e.allPlain(preds)
	if g.unordered && e.joins(preds) {
		e.growBatches(g)
		return
	}
	for _, x := range g.preds {
		e.plant(x)
	}
	e.growIn(g, modeT)
}

// plant adds a predicate's facts, in an order that doesn't depend on past updates if that could be seen.
func (e *Evaluator) plant(x *grown) {
	facts := e.db.Pred(int(x.pred)).Facts
	x.rows.Grow(facts.Len())
	if e.grow.unordered {
		for id := range uint32(facts.Top()) {
			if facts.Alive(id) {
				x.rows.Insert(facts.Row(id))
			}
		}
		return
	}
	for _, id := range facts.Index(nil).Sorted(e.t, nil) {
		x.rows.Insert(facts.Row(id))
	}
}

// allPlain reports whether no rule of the component asks goals.
func (e *Evaluator) allPlain(preds []analysis.PredID) bool {
	for _, p := range preds {
		for _, r := range e.preds[p].Rules {
			if !e.isPlain(&e.rules[r]) {
				return false
			}
		}
	}
	return true
}

// forget drops the code of the component's rules, whose plans read what grows.
func (e *Evaluator) forget(preds []analysis.PredID) {
	for _, p := range preds {
		for _, r := range e.preds[p].Rules {
			e.code[r] = nil
		}
	}
}

func (e *Evaluator) growthErrs(g *growth) bool {
	for _, x := range g.preds {
		if x.targets[modeT].errs {
			return true
		}
	}
	return false
}

// target makes the table that stands for a growing predicate as the target of its rules.
func (e *Evaluator) target(x *grown, m mode) {
	t := e.newTable(x.pred, m, nil, fill(nil, e.preds[x.pred].Arity, value.None), 0)
	e.open(t)
	t.grow = x
	x.targets[m] = t
}

// growIn computes, in rounds, the rows that hold (T), or those that may hold beyond those that do (P).
func (e *Evaluator) growIn(g *growth, m mode) {
	run := e.growRule
	if m == modeP {
		run = e.growRuleP
	}
	for _, x := range g.preds {
		e.target(x, m)
		x.old, x.top = 0, x.found(m)
	}
	e.inRounds(g, run, func() bool { return g.nextRound(m) })
}

// inRounds runs all rules once, and then, as long as there is news, for each literal that may read it.
func (e *Evaluator) inRounds(g *growth, run func(x *grown, rule int32, delta int), next func() bool) {
	for _, x := range g.preds {
		for _, r := range e.preds[x.pred].Rules {
			run(x, r, -1)
		}
	}
	for next() && !e.stop && !g.full {
		for _, x := range g.preds {
			for _, r := range e.preds[x.pred].Rules {
				for i := range e.rules[r].Body {
					if l := &e.rules[r].Body[i]; l.Kind == analysis.LitAtom && g.of(l.Pred) != nil {
						run(x, r, i)
					}
				}
			}
		}
	}
}

// nextRound makes what the last round added the news of the next, and reports whether there is any.
func (g *growth) nextRound(m mode) bool {
	news := false
	for _, x := range g.preds {
		x.old, x.top = x.top, x.found(m)
		news = news || x.old < x.top
	}
	return news
}

// found is the number that the next row gets.
func (x *grown) found(m mode) int {
	if m == modeP {
		return x.erring.Len()
	}
	return x.rows.Top()
}

// isPlain reports whether a rule asks no goals: it reads relations alone, and computes.
func (e *Evaluator) isPlain(r *analysis.Rule) bool {
	for i := range r.Body {
		switch l := &r.Body[i]; l.Kind {
		case analysis.LitAtom, analysis.LitNot:
			if via := e.accessOf(l.Pred); via != viaRelation && via != viaGrowth {
				return false
			}
		case analysis.LitTest, analysis.LitEquation:
			if readsEntities(l.Expr) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func readsEntities(x *analysis.Expr) bool {
	switch x.Op {
	case analysis.OpIn, analysis.OpAttr, analysis.OpHas, analysis.OpGetTag, analysis.OpHasTag:
		return true
	}
	for _, a := range x.Args {
		if readsEntities(a) {
			return true
		}
	}
	return false
}

// growRule runs a rule in T until nothing is left to do, literal delta, if any, reading what is new.
func (e *Evaluator) growRule(x *grown, rule int32, delta int) {
	t := x.targets[modeT]
	if e.stop || e.grow.full {
		return
	}
	p := e.planFor(e.codeOf(rule), t.call, nil, delta)
	e.sizeVars(p.code.rule.NumVars)
	e.asker = t
	e.started++
	e.step(1)
	e.run(p, 0, t)
	e.drain(t)
}

// drain works until nothing is left to do below a target's level.
func (e *Evaluator) drain(t *table) {
	for !e.stop && !e.grow.full {
		if len(e.work) > 0 {
			e.perform()
			continue
		}
		l := e.lowestWaited(t.level)
		if l == t.level {
			return
		}
		e.completeUpTo(l)
	}
}

// enterGrowth looks a step up in a growing relation.
func (e *Evaluator) enterGrowth(s *step, c *cursor) {
	x := e.grow.of(s.Pred)
	ids := s.index.Find(e.bindKey(s, c)) // ascending: nothing is deleted while it grows
	low, high := 0, x.top
	switch s.part {
	case partOld:
		high = x.old
	case partDelta:
		low = x.old
	}
	c.ids = ids[below(ids, low):below(ids, high)]
	c.setRelation(x.rows)
	if c.n == 0 {
		e.step(1)
	}
}

// below returns how many of some ascending numbers are less than n.
func below(ids []uint32, n int) int {
	low, high := 0, len(ids)
	for low < high {
		if mid := (low + high) / 2; int(ids[mid]) < n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// growAnswer adds a row to the relation that a target stands for.
func (e *Evaluator) growAnswer(t *table, row []value.Value, fault *value.Fault) {
	x, g := t.grow, e.grow
	if x.keep != nil {
		e.keepAnswer(x.keep, row)
		return
	}
	isNew := false
	if t.mode == modeP {
		if fault == nil {
			fault = errHidden
		}
		_, holds := x.rows.Find(row)
		isNew = !holds && x.erring.Add(row, fault)
	} else if x.seen == nil || x.seen.Add(row) {
		_, isNew = x.rows.Insert(row)
	}
	if !isNew {
		return
	}
	if t.mode == modeP {
		g.warnings = append(g.warnings, Warning{Pred: x.pred, Span: e.search.span, Fault: fault})
	}
	e.tuple(t.arity)
	if g.left--; g.left < 0 {
		g.full = true
		t.complete = true // so that the rule that runs stops
	}
}

// growRuleP runs a rule in P; with a delta, for the new erring rows of that literal.
func (e *Evaluator) growRuleP(x *grown, rule int32, delta int) {
	t := x.targets[modeP]
	c, fits := e.prepareP(t, rule)
	if !fits || e.stop || e.grow.full {
		return
	}
	e.asker = t
	e.started++
	if delta < 0 {
		e.runP(c, t)
		e.drain(t)
		return
	}
	d := e.grow.of(c.lits[delta].Pred)
	arity := d.rows.Arity()
	rows := d.erring.All().Rows()[d.old*arity : d.top*arity]
	e.branch(c, t, delta, rows, d.erring.Faults()[d.old:d.top], d.top-d.old)
	e.drain(t)
}
