package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// closure is a binary predicate p whose rules are linear recursion, or double, over stored relations:
//
//	p(X, Y) :- b(X, Y).  p(X, Z) :- r(X, Y), p(Y, Z).  p(X, Z) :- p(X, Y), l(Y, Z).  p(X, Z) :- p(X, Y), p(Y, Z).
//
// A pair holds where a path of hops leads from one value to the other: some by r, one by b, some by l, and where p is doubled again from
// the start. It is found breadth-first. A value on the way is in one of two states, or in both.
type closure struct {
	hops   []hop
	double bool
}

// state is a set of states of a value on a path.
type state uint8

const (
	isBefore state = 1 << iota // the hop by b is still to come
	isAfter                    // the path may end here
)

// hop is an atom with two variables, which lead from one to the other.
type hop struct {
	pred     analysis.PredID
	facts    bool          // the predicate's own facts alone
	ends     [2]int        // the columns
	consts   []value.Value // by column, None where there is none
	plain    bool          // no constants
	kind     hopKind
	rel      *relation.Relation
	indexes  [2]*relation.Index // by the end that is known
	anywhere *relation.Index    // by the constants alone
}

// hopKind says in which part of a path a hop may stand.
type hopKind uint8

const (
	hopBefore hopKind = 1 << iota // r
	hopBase                       // b
	hopAfter                      // l
)

// findClosures recognises closures among the program's predicates.
func (e *Evaluator) findClosures() {
	e.closures = make([]*closure, len(e.preds))
	for id := range e.preds {
		e.closures[id] = e.closureOf(analysis.PredID(id))
	}
}

func (e *Evaluator) closureOf(id analysis.PredID) *closure {
	p := &e.preds[id]
	if p.Kind != analysis.PredUser || p.Arity != 2 || !p.Recursive || p.RequestDependent || e.traits[id].raises || slices.Contains(p.Demanded, true) {
		return nil
	}
	c := &closure{}
	for _, r := range p.Rules {
		if !e.addRule(c, id, &e.rules[r]) {
			return nil
		}
	}
	c.add(hop{pred: id, facts: true, ends: [2]int{0, 1}, consts: []value.Value{value.None, value.None}, kind: hopBase})
	return c
}

// addRule adds the hops of a rule, if it has one of the four forms.
func (e *Evaluator) addRule(c *closure, id analysis.PredID, r *analysis.Rule) bool {
	x, z := r.HeadArgs[0].Var, r.HeadArgs[1].Var
	if x < 0 || z < 0 || x == z {
		return false
	}
	var first, second *analysis.Literal
	switch len(r.Body) {
	case 1:
		return c.addAll(e.hopsOf(&r.Body[0], id, x, z), hopBase)
	case 2:
		first, second = &r.Body[0], &r.Body[1]
	default:
		return false
	}
	if !starts(first, x) {
		first, second = second, first
	}
	y, isP := middle(first, id, x, 0)
	if !isP {
		if y, isP = middle(second, id, z, 1); !isP {
			return false
		}
		return c.addAll(e.hopsOf(first, id, x, y), hopBefore)
	}
	if w, again := middle(second, id, z, 1); again {
		c.double = true
		return w == y
	}
	return c.addAll(e.hopsOf(second, id, y, z), hopAfter)
}

func starts(l *analysis.Literal, v int32) bool {
	return slices.ContainsFunc(l.Args, func(a analysis.Term) bool { return a.Var == v })
}

// middle returns the variable at the other end of an atom of p that has v at one end.
func middle(l *analysis.Literal, p analysis.PredID, v int32, end int) (other int32, ok bool) {
	if l.Kind != analysis.LitAtom || l.Pred != p || l.Args[end].Var != v {
		return 0, false
	}
	other = l.Args[1-end].Var
	return other, other >= 0 && other != v
}

// hopsOf makes hops of an atom of another predicate that has two variables, once each: one of a stored predicate, some of a union of such.
// It returns nil for others.
func (e *Evaluator) hopsOf(l *analysis.Literal, p analysis.PredID, from, to int32) []hop {
	if l.Kind != analysis.LitAtom || l.Pred == p || e.preds[l.Pred].Kind != analysis.PredUser {
		return nil
	}
	h, ok := hopOf(l, from, to)
	switch {
	case !ok:
		return nil
	case e.traits[l.Pred].stored:
		return []hop{h}
	}
	return e.unionOf(h)
}

func hopOf(l *analysis.Literal, from, to int32) (hop, bool) {
	h := hop{pred: l.Pred, ends: [2]int{-1, -1}}
	for i, a := range l.Args {
		c := value.None
		switch a.Var {
		case analysis.TermConst:
			c = a.Const
		case analysis.TermWildcard:
		case from, to:
			end := 0
			if a.Var == to {
				end = 1
			}
			if h.ends[end] >= 0 {
				return h, false
			}
			h.ends[end] = i
		default:
			return h, false
		}
		h.consts = append(h.consts, c)
	}
	return h, h.ends[0] >= 0 && h.ends[1] >= 0
}

// unionOf makes hops of one over a predicate that is facts, and what single rules take from stored predicates as it is there. That is how the
// facts of an overlay come to those of its base.
func (e *Evaluator) unionOf(h hop) []hop {
	p := &e.preds[h.pred]
	if p.RequestDependent || p.Recursive {
		return nil
	}
	facts := h
	facts.facts = true
	hops := []hop{facts}
	for _, r := range p.Rules {
		part, ok := e.partOf(h, &e.rules[r])
		if !ok {
			return nil
		}
		hops = append(hops, part)
	}
	return hops
}

// partOf makes the hop that a rule contributes to one over its head, if the rule only takes rows as they are.
func (e *Evaluator) partOf(h hop, r *analysis.Rule) (hop, bool) {
	if len(r.Body) != 1 {
		return h, false
	}
	l := &r.Body[0]
	if l.Kind != analysis.LitAtom || e.preds[l.Pred].Kind != analysis.PredUser || !e.traits[l.Pred].stored || len(l.Args) != len(r.HeadArgs) {
		return h, false
	}
	for i, a := range r.HeadArgs {
		if a.Var < 0 || l.Args[i].Var != a.Var || slices.ContainsFunc(r.HeadArgs[:i], func(b analysis.Term) bool { return b.Var == a.Var }) {
			return h, false
		}
	}
	h.pred = l.Pred
	return h, true
}

// addAll adds hops of a kind, and reports whether there are any.
func (c *closure) addAll(hops []hop, kind hopKind) bool {
	for _, h := range hops {
		h.kind = kind
		c.add(h)
	}
	return len(hops) > 0
}

// add adds a hop, or what it may be beside what it is already.
func (c *closure) add(h hop) {
	for i := range c.hops {
		if o := &c.hops[i]; o.pred == h.pred && o.facts == h.facts && o.ends == h.ends && slices.Equal(o.consts, h.consts) {
			o.kind |= h.kind
			return
		}
	}
	h.plain = !slices.ContainsFunc(h.consts, value.Value.IsValue)
	c.hops = append(c.hops, h)
}

func (e *Evaluator) isClosure(p analysis.PredID) bool {
	return p >= 0 && int(p) < len(e.closures) && e.closures[p] != nil
}

// takeClosure returns the closure that a predicate is, if all its hops are in relations at the moment.
func (e *Evaluator) takeClosure(p analysis.PredID) *closure {
	if !e.isClosure(p) {
		return nil
	}
	c := e.closures[p]
	for i := range c.hops {
		h := &c.hops[i]
		rel := e.db.Pred(int(h.pred)).Facts
		if !h.facts {
			if e.accessOf(h.pred) != viaRelation || e.erringOf(h.pred) != nil {
				return nil
			}
			rel = e.relationOf(h.pred)
		}
		if h.rel != rel {
			h.rel, h.indexes, h.anywhere = rel, [2]*relation.Index{}, nil
		}
	}
	return c
}

// hopKey collects the columns that are known, the value of one end among them unless that is -1, and what they hold.
func (e *Evaluator) hopKey(h *hop, end int, v value.Value) []value.Value {
	e.key, e.columns = e.key[:0], e.columns[:0]
	for i, c := range h.consts {
		if end >= 0 && i == h.ends[end] {
			c = v
		}
		if c != value.None {
			e.key, e.columns = append(e.key, c), append(e.columns, i)
		}
	}
	return e.key
}

// hopsFrom returns the rows that lead on from a value at one end.
func (e *Evaluator) hopsFrom(h *hop, end int, v value.Value) []uint32 {
	if h.plain && h.indexes[end] != nil {
		return h.indexes[end].SortedBy(e.t, v)
	}
	key := e.hopKey(h, end, v)
	if h.indexes[end] == nil {
		h.indexes[end] = h.rel.Index(e.columns)
	}
	return h.indexes[end].Sorted(e.t, key)
}

// allHops returns all rows that fit a hop.
func (e *Evaluator) allHops(h *hop) []uint32 {
	key := e.hopKey(h, -1, value.None)
	if h.anywhere == nil {
		h.anywhere = h.rel.Index(e.columns)
	}
	return h.anywhere.Sorted(e.t, key)
}

// after returns the states that a hop leads to from some states, forwards (0) or backwards (1).
func (c *closure) after(kind hopKind, from state, direction int) state {
	near, far, nearHop, farHop := isBefore, isAfter, hopBefore, hopAfter
	if direction != 0 {
		near, far, nearHop, farHop = far, near, farHop, nearHop
	}
	var to state
	if from&near != 0 {
		if kind&nearHop != 0 {
			to |= near
		}
		if kind&hopBase != 0 {
			to |= far
		}
	}
	if from&far != 0 && kind&farHop != 0 {
		to |= far
	}
	if c.double && to&far != 0 {
		to |= near
	}
	return to
}
