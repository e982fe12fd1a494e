package analysis

import "github.com/rune-authz/rune/engine/internal/value"

// assertKinds adds tests to rules of parent, attribute and tag for what the types found don't make certain: that a parent is an entity and
// a name a string. Anything else raises, as an operation on a kind that it has no meaning for does.
func (a *analysis) assertKinds() {
	for _, c := range a.clauses {
		if c.Head < 0 || a.preds[c.Head].Kind != PredStore {
			continue
		}
		t := c.HeadArgs[1]
		if t.Var < 0 {
			continue
		}
		v := &c.vars[t.Var]
		x := &Expr{Op: OpVar, Var: t.Var, Type: v.Type, Span: c.heads[1], size: 1, sure: v.sure}
		switch {
		case c.Head == PredParent && !x.certainly(TypeEntity):
			of := &Expr{Op: OpCall, Fn: value.OpEntityType, Args: []*Expr{x}, Type: stringType, Span: x.Span, sure: sure}
			a.assert(c, &Expr{Op: OpLike, Args: []*Expr{of}, Pattern: []string{"", ""}, Type: boolType, Span: x.Span, sure: sure})
		case c.Head != PredParent && !x.certainly(TypeString):
			a.assert(c, &Expr{Op: OpLike, Args: []*Expr{x}, Pattern: []string{"", ""}, Type: boolType, Span: x.Span, sure: sure})
		}
	}
}

// assert adds a test that is true or raises.
func (a *analysis) assert(c *clause, e *Expr) {
	measure(e)
	c.add(Literal{Kind: LitTest, Expr: e, Span: e.Span}, note{})
}
