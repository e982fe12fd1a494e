package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// cursor goes through what satisfies one step.
type cursor struct {
	once  bool // satisfied once, without rows
	rows  []value.Value
	ids   []uint32 // of rows; nil: all rows in turn
	arity int
	i, n  int
	buf   []value.Value // for rows that are made on the way
	key   []value.Value
}

// startT runs a rule for a goal.
func (e *Evaluator) startT(t *table, rule int32) {
	var demanded []bool
	if t.pred >= 0 {
		demanded = e.preds[t.pred].Demanded
	}
	p := e.planFor(e.codeOf(rule), t.call, demanded, -1)
	e.sizeVars(p.code.rule.NumVars)
	e.step(1)
	for i, o := range p.head {
		switch v := t.call[i]; o.kind {
		case isConst:
			if v != value.None && v != o.value {
				return
			}
		case isVar:
			if e.vars[o.v] != v {
				if t.pred >= 0 && e.traits[t.pred].raises { // p(X, X) asked for two values: a `?` would be both
					e.mark(t)
				}
				return
			}
		case binds:
			e.vars[o.v] = v
		}
	}
	e.run(p, 0, t)
}

func (e *Evaluator) sizeVars(n int) {
	if cap(e.vars) < n {
		e.vars = make([]value.Value, n)
	}
	e.vars = e.vars[:n]
}

func (e *Evaluator) loadVars(f *frame) {
	n := f.plan.code.rule.NumVars
	e.sizeVars(n)
	copy(e.vars, e.saved[f.saved:int(f.saved)+n])
}

// run goes through the solutions of a plan's steps from one on, and adds an answer for each. Where a step has to wait it leaves a frame. In T it
// matters only that there is an error: P tells which.
func (e *Evaluator) run(p *plan, from int, t *table) {
	e.t.Hush = true
	e.solve(p, from, t)
	e.t.Hush = false
	if e.ops > 0 { // which operation is the last depends on whether joins go through the rows
		e.step(0)
	}
}

func (e *Evaluator) solve(p *plan, from int, t *table) {
	for len(e.cursors) <= len(p.steps) {
		e.cursors = append(e.cursors, cursor{})
	}
	i := from
	if i == len(p.steps) {
		e.emit(p, t)
		return
	}
	e.enter(p, i, t)
	for {
		if e.stop || t.complete {
			return
		}
		if !e.next(&p.steps[i], &e.cursors[i]) {
			if i--; i < from {
				return
			}
			continue
		}
		if i++; i < len(p.steps) {
			e.enter(p, i, t)
			continue
		}
		e.emit(p, t)
		i--
	}
}

// emit adds the answer of a solution.
func (e *Evaluator) emit(p *plan, t *table) {
	e.row = e.row[:0]
	for i, o := range p.out {
		v := o.value
		switch o.kind {
		case isVar:
			v = e.vars[o.v]
		case isAny:
			v = t.call[i]
		}
		e.row = append(e.row, v)
	}
	if t.pred == analysis.PredParent && e.program.ParentFault(e.row[0], e.row[1]) != nil {
		e.mark(t) // P tells why
		return
	}
	e.answer(t, e.row, nil)
}

// next takes the next row of a step that fits and binds its variables.
func (e *Evaluator) next(s *step, c *cursor) bool {
	if c.once {
		c.once = false
		return true
	}
	for c.i < c.n {
		at := c.i
		if c.ids != nil {
			at = int(c.ids[c.i])
		}
		c.i++
		e.step(1)
		if e.stop {
			return false
		}
		if e.fit(s, c.rows[at*c.arity:(at+1)*c.arity]) {
			if !s.binds {
				c.n = c.i
			}
			return true
		}
	}
	return false
}

// fit compares a row with a step's columns and binds its variables.
func (e *Evaluator) fit(s *step, row []value.Value) bool {
	for i := range s.cols {
		switch o := &s.cols[i]; o.kind {
		case isConst:
			if row[i] != o.value {
				return false
			}
		case isVar, isSame:
			if row[i] != e.vars[o.v] {
				return false
			}
		case binds:
			e.vars[o.v] = row[i]
		}
	}
	return true
}

// enter evaluates a step as far as it can be without looking at rows, and sets its cursor to what there is.
func (e *Evaluator) enter(p *plan, i int, t *table) {
	s, c := &p.steps[i], &e.cursors[i]
	c.once, c.ids, c.i, c.n = false, nil, 0, 0
	st := ok
	switch s.Kind {
	case analysis.LitAtom:
		st = e.enterAtom(p, i, t)
	case analysis.LitNot:
		c.once, st = e.enterNot(s, c)
	case analysis.LitTest:
		e.step(1)
		var v value.Value
		if v, st = s.expr(e); st == ok {
			if v.Kind() != value.KindBool {
				_, st = e.wrongKind("a condition", v)
			}
			c.once = v == value.True
		}
	case analysis.LitEquation:
		e.step(1)
		var v value.Value
		v, st = s.expr(e)
		c.once = st == ok && e.equate(s, v)
	case analysis.LitAggregate:
		e.step(1)
		var v value.Value
		v, st = e.aggregate(s.Aggregate)
		c.once = st == ok && e.equate(s, v)
	case analysis.LitGenerate:
		e.step(1)
		st = e.generate(s.literal, c)
	}
	switch {
	case st == erred:
		e.mark(t)
	case st == waits:
		e.await(e.wait, frame{kind: frameT, target: t, plan: p, step: int32(i), saved: e.save(e.vars)})
	}
}

// equate binds a step's variable, or compares it where it is bound.
func (e *Evaluator) equate(s *step, v value.Value) bool {
	if o := s.cols[0]; o.kind == isVar {
		return e.vars[o.v] == v
	}
	e.vars[s.cols[0].v] = v
	return true
}

// bindKey collects what an atom's bound columns must be, in the order of the columns.
func (e *Evaluator) bindKey(s *step, c *cursor) []value.Value {
	c.key = c.key[:0]
	for i := range s.cols {
		switch o := &s.cols[i]; o.kind {
		case isConst:
			c.key = append(c.key, o.value)
		case isVar:
			c.key = append(c.key, e.vars[o.v])
		}
	}
	return c.key
}

// bindArgs collects an atom's arguments, None being free.
func (e *Evaluator) bindArgs(s *step, c *cursor) []value.Value {
	c.key = c.key[:0]
	for i := range s.cols {
		v := value.None
		switch o := &s.cols[i]; o.kind {
		case isConst:
			v = o.value
		case isVar:
			v = e.vars[o.v]
		}
		c.key = append(c.key, v)
	}
	return c.key
}

func (e *Evaluator) enterAtom(p *plan, i int, t *table) status {
	s, c := &p.steps[i], &e.cursors[i]
	switch s.via {
	case viaRelation:
		if e.enterRelation(s, c, t); c.n >= e.joinFrom {
			e.joinRest(p, i, t)
		}
	case viaGrowth:
		e.enterGrowth(s, c)
	case viaNews:
		c.rows, c.arity, c.n = e.upkeep.news.Data, len(s.cols), e.upkeep.news.Count
	case viaTable:
		e.enterTable(p, i, t)
	default:
		args := e.bindArgs(s, c)
		if st := e.gather(s.Pred, args); st != ok {
			return st
		}
		c.buf = append(c.buf[:0], e.gathered.rows...)
		c.rows, c.arity, c.n = c.buf, len(s.cols), e.gathered.n
		for _, f := range e.gathered.faults {
			if f != nil {
				e.mark(t)
				e.dropFaulty(c)
				break
			}
		}
	}
	return ok
}

// dropFaulty keeps of gathered rows those that do hold.
func (e *Evaluator) dropFaulty(c *cursor) {
	c.buf = c.buf[:0]
	c.n = 0
	for i, f := range e.gathered.faults {
		if f == nil {
			c.buf = append(c.buf, e.gathered.rows[i*c.arity:(i+1)*c.arity]...)
			c.n++
		}
	}
	c.rows = c.buf
}

// enterRelation looks a step up in a relation, in an order that doesn't depend on how it came by its rows.
func (e *Evaluator) enterRelation(s *step, c *cursor, t *table) {
	if s.index == nil { // looked up whole
		e.step(1)
		key := e.bindKey(s, c)
		c.once = e.relationOf(s.Pred).Has(key)
		if !c.once && e.erring(s.Pred, key) != nil {
			e.mark(t)
		}
		return
	}
	key := e.bindKey(s, c)
	if e.grow != nil && e.grow.unordered {
		c.ids = s.index.Find(key)
	} else {
		c.ids = s.index.Sorted(e.t, key)
	}
	c.setRelation(s.index.Relation())
	if e.erringOf(s.Pred) != nil && e.erring(s.Pred, e.bindArgs(s, c)) != nil {
		e.mark(t)
	}
	if c.n == 0 {
		e.step(1)
	}
}

func (c *cursor) setRelation(rel *relation.Relation) {
	c.rows, c.arity, c.i, c.n = rel.Rows(), rel.Arity(), 0, len(c.ids)
}

// enterTable asks a goal. Where its table is complete the rule goes on with the rows there, else it leaves a frame.
func (e *Evaluator) enterTable(p *plan, i int, t *table) {
	s, c := &p.steps[i], &e.cursors[i]
	args := e.bindArgs(s, c)
	hard := s.settled
	if oneColumn(s.Pred) {
		args[1], hard = value.None, false
	}
	source := e.goal(s.Pred, args, hard)
	switch {
	case e.stop:
	case !source.complete:
		e.consume(source, frame{kind: frameT, target: t, plan: p, step: int32(i), saved: e.save(e.vars)})
	case s.all && source.pred == analysis.PredIn:
		e.step(1)
		c.once = e.contains(source, e.bindArgs(s, c))
		if !c.once && source.errs {
			e.mark(t)
		}
	default:
		if source.errs {
			e.mark(t)
		}
		c.rows, c.arity, c.n = source.rows, source.arity, source.n
		if c.n == 0 {
			e.step(1)
		}
	}
}

// deliverT goes on with a rule after the step that read a table's answer.
func (e *Evaluator) deliverT(f *frame, i int) {
	e.step(1)
	e.loadVars(f)
	s := &f.plan.steps[f.step]
	if !e.fit(s, f.source.row(i)) {
		return
	}
	if !s.binds {
		f.next = int32(1<<31 - 1) // one row was enough
	}
	e.run(f.plan, int(f.step)+1, f.target)
}

// enterNot looks a negated goal up.
func (e *Evaluator) enterNot(s *step, c *cursor) (bool, status) {
	c.key = c.key[:0]
	for _, a := range s.Args {
		v := value.None
		if a.Var >= 0 {
			v = e.vars[a.Var]
		} else if a.Var == analysis.TermConst {
			v = a.Const
		}
		c.key = append(c.key, v)
	}
	e.step(1)
	found, st := e.ask(s.Pred, c.key, s.settled)
	return st == ok && !found, st
}
