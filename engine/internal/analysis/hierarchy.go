package analysis

import "github.com/rune-authz/rune/engine/internal/source"

// hierarchy makes literals of `in` out of tests: `X in E` is an atom of PredIn, a positive edge, where both sides are certain to be
// entities, and each member of E one where E is certain to be a set of entities. Where something else may stand on a side, the test stays
// an expression, which errs for it.
func (a *analysis) hierarchy() {
	for _, c := range a.clauses {
		for i := 0; i < len(c.Body); i++ {
			if l := &c.Body[i]; l.Kind == LitTest && l.Expr.Op == OpIn {
				i += a.membership(c, i)
			}
		}
	}
}

// membership replaces the test at a place and returns how many literals it put before.
func (a *analysis) membership(c *clause, i int) int {
	e := c.Body[i].Expr
	x, y := e.Args[0], e.Args[1]
	if !x.certainly(TypeEntity) {
		return 0
	}
	var before []Literal
	term := func(e *Expr) Term {
		switch e.Op {
		case OpConst:
			return Term{Var: TermConst, Const: e.Const}
		case OpVar:
			return Term{Var: e.Var}
		}
		v := c.made("", e.Span)
		before = append(before, Literal{Kind: LitEquation, Var: v, Expr: e, Span: e.Span})
		return Term{Var: v}
	}
	lit := Literal{Kind: LitAtom, Pred: PredIn, Span: e.Span}
	switch {
	case y.certainly(TypeEntity):
		lit.Args = []Term{term(e.Args[0]), term(e.Args[1])}
	case y.Type.Kind == TypeSet && elem(y.Type).Kind == TypeEntity && y.sure == sure:
		lit.Args = []Term{term(e.Args[0]), {Var: c.made("", e.Args[1].Span)}}
		before = append(before, Literal{Kind: LitGenerate, Generator: GenEach, Expr: e.Args[1], Args: lit.Args[1:], Span: e.Args[1].Span})
	default:
		return 0
	}
	spans := []source.Span{e.Args[0].Span, e.Args[1].Span}
	c.Body[i], c.notes[i].spans = lit, spans
	for n, l := range before {
		c.insert(i+n, l)
	}
	return len(before)
}

// certainly reports whether all values of a typed expression are of a kind.
func (e *Expr) certainly(k TypeKind) bool { return e.Type.Kind == k && e.sure >= sureKind }

// insert puts a literal before the one at a place.
func (c *clause) insert(at int, l Literal) {
	c.Body = append(c.Body, Literal{})
	copy(c.Body[at+1:], c.Body[at:])
	c.Body[at] = l
	c.notes = append(c.notes, note{})
	copy(c.notes[at+1:], c.notes[at:])
	c.notes[at] = note{spans: []source.Span{l.Span}}
}
