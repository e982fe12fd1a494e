package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
)

// batchCompiler makes a join of a plan.
type batchCompiler struct {
	*Evaluator
	demand   bool        // for a goal: relations are looked up by their indexes, and the first atom's rows are given
	given    *join.Given // by the first atom
	pipeline *join.Pipeline
	bound    []int32 // the variables that have values
	last     []int   // by variable: the last step that needs it
	vars     int     // the variables are those of the rule, and some more for columns that must be the same
	first    bool    // no atom has been joined yet
}

// compileBatch makes a join of a plan's steps from one on.
func (e *Evaluator) compileBatch(p *plan, from int, demand bool) *batch {
	c := &batchCompiler{Evaluator: e, demand: demand, vars: p.code.rule.NumVars, first: true}
	c.findLast(p)
	c.pipeline = join.NewPipeline(len(c.last))
	c.bindBefore(p, from)
	for i := from; i < len(p.steps); i++ {
		c.step(&p.steps[i], i)
	}
	b := &batch{pipeline: c.pipeline, given: c.given}
	for _, o := range p.out {
		b.head = append(b.head, operandOf(o))
	}
	return b
}

// bindBefore makes room for what the goal and the steps before the first have bound.
func (c *batchCompiler) bindBefore(p *plan, from int) {
	bind := func(cols []operand) {
		for _, o := range cols {
			if o.kind == binds && c.last[o.v] >= from {
				c.pipeline.Hold(o.v)
				c.bound = append(c.bound, o.v)
			}
		}
	}
	if c.demand {
		bind(p.head)
	}
	for i := range from {
		bind(p.steps[i].cols)
	}
}

func operandOf(o operand) join.Operand {
	if o.kind == isVar || o.kind == isSame {
		return join.Operand{Var: o.v}
	}
	return join.Operand{Var: -1, Const: o.value}
}

// findLast finds which step, the head being one more, needs a variable last.
func (c *batchCompiler) findLast(p *plan) {
	twins := 0
	c.last = make([]int, c.vars)
	for i := range p.steps {
		need := func(v int32) {
			if v >= 0 {
				c.last[v] = i
			}
		}
		s := &p.steps[i]
		for _, o := range s.cols {
			if o.kind == isVar || o.kind == isSame {
				need(o.v)
			}
			if o.kind == isSame {
				twins++
			}
		}
		if s.Kind == analysis.LitNot {
			for _, a := range s.Args {
				need(a.Var)
			}
		}
		exprVars(s.Expr, need)
	}
	for _, o := range p.out {
		if o.kind == isVar {
			c.last[o.v] = len(p.steps)
		}
	}
	c.last = append(c.last, make([]int, twins)...)
}

func (c *batchCompiler) step(s *step, i int) {
	switch s.Kind {
	case analysis.LitAtom:
		if s.binds || s.part == partDelta {
			c.atom(s, i)
		} else {
			c.lookup(s, keyOf(s.cols), false)
		}
	case analysis.LitNot:
		var cols []operand
		for _, a := range s.Args {
			o := operand{kind: isVar, v: a.Var}
			if a.Var == analysis.TermConst {
				o = operand{kind: isConst, value: a.Const}
			} else if a.Var == analysis.TermWildcard {
				o = operand{}
			}
			cols = append(cols, o)
		}
		c.lookup(s, keyOf(cols), true)
	case analysis.LitTest:
		c.test(s)
	case analysis.LitEquation:
		c.equation(s, i)
	}
}

// key is the columns of an atom that are known.
type key struct {
	columns  []int
	operands []join.Operand
	whole    bool
}

func keyOf(cols []operand) key {
	k := key{}
	for i, o := range cols {
		if o.kind == isConst || o.kind == isVar {
			k.columns, k.operands = append(k.columns, i), append(k.operands, operandOf(o))
		}
	}
	k.whole = len(k.columns) == len(cols)
	return k
}

// split takes the constants out of a key.
func (k key) split() (where []join.Cell, variable key) {
	for i, o := range k.operands {
		if o.Var < 0 {
			where = append(where, join.Cell{Column: k.columns[i], Value: o.Const})
		} else {
			variable.columns, variable.operands = append(variable.columns, k.columns[i]), append(variable.operands, o)
		}
	}
	return where, variable
}

// mostCopied is the size up to which a relation is copied into a table for rows that are looked up whole.
const mostCopied = 1 << 17

// lookup adds an atom that binds nothing, or a negated one.
func (c *batchCompiler) lookup(s *step, k key, absent bool) {
	meter := c.spend
	if s.via == viaGrowth {
		x := c.grow.of(s.Pred).growing
		c.pipeline.Filter(x.Has(s.part == partOld, k.columns, k.operands, meter))
		return
	}
	rel := c.relationOf(s.Pred)
	switch {
	case c.demand && s.index != nil:
		c.pipeline.Filter(join.Finds(s.index, k.operands, absent, meter))
		return
	case c.demand, k.whole && rel.Len() > mostCopied:
		c.pipeline.Filter(join.Holds(rel, k.operands, absent, meter))
		return
	}
	where, variable := k.split()
	t := c.grow.batches.tables.Of(join.Shape{Relation: rel, Where: where, Key: variable.columns})
	c.pipeline.Filter(t.Has(variable.operands, absent, meter))
}

// atom adds an atom that binds variables.
func (c *batchCompiler) atom(s *step, i int) {
	o := join.Output{}
	var same [][2]int32
	for column, col := range s.cols {
		v := col.v
		switch col.kind {
		case isSame:
			v = int32(c.vars)
			c.vars++
			same = append(same, [2]int32{col.v, v})
			fallthrough
		case binds:
			if col.kind == isSame || c.last[v] > i || slices.ContainsFunc(s.cols, func(o operand) bool { return o.kind == isSame && o.v == v }) {
				o.Binds = append(o.Binds, join.Bind{Column: column, Var: v})
			}
		}
	}
	for _, v := range c.bound {
		if c.last[v] > i {
			o.Carry = append(o.Carry, v)
		}
	}
	k := keyOf(s.cols)
	where, variable := k.split()
	switch {
	case c.demand && c.first:
		c.given = &join.Given{Relation: s.index.Relation()}
		c.pipeline.Take(c.given, o)
	case c.demand:
		c.pipeline.Find(c.t, s.index, k.operands, o)
	case s.via == viaGrowth:
		x := c.grow.of(s.Pred).growing
		if c.first && len(variable.columns) == 0 {
			c.pipeline.Scan(join.Rows{Growing: x, News: s.part == partDelta, Once: !s.binds, Where: where}, o)
			break
		}
		c.pipeline.Follow(x, s.part == partOld, k.columns, k.operands, o)
	case c.first && len(variable.columns) == 0:
		c.pipeline.Scan(join.Rows{Relation: c.relationOf(s.Pred), Where: where}, o)
	default:
		shape := join.Shape{Relation: c.relationOf(s.Pred), Where: where, Key: variable.columns}
		for _, b := range o.Binds {
			shape.Payload = append(shape.Payload, b.Column)
		}
		c.pipeline.Lookup(c.grow.batches.tables.Of(shape), variable.operands, o)
	}
	c.first = false
	c.bound = append([]int32(nil), o.Carry...)
	for _, b := range o.Binds {
		if c.last[b.Var] > i {
			c.bound = append(c.bound, b.Var)
		}
	}
	for _, x := range same {
		c.pipeline.Filter(join.Same(x[0], x[1]))
	}
}
