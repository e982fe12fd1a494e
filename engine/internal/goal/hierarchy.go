package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// startParent adds the parents of an entity that are stored or facts.
func (e *Evaluator) startParent(t *table) {
	for _, y := range e.view.StoredParents(t.call[0]) {
		e.step(1)
		e.row = append(e.row[:0], t.call[0], y)
		e.answer(t, e.row, nil)
	}
	e.addFacts(t)
}

// startIn begins the walk from an entity, which is `in` itself. Without rules for parents it goes all the way at once.
func (e *Evaluator) startIn(t *table) {
	a := t.call[0]
	switch {
	case t.mode == modeP:
		for i := t.n - 1; i >= 0; i-- {
			e.push(expand, t.id, int32(i))
		}
		return
	case a.Kind() != value.KindEntity:
		e.finish(t)
		return
	}
	e.reach(t, a)
	if !e.direct {
		return
	}
	facts := e.db.Pred(int(analysis.PredParent)).Facts
	for i := 0; i < t.n && !e.stop; i++ {
		b := t.row(i)[1]
		for _, y := range e.view.StoredParents(b) {
			e.reach(t, y)
		}
		if facts.Len() > 0 {
			ix, key := e.indexFor(facts, []value.Value{b})
			if !e.affords(len(ix.Find(key))) {
				return
			}
			for _, id := range ix.Sorted(e.t, key) {
				e.reach(t, facts.Row(id)[1])
			}
		}
	}
	e.finish(t)
}

func (e *Evaluator) reach(t *table, b value.Value) {
	e.step(1)
	e.row = append(e.row[:0], t.call[0], b)
	e.answer(t, e.row, nil)
}

// expand goes on from an ancestor to its parents.
func (e *Evaluator) expand(t *table, i int32) {
	b := t.row(int(i))[1]
	if t.complete || b == value.Unknown || t.mode == modeP && e.gaveUp {
		return
	}
	e.asker = t
	parents := e.goal(analysis.PredParent, []value.Value{b, value.None}, false)
	f := frame{kind: frameExpand, target: t, lit: i}
	if t.mode == modeP {
		switch {
		case !parents.complete:
			e.await(parents, f)
			return
		case parents.errs:
			parents = e.perhapsTable(parents)
		}
	}
	e.consume(parents, f)
}

// deliverParent adds a parent of an ancestor to the ancestors.
func (e *Evaluator) deliverParent(f *frame, i int) {
	t := f.target
	fault := t.faultOf(int(f.lit))
	if fault == nil {
		fault = f.source.faultOf(i)
	}
	if t.mode == modeP {
		e.errorStep(1)
	} else {
		e.step(1)
	}
	e.row = append(e.row[:0], t.call[0], f.source.row(i)[1])
	e.answer(t, e.row, fault)
}

// in reports whether a is b or lies below it. It errs where only parents that may hold lead there.
func (e *Evaluator) in(a, b value.Value) (bool, status) {
	t := e.goal(analysis.PredIn, []value.Value{a, value.None}, false)
	if t.complete {
		e.row = append(e.row[:0], a, b)
		if e.contains(t, e.row) {
			return true, ok
		}
	}
	all, st := e.settle(t)
	if st != ok {
		return false, st
	}
	for i := t.n; i < all.n; i++ {
		e.ops++
		if y := all.row(i)[1]; y == b || y == value.Unknown {
			e.fault = all.faultOf(i)
			return false, erred
		}
	}
	return false, ok
}

// ask reports whether a row of a predicate agrees with args, None being free. It errs where rows only may hold. Hard says that all
// args are settled, see [table].
func (e *Evaluator) ask(p analysis.PredID, args []value.Value, hard bool) (bool, status) {
	switch e.accessOf(p) {
	case viaRelation:
		return e.askRelation(p, args)
	case viaTable:
		if p == analysis.PredIn && args[1].IsValue() {
			return e.in(args[0], args[1])
		}
		return e.askTable(p, args, hard)
	}
	if st := e.gather(p, args); st != ok {
		return false, st
	}
	e.fault = nil
	for _, f := range e.gathered.faults {
		if f == nil {
			return true, ok
		}
		if e.fault == nil {
			e.fault = f
		}
	}
	if e.fault != nil {
		return false, erred
	}
	return false, ok
}

func (e *Evaluator) askRelation(p analysis.PredID, args []value.Value) (bool, status) {
	rel, found := e.relationOf(p), false
	if slices.Contains(args, value.None) {
		ix, key := e.indexFor(rel, args)
		found = len(ix.Find(key)) > 0
	} else {
		found = rel.Has(args)
	}
	if found {
		return true, ok
	}
	if f := e.erring(p, args); f != nil {
		e.fault = f
		return false, erred
	}
	return false, ok
}

func (e *Evaluator) askTable(p analysis.PredID, args []value.Value, hard bool) (bool, status) {
	call := args
	if oneColumn(p) {
		call, hard = []value.Value{args[0], value.None}, false
	}
	t := e.goal(p, call, hard)
	if !t.complete {
		e.wait = t
		return false, waits
	}
	for i := range t.n {
		e.ops++
		if agrees(t.row(i), args) {
			return true, ok
		}
	}
	all, st := e.settle(t)
	if st != ok {
		return false, st
	}
	for i := t.n; i < all.n; i++ {
		e.ops++
		if agrees(all.row(i), args) {
			e.fault = all.faultOf(i)
			return false, erred
		}
	}
	return false, ok
}
