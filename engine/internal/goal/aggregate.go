package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// aggregate computes a group's value. It errs where the group may have more rows than it has.
func (e *Evaluator) aggregate(a *analysis.Aggregate) (value.Value, status) {
	arity := e.preds[a.Pred].Arity
	base := len(e.args)
	for _, g := range a.Group {
		v := g.Const
		if g.Var >= 0 {
			v = e.vars[g.Var]
		}
		e.args = append(e.args, v)
	}
	for len(e.args) < base+arity {
		e.args = append(e.args, value.None)
	}
	call := e.args[base:]
	e.args = e.args[:base]
	if e.accessOf(a.Pred) == viaRelation {
		return e.aggregateRelation(a, call)
	}
	t := e.goal(a.Pred, call, false)
	all, st := e.settle(t)
	if st != ok {
		return value.None, st
	}
	if all.n > t.n {
		return e.raise(all.faultOf(t.n))
	}
	if !e.affords(t.n) {
		return value.None, absent
	}
	e.parts = e.parts[:0]
	if a.HasValue {
		for i := range t.n {
			e.parts = append(e.parts, t.row(i)[arity-1])
		}
	}
	return e.reduce(a, t.n)
}

func (e *Evaluator) aggregateRelation(a *analysis.Aggregate, call []value.Value) (value.Value, status) {
	if f := e.erring(a.Pred, call); f != nil {
		return e.raise(f)
	}
	rel := e.relationOf(a.Pred)
	ix, key := e.indexFor(rel, call)
	ids := ix.Find(key)
	if !e.affords(len(ids)) {
		return value.None, absent
	}
	if a.Op == analysis.AggMin || a.Op == analysis.AggMax { // which error is told depends on the order
		ids = ix.Sorted(e.t, key)
	}
	e.parts = e.parts[:0]
	if a.HasValue {
		for _, id := range ids {
			e.parts = append(e.parts, rel.Row(id)[rel.Arity()-1])
		}
	}
	return e.reduce(a, len(ids))
}

// reduce applies an aggregate's function to the values in parts, of n rows.
func (e *Evaluator) reduce(a *analysis.Aggregate, n int) (value.Value, status) {
	if e.asker != nil && e.asker.mode == modeP {
		e.ops += n
	} else {
		e.step(n) // at once: what comes next may be the search for what errors hide
	}
	switch a.Op {
	case analysis.AggCount:
		if a.HasValue {
			slices.Sort(e.parts)
			n = len(slices.Compact(e.parts))
		}
		return e.t.Long(int64(n)), ok
	case analysis.AggCollect:
		slices.Sort(e.parts)
		e.parts = slices.Compact(e.parts)
		if e.limits.Collect > 0 && len(e.parts) > e.limits.Collect {
			e.exceed(limitCollect)
			return value.None, absent
		}
		return e.bounded(e.t.Set(e.parts))
	case analysis.AggSum:
		return e.sum()
	}
	if len(e.parts) == 0 {
		return value.None, absent
	}
	return e.extreme(a.Op)
}

// sum adds longs exactly; only the total must fit.
func (e *Evaluator) sum() (value.Value, status) {
	wrong := value.None
	var hi, lo int64 // the total is hi·2³² + lo
	for _, v := range e.parts {
		if v.Kind() != value.KindLong {
			if wrong == value.None || e.t.Compare(v, wrong) < 0 {
				wrong = v
			}
			continue
		}
		n := e.t.LongOf(v)
		hi, lo = hi+n>>32, lo+n&0xffffffff
	}
	if wrong != value.None {
		return e.wrongKind("sum", wrong)
	}
	hi, lo = hi+lo>>32, lo&0xffffffff
	if hi < -1<<31 || hi >= 1<<31 {
		return e.raise(&value.Fault{Code: value.CodeOverflow, Message: "sum overflows"})
	}
	return e.t.Long(hi<<32 | lo), ok
}

// extreme finds the least or the greatest value.
func (e *Evaluator) extreme(op analysis.AggregateOp) (value.Value, status) {
	name, fn := "min", value.OpLess
	if op == analysis.AggMax {
		name, fn = "max", value.OpGreater
	}
	best := e.parts[0]
	if !value.OrderedKind.Has(best.Kind()) {
		return e.wrongKind(name, best)
	}
	var pair [2]value.Value
	for _, v := range e.parts[1:] {
		pair = [...]value.Value{v, best}
		better, f := e.t.Apply(fn, pair[:])
		if f != nil {
			return e.raise(f)
		}
		if better == value.True {
			best = v
		}
	}
	return best, ok
}

// generate makes the rows of a generator.
func (e *Evaluator) generate(l *literal, c *cursor) status {
	v, st := l.expr(e)
	if st != ok {
		return st
	}
	sep := value.None
	if l.sep != nil {
		if sep, st = l.sep(e); st != ok {
			return st
		}
	}
	words, fault := e.parts[:0], (*value.Fault)(nil)
	c.arity, c.buf = len(l.Args), c.buf[:0]
	switch l.Generator {
	case analysis.GenArgv:
		words, fault = e.t.Argv(v, words)
	case analysis.GenSplit:
		words, fault = e.t.Split(v, sep, words)
	case analysis.GenEach:
		if v.Kind() != value.KindSet {
			_, st = e.wrongKind("each", v)
			return st
		}
		c.buf = append(c.buf, e.t.Members(v)...)
	case analysis.GenEachRecord:
		if v.Kind() != value.KindRecord {
			_, st = e.wrongKind("each", v)
			return st
		}
		c.buf = append(c.buf, e.t.Fields(v)...)
	}
	e.parts = words
	if fault != nil {
		_, st = e.raise(fault)
		return st
	}
	for i, w := range words {
		c.buf = append(c.buf, e.t.Long(int64(i)), w)
	}
	c.rows, c.i, c.n = c.buf, 0, len(c.buf)/c.arity
	e.ops += c.n
	return ok
}
