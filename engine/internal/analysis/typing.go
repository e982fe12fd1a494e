package analysis

import (
	"math/bits"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// typeExpr finds an expression's type, and notes it.
func (a *analysis) typeExpr(c *clause, e *Expr) (Type, certainty) {
	s := sure
	types := make([]Type, len(e.Args))
	for i, x := range e.Args {
		t, certain := a.typeExpr(c, x)
		if types[i] = t; e.Op != OpIf || i > 0 {
			s = min(s, certain)
		}
	}
	t := boolType
	switch e.Op {
	case OpConst:
		t = typeOf(a.table, e.Const)
	case OpVar:
		t, s = c.vars[e.Var].Type, c.vars[e.Var].sure
	case OpContext, OpRecord:
		t, s = recordType, sure
	case OpAttr:
		t, s = a.typeAttr(c, e), sure
	case OpGetTag:
		t, s = a.typeTag(c, e), sure
	case OpSet:
		t = a.typeSet(types)
	case OpIf:
		t = join(types[1], types[2])
	case OpCall:
		t = typeCall(e.Fn, types)
		if t.Kind != TypeSet {
			s = sure
		}
	default:
		s = sure
	}
	e.Type, e.sure = t, s
	return t, s
}

func (a *analysis) typeSet(members []Type) Type {
	if len(members) == 0 {
		return setOf(anyType)
	}
	t := members[0]
	for _, m := range members[1:] {
		t = join(t, m)
	}
	return setOf(t)
}

// typeCall is the type of an operation's result.
func typeCall(fn value.Op, args []Type) Type {
	sig := fn.Signature()
	switch fn {
	case value.OpUnion:
		return join(setOf(elem(args[0])), setOf(elem(args[1])))
	case value.OpIntersection, value.OpDifference:
		return setOf(elem(args[0]))
	}
	return typeOfKind(value.Kind(bits.TrailingZeros16(uint16(sig.Result))))
}

// typeAttr is the type that the schema gives an attribute.
func (a *analysis) typeAttr(c *clause, e *Expr) Type {
	of := a.shapes(c, e.Args[0])
	for _, t := range of {
		if t.Kind == value.KindEntity && a.derivesField(e.Const) {
			return anyType
		}
	}
	return joinShapes(a.fieldShapes(of, e.Const))
}

func joinShapes(shapes []*schema.Type) Type {
	if len(shapes) == 0 {
		return anyType
	}
	t := fromSchema(shapes[0])
	for _, s := range shapes[1:] {
		t = join(t, fromSchema(s))
	}
	return t
}

// typeTag is the type that the schema gives the tags of an entity's type.
func (a *analysis) typeTag(c *clause, e *Expr) Type {
	var tags []*schema.Type
	if a.infos[PredTag].rules || a.infos[PredTag].facts {
		return anyType
	}
	for _, t := range a.shapes(c, e.Args[0]) {
		if t.Kind != value.KindEntity {
			return anyType
		}
		et := a.schema.EntityType(t.Entity)
		if et == nil || et.Tags == nil {
			return anyType
		}
		tags = append(tags, et.Tags)
	}
	return joinShapes(tags)
}
