package analysis

import (
	"cmp"
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// edge says that rules of one predicate use another.
type edge struct {
	from, to PredID
	negative bool
	how      string // in a message: "uses", "uses … below not"
	at       source.Span
}

// How an edge is made, for messages: what stands before and after the predicate's name.
const (
	howAtom      = "uses %s"
	howNot       = "uses %s below not"
	howAggregate = "uses %s in an aggregate"
	howRead      = "reads %s, which must be complete"
	howIn        = "asks for %s within an expression"
)

// graph collects the edges between predicates.
func (a *analysis) graph() {
	a.edge(PredIn, PredParent, false, howAtom, source.Span{})
	for id := a.first; int(id) < len(a.preds); id++ { // rules with a variable name are rules of every name
		if p := &a.preds[id]; p.Attr != value.None {
			general := PredAttribute
			if p.IsTag {
				general = PredTag
			}
			a.edge(id, general, false, howAtom, source.Span{})
		}
	}
	for _, c := range a.clauses {
		for i := range c.Body {
			a.literalEdges(c, &c.Body[i], c.notes[i].below)
		}
	}
	slices.SortStableFunc(a.edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.at.File, y.at.File), cmp.Compare(x.at.Start, y.at.Start))
	})
}

func (a *analysis) edge(from, to PredID, negative bool, how string, at source.Span) {
	a.edges = append(a.edges, edge{from: from, to: to, negative: negative, how: how, at: at})
}

func (a *analysis) literalEdges(c *clause, l *Literal, below bool) {
	switch l.Kind {
	case LitAtom:
		a.atomEdges(c, l, false)
	case LitNot:
		a.atomEdges(c, l, true)
	case LitAggregate:
		a.edge(c.Head, l.Aggregate.Pred, true, howAggregate, l.Aggregate.Span)
	}
	how := howIn
	if below {
		how = howNot
	}
	a.exprEdges(c, l.Expr, how)
	a.exprEdges(c, l.Separator, how)
}

func (a *analysis) atomEdges(c *clause, l *Literal, negative bool) {
	how := howAtom
	if negative {
		how = howNot
	}
	p := &a.preds[l.Pred]
	switch {
	case l.Pred == PredContext:
		a.readContext(l.Args[0])
	case p.Kind == PredStore && l.Pred != PredParent:
		if !negative {
			how = howRead
		}
		name := value.None
		if l.Args[1].Var == TermConst {
			name = l.Args[1].Const
		}
		a.fieldEdges(c, p.IsTag, name, how, l.Span)
		return
	}
	a.edge(c.Head, l.Pred, negative, how, l.Span)
}

// fieldEdges adds the edges of a read of an attribute or tag; a name that isn't known stands for all.
func (a *analysis) fieldEdges(c *clause, tag bool, name value.Value, how string, at source.Span) {
	if name != value.None {
		a.edge(c.Head, a.fieldPredicate(tag, name), true, how, at)
		return
	}
	for id := range a.preds {
		if p := &a.preds[id]; p.Kind == PredStore && PredID(id) != PredParent && p.IsTag == tag {
			a.edge(c.Head, PredID(id), true, how, at)
		}
	}
}

// exprEdges adds the edges of an expression; in says how a membership in it is made.
func (a *analysis) exprEdges(c *clause, e *Expr, in string) {
	if e == nil {
		return
	}
	switch e.Op {
	case OpAttr, OpHas:
		if e.Args[0].Op == OpContext {
			a.contexts[e.Const] = true
			c.request = true
			return
		}
		if !e.Args[0].certainly(TypeRecord) {
			c.store = true
			a.fieldEdges(c, false, e.Const, howRead, e.Span)
		}
	case OpGetTag, OpHasTag:
		name := value.None
		if e.Args[1].Op == OpConst {
			name = e.Args[1].Const
		}
		c.store = true
		a.fieldEdges(c, true, name, howRead, e.Span)
	case OpIn:
		c.store = true
		a.edge(c.Head, PredIn, true, in, e.Span)
	case OpContext:
		a.whole, c.request = true, true
	}
	for _, x := range e.Args {
		a.exprEdges(c, x, in)
	}
}

// readContext notes which key of the context an atom reads.
func (a *analysis) readContext(key Term) {
	if key.Var == TermConst {
		a.contexts[key.Const] = true
	} else {
		a.whole = true
	}
}
