package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// notP looks a negated goal up in T. Where that has no row but P has, an error is why the negation holds.
func (e *Evaluator) notP(c *code, t *table, i int) bool {
	s := &e.search
	s.args = s.args[:0]
	hard := true
	for _, a := range c.lits[i].Args {
		v := a.Const
		switch {
		case a.Var >= 0:
			v = s.vars[a.Var]
		case a.Var == analysis.TermWildcard:
			v, hard = value.None, false
		}
		s.args = append(s.args, v)
	}
	found, st := e.ask(c.lits[i].Pred, s.args, hard)
	switch st {
	case waits:
		e.awaitP(c, t, i)
		return false
	case erred:
		s.accuse(i, e.fault)
		return true
	}
	return !found
}

func (e *Evaluator) generateP(c *code, t *table, i int) bool {
	s, l := &e.search, &c.lits[i]
	_, st := e.withVars(func() (value.Value, status) { return value.None, e.generate(l, &s.rows) })
	switch st {
	case waits:
		e.awaitP(c, t, i)
		return false
	case absent:
		return false
	case erred:
		s.accuse(i, e.fault)
		for _, a := range l.Args {
			s.bindTerm(a, value.Unknown)
		}
		return true
	}
	e.branch(c, t, i, s.rows.buf, nil, s.rows.n)
	return false
}

// branch lets the search go on with each of n rows.
func (e *Evaluator) branch(c *code, t *table, i int, rows []value.Value, faults []*value.Fault, n int) {
	if n == 0 {
		return
	}
	f := e.frameP(c, t, i)
	f.rows, f.count = e.save(rows), int32(n)
	if slices.ContainsFunc(faults, func(f *value.Fault) bool { return f != nil }) {
		f.faults = int32(len(e.search.faults))
		e.search.faults = append(e.search.faults, faults...)
	}
	f.queued = true
	e.push(deliver, e.addFrame(f), 0)
}

// atomP takes up an atom whose demanded columns have values. It reports whether the search goes on at once.
func (e *Evaluator) atomP(c *code, t *table, i int) bool {
	s, l := &e.search, &c.lits[i]
	s.args = s.args[:0]
	hard := true
	for _, a := range l.Args {
		v := value.None
		switch {
		case a.Var == analysis.TermConst:
			v = a.Const
		case a.Var >= 0 && s.vars[a.Var].IsValue():
			v = s.vars[a.Var]
		case a.Var >= 0 && s.want[a.Var].IsValue():
			v, hard = s.want[a.Var], false
		default:
			hard = false
		}
		s.args = append(s.args, v)
	}
	switch e.accessOf(l.Pred) {
	case viaTable:
		return e.tableP(c, t, i, hard)
	case viaRelation:
		e.relationRows(e.relationOf(l.Pred), s.args)
		e.erringRows(e.erringOf(l.Pred), s.args)
	case viaGrowth:
		g := e.grow.of(l.Pred)
		e.relationRows(g.rows, s.args)
		e.erringRows(g.erring, s.args)
	default:
		if e.gather(l.Pred, s.args) == waits {
			e.awaitP(c, t, i)
			return false
		}
	}
	e.branch(c, t, i, e.gathered.rows, e.gathered.faults, e.gathered.n)
	return false
}

// tableP takes up an atom that asks a goal.
func (e *Evaluator) tableP(c *code, t *table, i int, hard bool) bool {
	p := c.lits[i].Pred
	args := e.search.args
	if oneColumn(p) {
		args, hard = append(args[:1:1], value.None), false
	}
	source := e.goal(p, args, hard)
	switch {
	case e.stop:
		return false
	case !source.complete:
		e.wait = source
		e.awaitP(c, t, i)
		return false
	case hard && source.n > 0:
		return true
	case source.errs:
		source = e.perhapsTable(source)
	}
	e.consume(source, e.frameP(c, t, i))
	return false
}

// relationRows gathers the rows of a relation that agree with args.
func (e *Evaluator) relationRows(rel *relation.Relation, args []value.Value) {
	g := &e.gathered
	g.rows, g.faults, g.n = g.rows[:0], g.faults[:0], 0
	ix, key := e.indexFor(rel, args)
	if !e.affords(len(ix.Find(key))) {
		return
	}
	for _, id := range ix.Sorted(e.t, key) { // in P nothing is added to what holds, even where it grew
		e.ops++
		g.add(nil, rel.Row(id)...)
	}
}

// erringRows gathers the erring rows that agree with args.
func (e *Evaluator) erringRows(erring *relation.Loose, args []value.Value) {
	e.ids = erring.Match(args, e.ids[:0])
	if !e.affords(len(e.ids)) {
		return
	}
	for _, id := range e.ids {
		e.ops++
		e.gathered.add(erring.Fault(id), erring.All().Row(id)...)
	}
}
