package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/join"
	"github.com/rune-authz/rune/engine/internal/value"
)

// test adds a condition.
func (c *batchCompiler) test(s *step) {
	if f := c.comparison(s.Expr); f != nil {
		c.pipeline.Filter(f)
		return
	}
	e := c.Evaluator
	c.pipeline.Filter(e.perRow(s.expr, s.Expr, func(b *join.Batch, i int, v value.Value, st status) bool {
		if st == ok && v.Kind() != value.KindBool {
			_, st = e.wrongKind("a condition", v)
		}
		if st == erred {
			e.mark(e.joining)
		}
		return st == ok && v == value.True
	}))
}

// equation adds an equation, which gives its variable a value or compares it.
func (c *batchCompiler) equation(s *step, i int) {
	e, o := c.Evaluator, s.cols[0]
	if o.kind == binds {
		c.pipeline.Hold(o.v)
		if c.last[o.v] > i {
			c.bound = append(c.bound, o.v)
		}
	}
	c.pipeline.Filter(e.perRow(s.expr, s.Expr, func(b *join.Batch, i int, v value.Value, st status) bool {
		switch {
		case st == erred:
			e.mark(e.joining)
			return false
		case st != ok:
			return false
		case o.kind == isVar:
			return b.Cols[o.v][i] == v
		}
		b.Cols[o.v][i] = v
		return true
	}))
}

// perRow returns a filter that evaluates an expression for each row.
func (e *Evaluator) perRow(x expr, source *analysis.Expr, keep func(b *join.Batch, i int, v value.Value, st status) bool) join.Filter {
	var vars []int32
	exprVars(source, func(v int32) { vars = append(vars, v) })
	return func(b *join.Batch) bool {
		mask := b.Mask()
		for i := range mask {
			e.step(1)
			for _, v := range vars {
				e.vars[v] = b.Cols[v][i]
			}
			v, st := x(e)
			mask[i] = keep(b, i, v, st)
		}
		b.Select()
		return !e.stop
	}
}

// comparison returns a filter for a comparison of variables and constants that can't raise, nil for other expressions. It counts as many
// steps as evaluating the expression does.
func (c *batchCompiler) comparison(x *analysis.Expr) join.Filter {
	if x.Op != analysis.OpCall || len(x.Args) != 2 {
		return nil
	}
	var sides [2]join.Operand
	longs := true
	for i, a := range x.Args {
		switch a.Op {
		case analysis.OpConst:
			sides[i] = join.Operand{Var: -1, Const: a.Const}
		case analysis.OpVar:
			sides[i] = join.Operand{Var: a.Var}
		default:
			return nil
		}
		longs = longs && a.Type.Kind == analysis.TypeLong
	}
	equality := x.Fn == value.OpEq || x.Fn == value.OpNe
	if order := x.Fn >= value.OpLess && x.Fn <= value.OpGreaterEq; !equality && !(order && longs) {
		return nil
	}
	e := c.Evaluator
	compare := comparer(x.Fn, c.t)
	var constants [2][]value.Value
	for i, o := range sides {
		if o.Var < 0 {
			constants[i] = slices.Repeat([]value.Value{o.Const}, join.Size)
		}
	}
	return func(b *join.Batch) bool {
		columns := constants
		for i, o := range sides {
			if o.Var >= 0 {
				columns[i] = b.Cols[o.Var]
			}
		}
		n := b.N
		compare(b.Mask(), columns[0][:n], columns[1][:n])
		e.ops += n
		b.Select()
		return e.spend(n)
	}
}

// comparer returns what compares two columns. Loops of their own, as a function called for each row would take most of the time.
func comparer(fn value.Op, t *value.Table) func(mask []bool, xs, ys []value.Value) {
	switch fn {
	case value.OpEq:
		return func(mask []bool, xs, ys []value.Value) {
			for i := range mask {
				mask[i] = xs[i] == ys[i]
			}
		}
	case value.OpNe:
		return func(mask []bool, xs, ys []value.Value) {
			for i := range mask {
				mask[i] = xs[i] != ys[i]
			}
		}
	case value.OpLess:
		return func(mask []bool, xs, ys []value.Value) { less(t, mask, xs, ys) }
	case value.OpGreater:
		return func(mask []bool, xs, ys []value.Value) { less(t, mask, ys, xs) }
	case value.OpLessEq:
		return func(mask []bool, xs, ys []value.Value) { lessOrEqual(t, mask, xs, ys) }
	}
	return func(mask []bool, xs, ys []value.Value) { lessOrEqual(t, mask, ys, xs) }
}

func less(t *value.Table, mask []bool, xs, ys []value.Value) {
	xs, ys = xs[:len(mask)], ys[:len(mask)]
	for i := range mask {
		mask[i] = t.LongOf(xs[i]) < t.LongOf(ys[i])
	}
}

func lessOrEqual(t *value.Table, mask []bool, xs, ys []value.Value) {
	xs, ys = xs[:len(mask)], ys[:len(mask)]
	for i := range mask {
		mask[i] = t.LongOf(xs[i]) <= t.LongOf(ys[i])
	}
}
