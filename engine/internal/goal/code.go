package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// code is a compiled rule: its literals, and a plan for T for each set of columns that a goal may bind.
type code struct {
	rule  *analysis.Rule
	lits  []literal
	plans []*plan
}

// literal is a compiled literal, in any mode and order.
type literal struct {
	*analysis.Literal
	expr, sep expr
	// inputs are the variables that must have values before it.
	inputs []int32
}

// codeOf returns a rule's code, compiling it when it is first needed.
func (e *Evaluator) codeOf(rule int32) *code {
	if c := e.code[rule]; c != nil {
		return c
	}
	c := &code{rule: &e.rules[rule]}
	for i := range c.rule.Body {
		l := &c.rule.Body[i]
		c.lits = append(c.lits, literal{Literal: l, expr: e.compileExpr(l.Expr), sep: e.compileExpr(l.Separator), inputs: e.inputs(l)})
	}
	e.vars = slices.Grow(e.vars[:0], c.rule.NumVars)
	e.code[rule] = c
	return c
}

// inputs returns the variables that a literal needs.
func (e *Evaluator) inputs(l *analysis.Literal) []int32 {
	var out []int32
	add := func(v int32) {
		if v >= 0 && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	switch l.Kind {
	case analysis.LitAtom:
		for i, d := range e.preds[l.Pred].Demanded {
			if d {
				add(l.Args[i].Var)
			}
		}
	case analysis.LitNot:
		for _, a := range l.Args {
			add(a.Var)
		}
	case analysis.LitAggregate:
		for _, a := range l.Aggregate.Group {
			add(a.Var)
		}
	}
	exprVars(l.Expr, add)
	exprVars(l.Separator, add)
	return out
}

func exprVars(x *analysis.Expr, f func(int32)) {
	if x == nil {
		return
	}
	if x.Op == analysis.OpVar {
		f(x.Var)
	}
	for _, a := range x.Args {
		exprVars(a, f)
	}
}

// access says where a predicate's rows are found.
type access uint8

const (
	viaTable    access = iota // a goal's table
	viaRelation               // a relation of the database
	viaGrowth                 // the relations that the materialisation under way fills
	viaNews                   // what changed, of a component that is maintained
	viaRequest                // principal, action, resource
	viaContext
	viaField // attribute and tag
)

func (e *Evaluator) accessOf(p analysis.PredID) access {
	pred := &e.preds[p]
	switch {
	case pred.Kind == analysis.PredRequest && p == analysis.PredContext:
		return viaContext
	case pred.Kind == analysis.PredRequest:
		return viaRequest
	case pred.Kind == analysis.PredStore && p != analysis.PredParent:
		return viaField
	case e.grow.of(p) != nil:
		return viaGrowth
	case e.relationOf(p) != nil:
		return viaRelation
	}
	return viaTable
}

// relationOf returns the relation that holds all rows of a predicate, nil where there is none or the request's entities may have changed them.
func (e *Evaluator) relationOf(p analysis.PredID) *relation.Relation {
	if int(p) >= e.db.Len() {
		return nil
	}
	pred, rows := &e.preds[p], e.db.Pred(int(p))
	switch {
	case pred.Kind == analysis.PredUser && len(pred.Rules) == 0:
		return rows.Facts
	case rows.Rows != nil && !(e.patched && pred.StoreDependent):
		return rows.Rows
	}
	return nil
}

// erringOf returns the rows of a predicate with a relation that may hold, nil for none.
func (e *Evaluator) erringOf(p analysis.PredID) *relation.Loose {
	if len(e.preds[p].Rules) == 0 {
		return nil
	}
	return e.db.Pred(int(p)).Erring
}

// erring looks for a row that may hold and agrees with args, None being free, and returns the error for which.
func (e *Evaluator) erring(p analysis.PredID, args []value.Value) *value.Fault {
	erring := e.erringOf(p)
	if erring == nil {
		return nil
	}
	e.ops++
	if e.ids = erring.Match(args, e.ids[:0]); len(e.ids) > 0 {
		return erring.Fault(e.ids[0])
	}
	return nil
}

// agrees compares a row with arguments, an Unknown in either agreeing with everything.
func agrees(row, args []value.Value) bool {
	for i, a := range args {
		if a.IsValue() && row[i].IsValue() && row[i] != a {
			return false
		}
	}
	return true
}

// indexFor returns the index of a relation on the columns that args bind, and the key, which lasts until the next call.
func (e *Evaluator) indexFor(rel *relation.Relation, args []value.Value) (*relation.Index, []value.Value) {
	e.key, e.columns = e.key[:0], e.columns[:0]
	for i, a := range args {
		if a.IsValue() {
			e.key, e.columns = append(e.key, a), append(e.columns, i)
		}
	}
	return rel.Index(e.columns), e.key
}
