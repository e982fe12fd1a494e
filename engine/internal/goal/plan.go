package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// plan is an order for a rule's literals in T, given which columns of the head a goal binds.
//
// A value that the goal gives for a column that rules bind only filters: literals look it up, but a test, negation or demanded column
// waits until the body has bound the variable, as it would without the goal. So T meets an error wherever P, which is evaluated
// without the goal's values, might differ from it.
type plan struct {
	code    *code
	bound   []bool // by head column
	patched bool
	delta   int // the literal that reads what is new, -1 for none
	head    []operand
	out     []operand
	steps   []step
	batch   *batch   // the plan as a join, where one was made
	rest    []*batch // by step: it and those after it as a join, where one was made
}

// operand is a column of an atom: what it must equal, or which variable it binds.
type operand struct {
	kind  operandKind
	v     int32 // a variable
	value value.Value
}

type operandKind uint8

const (
	isAny   operandKind = iota // anything; in a head: what the goal has there
	isConst                    // equals value
	isVar                      // equals a variable that is bound
	binds                      // binds a variable
	isSame                     // equals a variable that an earlier column of the same atom binds
)

// step is one literal of a plan.
type step struct {
	*literal
	via  access
	cols []operand // of an atom or generator
	// Of an atom: looked up by its bound columns through index, where it has a relation.
	index *relation.Index
	// binds: it binds a variable, so that every row counts; else the first that fits is enough.
	binds bool
	// all: every column is bound. settled: one answer tells all, see table.hard.
	all, settled bool
	part         growthPart // of viaGrowth
}

// boundness is how far a variable is bound while a plan is made.
type boundness uint8

const (
	unbound  boundness = iota
	filtered           // the goal gives a value
	settled            // the body, or a demanded column of the head, has bound it
)

// planFor returns the plan for a rule under a goal.
func (e *Evaluator) planFor(c *code, call []value.Value, demanded []bool, delta int) *plan {
	for _, p := range c.plans {
		if p.patched == e.patched && p.delta == delta && sameColumns(p.bound, call) {
			return p
		}
	}
	p := e.makePlan(c, call, demanded, delta)
	c.plans = append(c.plans, p)
	return p
}

func sameColumns(bound []bool, call []value.Value) bool {
	for i, v := range call {
		if bound[i] != (v != value.None) {
			return false
		}
	}
	return true
}

func (e *Evaluator) makePlan(c *code, call []value.Value, demanded []bool, delta int) *plan {
	p := &plan{code: c, patched: e.patched, delta: delta}
	b := planner{e: e, vars: make([]boundness, c.rule.NumVars)}
	for i, a := range c.rule.HeadArgs {
		bound := call[i] != value.None
		p.bound = append(p.bound, bound)
		o := operand{value: a.Const, v: a.Var}
		switch {
		case a.Var == analysis.TermConst:
			o.kind = isConst
		case a.Var == analysis.TermWildcard || !bound:
			o.kind = isAny
		case b.vars[a.Var] != unbound:
			o.kind = isVar
		default:
			o.kind = binds
			b.vars[a.Var] = filtered
		}
		if bound && a.Var >= 0 && i < len(demanded) && demanded[i] {
			b.vars[a.Var] = settled
		}
		p.head = append(p.head, o)
		if o = (operand{kind: isVar, v: a.Var}); a.Var == analysis.TermConst {
			o = operand{kind: isConst, value: a.Const}
		} else if a.Var == analysis.TermWildcard {
			o = operand{kind: isAny}
		}
		p.out = append(p.out, o)
	}
	left := make([]int, len(c.lits))
	for i := range left {
		left[i] = i
	}
	if delta >= 0 {
		l := &c.lits[delta]
		if e.upkeep == nil {
			p.steps = append(p.steps, b.step(l, delta, delta))
		} else {
			p.steps = append(p.steps, b.newsStep(l))
		}
		if l.Kind == analysis.LitAtom {
			left = slices.Delete(left, delta, delta+1)
		}
	}
	for len(left) > 0 {
		i := b.next(c, left)
		p.steps = append(p.steps, b.step(&c.lits[left[i]], left[i], delta))
		left = slices.Delete(left, i, i+1)
	}
	return p
}

// planner keeps track of what is bound while a plan is made.
type planner struct {
	e    *Evaluator
	vars []boundness
}

// next picks the literal that comes next: by rank, then by source order.
func (b *planner) next(c *code, left []int) int {
	best, rank := -1, 0
	for i, l := range left {
		if !b.ready(&c.lits[l]) {
			continue
		}
		if r := b.rank(c, left, l); best < 0 || r < rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		panic("goal: a rule has no order in which its variables are bound")
	}
	return best
}

func (b *planner) ready(l *literal) bool {
	return !slices.ContainsFunc(l.inputs, func(v int32) bool { return b.vars[v] != settled })
}

// The ranks of literals, what comes first first: what can only narrow down and costs little, then what is looked up by a bound
// column, then what has to be gone through, and last what may raise.
const (
	rankCheck   = iota // a test or equation that can't raise, or a row looked up whole
	rankGoal           // a goal asked that binds nothing new
	rankLookup         // an atom with a bound column
	rankCompute        // what may raise, but gives a value that another atom is looked up by
	rankScan
	rankAll // all pairs of a closure
	rankRaise
)

func (b *planner) rank(c *code, left []int, i int) int {
	l := &c.lits[i]
	raises := b.e.literalRaises(l.Literal)
	switch l.Kind {
	case analysis.LitAtom:
		return b.rankAtom(l)
	case analysis.LitNot:
		if !raises && b.e.traits[l.Pred].stored {
			return rankCheck
		}
	case analysis.LitTest:
		if !raises {
			return rankCheck
		}
	case analysis.LitEquation:
		switch {
		case !raises:
			return rankCheck
		case b.vars[l.Var] == unbound && b.isKey(c, left, l.Var):
			return rankCompute
		}
		return rankRaise
	case analysis.LitGenerate:
		return rankCompute
	}
	if raises {
		return rankRaise
	}
	return rankGoal
}

func (b *planner) rankAtom(l *literal) int {
	some, all := false, true
	for _, a := range l.Args {
		bound := a.Var == analysis.TermConst || a.Var >= 0 && b.vars[a.Var] != unbound
		some = some || bound
		all = all && (bound || a.Var == analysis.TermWildcard)
	}
	switch p := &b.e.preds[l.Pred]; {
	case p.Kind == analysis.PredRequest:
		return rankCheck
	case all && b.e.traits[l.Pred].stored:
		return rankCheck
	case all:
		return rankGoal
	case some:
		return rankLookup
	case b.e.isClosure(l.Pred) && !b.e.traits[l.Pred].stored:
		return rankAll
	}
	return rankScan
}

// isKey reports whether an atom yet to come has a variable among its arguments.
func (b *planner) isKey(c *code, left []int, v int32) bool {
	for _, i := range left {
		if l := &c.lits[i]; l.Kind == analysis.LitAtom && slices.ContainsFunc(l.Args, func(a analysis.Term) bool { return a.Var == v }) {
			return true
		}
	}
	return false
}

// step compiles a literal for what is bound now, and notes what it binds.
func (b *planner) step(l *literal, i, delta int) step {
	s := step{literal: l, all: true, settled: true}
	switch l.Kind {
	case analysis.LitAtom:
		b.atom(&s)
		if s.part = partAll; delta >= 0 {
			s.part = deltaPart(i, delta)
		}
	case analysis.LitNot:
		b.lookup(&s)
		s.settled = !slices.ContainsFunc(l.Args, func(a analysis.Term) bool { return a.Var == analysis.TermWildcard })
	case analysis.LitEquation, analysis.LitAggregate:
		s.cols = []operand{b.operand(&s, analysis.Term{Var: l.Var})}
	case analysis.LitGenerate:
		b.operands(&s)
	}
	b.settle(l)
	return s
}

// atom decides how an atom is looked up.
func (b *planner) atom(s *step) {
	b.operands(s)
	b.lookup(s)
	s.settled = s.all && (s.settled || !b.e.traits[s.Pred].raises)
}

// operands classifies an atom's columns.
func (b *planner) operands(s *step) {
	for _, a := range s.Args {
		s.cols = append(s.cols, b.operand(s, a))
	}
}

func (b *planner) operand(s *step, a analysis.Term) operand {
	switch {
	case a.Var == analysis.TermConst:
		return operand{kind: isConst, value: a.Const}
	case a.Var == analysis.TermWildcard:
		s.all, s.settled = false, false
		return operand{}
	case b.vars[a.Var] == unbound:
		again := slices.ContainsFunc(s.cols, func(o operand) bool { return o.kind == binds && o.v == a.Var })
		s.all, s.settled = false, false
		if again {
			return operand{kind: isSame, v: a.Var}
		}
		s.binds = true
		return operand{kind: binds, v: a.Var}
	case b.vars[a.Var] == filtered:
		s.settled = false
	}
	return operand{kind: isVar, v: a.Var}
}

// lookup finds the way to a predicate's rows.
func (b *planner) lookup(s *step) {
	s.via = b.e.accessOf(s.Pred)
	if g := b.e.grow; g != nil && g.batches != nil {
		return // joins have tables of their own
	}
	var rel *relation.Relation
	switch s.via {
	case viaRelation:
		rel = b.e.relationOf(s.Pred)
	case viaGrowth:
		rel = b.e.grow.of(s.Pred).rows
	default:
		return
	}
	var columns []int
	for i, a := range s.Args {
		if a.Var == analysis.TermConst || a.Var >= 0 && b.vars[a.Var] != unbound {
			columns = append(columns, i)
		}
	}
	if len(columns) < len(s.Args) || s.via == viaGrowth {
		s.index = rel.Index(columns)
	}
}

// settle notes the variables that a literal binds.
func (b *planner) settle(l *literal) {
	switch l.Kind {
	case analysis.LitAtom, analysis.LitGenerate:
		for _, a := range l.Args {
			if a.Var >= 0 {
				b.vars[a.Var] = settled
			}
		}
	case analysis.LitEquation, analysis.LitAggregate:
		b.vars[l.Var] = settled
	}
}
