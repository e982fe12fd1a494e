package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// trait is what is known of a predicate whatever its rows.
type trait struct {
	// raises: something that the predicate depends on may raise, so that T and P may differ.
	raises bool
	// stored: its rows are in the database, or will be. Plans go by this and not by what the database holds at the moment, so that they
	// don't depend on the updates that led there.
	stored bool
}

// findTraits computes the traits of the predicates from a number on, those before being known.
func (e *Evaluator) findTraits(from int) {
	e.traits = append(e.traits, make([]trait, len(e.preds)-from)...)
	for id := from; id < len(e.preds); id++ {
		p := &e.preds[id]
		e.traits[id].stored = p.Kind == analysis.PredUser && len(p.Rules) == 0 || p.Materialize
		e.traits[id].raises = p.Kind == analysis.PredStore && analysis.PredID(id) != analysis.PredParent
	}
	for changed := true; changed; {
		changed = false
		for id := from; id < len(e.preds); id++ {
			if !e.traits[id].raises && e.predicateRaises(analysis.PredID(id)) {
				e.traits[id].raises, changed = true, true
			}
		}
	}
}

func (e *Evaluator) predicateRaises(id analysis.PredID) bool {
	if id == analysis.PredIn {
		return e.traits[analysis.PredParent].raises
	}
	for _, r := range e.preds[id].Rules {
		for i := range e.rules[r].Body {
			if e.literalRaises(&e.rules[r].Body[i]) {
				return true
			}
		}
	}
	return false
}

// literalRaises reports whether a literal may meet an error, in itself or in what it asks.
func (e *Evaluator) literalRaises(l *analysis.Literal) bool {
	switch l.Kind {
	case analysis.LitAtom, analysis.LitNot:
		return e.traits[l.Pred].raises
	case analysis.LitAggregate:
		return l.Aggregate.Op != analysis.AggCount || e.traits[l.Aggregate.Pred].raises
	case analysis.LitGenerate:
		switch l.Generator {
		case analysis.GenEach:
			return l.Expr.Type.Kind != analysis.TypeSet || e.exprRaises(l.Expr)
		case analysis.GenEachRecord:
			return l.Expr.Type.Kind != analysis.TypeRecord || e.exprRaises(l.Expr)
		}
		return true
	}
	return e.exprRaises(l.Expr)
}

// exprRaises reports whether an expression may raise, by its static types.
func (e *Evaluator) exprRaises(x *analysis.Expr) bool {
	for _, a := range x.Args {
		if e.exprRaises(a) {
			return true
		}
	}
	kind := func(i int) analysis.TypeKind { return x.Args[i].Type.Kind }
	switch x.Op {
	case analysis.OpConst, analysis.OpVar, analysis.OpContext:
		return false
	case analysis.OpAttr, analysis.OpHas:
		return x.Required || kind(0) != analysis.TypeRecord
	case analysis.OpIs:
		return kind(0) != analysis.TypeEntity
	case analysis.OpLike:
		return kind(0) != analysis.TypeString
	case analysis.OpIf:
		return kind(0) != analysis.TypeBool
	case analysis.OpAnd, analysis.OpOr:
		for i := range x.Args {
			if kind(i) != analysis.TypeBool {
				return true
			}
		}
		return false
	case analysis.OpIn:
		group := x.Args[1].Type
		entities := group.Kind == analysis.TypeEntity || group.Kind == analysis.TypeSet && group.Elem != nil && group.Elem.Kind == analysis.TypeEntity
		return kind(0) != analysis.TypeEntity || !entities || e.traits[analysis.PredParent].raises
	case analysis.OpCall:
		return callRaises(x)
	}
	return true // sets and records may nest too deep; tags may conflict
}

func callRaises(x *analysis.Expr) bool {
	sig := x.Fn.Signature()
	switch x.Fn {
	case value.OpLess, value.OpLessEq, value.OpGreater, value.OpGreaterEq:
		if x.Args[0].Type.Kind != x.Args[1].Type.Kind {
			return true
		}
	default:
		if sig.CanRaise {
			return true
		}
	}
	for i, a := range x.Args {
		if !typeWithin(a.Type.Kind, sig.Args[i]) {
			return true
		}
	}
	return sig.Result&(value.Sets|value.Records) != 0
}

// typeWithin reports whether all values of a type have one of the kinds.
func typeWithin(t analysis.TypeKind, kinds value.Kinds) bool {
	if t == analysis.TypeAny {
		return kinds == value.AnyKind
	}
	return kinds.Has(value.Kind(t - analysis.TypeBool))
}
