package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// maxShapeDepth bounds how far shapes are followed through equations, which may stand in a circle.
const maxShapeDepth = 16

// shapes returns the types that a schema gives an expression: every value that it can have is of one of them. nil means that
// nothing is known.
func (a *analysis) shapes(c *clause, e *Expr) []*schema.Type {
	if a.schema == nil {
		return nil
	}
	return a.shapesOf(c, e, 0)
}

func (a *analysis) shapesOf(c *clause, e *Expr, depth int) []*schema.Type {
	if depth > maxShapeDepth {
		return nil
	}
	switch e.Op {
	case OpVar:
		return a.varShapes(c, e.Var, depth)
	case OpContext:
		var out []*schema.Type
		for _, act := range a.applicable(c) {
			if act.Context == nil {
				return nil
			}
			out = append(out, act.Context)
		}
		return out
	case OpAttr:
		return a.fieldShapes(a.shapesOf(c, e.Args[0], depth+1), e.Const)
	case OpIf:
		yes, no := a.shapesOf(c, e.Args[1], depth+1), a.shapesOf(c, e.Args[2], depth+1)
		if yes != nil && no != nil {
			return slices.Concat(yes, no)
		}
	}
	return nil
}

// fieldShapes returns the types of a field of records or entities; nil where one lacks it.
func (a *analysis) fieldShapes(of []*schema.Type, name value.Value) []*schema.Type {
	var out []*schema.Type
	for _, t := range of {
		attr := a.field(t, name)
		if attr == nil {
			return nil
		}
		out = append(out, attr.Type)
	}
	return out
}

// field returns the attribute of an entity type's or record type's name, or nil.
func (a *analysis) field(t *schema.Type, name value.Value) *schema.Attr {
	if t.Kind == value.KindEntity {
		et := a.schema.EntityType(t.Entity)
		if et == nil || et.Shape == nil {
			return nil
		}
		t = et.Shape
	}
	if t.Kind != value.KindRecord {
		return nil
	}
	for i := range t.Attrs {
		if t.Attrs[i].Name == name {
			return &t.Attrs[i]
		}
	}
	return nil
}

// knownField warns of an attribute that no type which the receiver can have has, by the schema or by rules.
func (a *analysis) knownField(c *clause, e *Expr) bool {
	of := a.shapes(c, e.Args[0])
	if len(of) == 0 {
		return true
	}
	var names []string
	entities := false
	for _, t := range of {
		if a.field(t, e.Const) != nil {
			return true
		}
		entities = entities || t.Kind == value.KindEntity
		if t.Kind == value.KindEntity {
			if et := a.schema.EntityType(t.Entity); et != nil {
				t = et.Shape
			}
		}
		for i := range t.Attrs {
			names = append(names, a.table.TextString(t.Attrs[i].Name))
		}
	}
	if entities && a.derivesField(e.Const) {
		return true
	}
	name := a.table.TextString(e.Const)
	d := a.diags.Warnf(e.Span, codeUnknownField, "the schema has no attribute %q here", name)
	if near := source.Nearest(name, names); near != "" {
		d.Help = "did you mean " + near + "?"
	}
	return true
}

func entityShapes(types []value.Value) []*schema.Type {
	var out []*schema.Type
	for _, t := range types {
		out = append(out, &schema.Type{Kind: value.KindEntity, Entity: t})
	}
	return out
}

func (a *analysis) varShapes(c *clause, v int32, depth int) []*schema.Type {
	x := &c.vars[v]
	switch {
	case x.is != value.None:
		return entityShapes([]value.Value{x.is})
	case x.known && x.Kind == TypeEntity && x.Entity != value.None && x.sure == sure:
		return entityShapes([]value.Value{x.Entity})
	}
	for i, in := range c.inputs {
		if c.HeadArgs[i].Var == v {
			return a.varShapes(c.outer, in, depth)
		}
	}
	switch a.roleOf(c, v) {
	case 1:
		return a.requestShapes(c, func(act *schema.Action) []value.Value { return act.Principals })
	case 3:
		return a.requestShapes(c, func(act *schema.Action) []value.Value { return act.Resources })
	}
	for i := range c.Body {
		if l := &c.Body[i]; l.Kind == LitEquation && l.Var == v {
			if s := a.shapesOf(c, l.Expr, depth+1); s != nil {
				return s
			}
		}
	}
	return nil
}

// roleOf says which part of the request a variable is: 1 the principal, 2 the action, 3 the resource, 0 none.
func (a *analysis) roleOf(c *clause, v int32) int {
	if r := c.vars[v].role; r > 0 {
		return r
	}
	for i := range c.Body {
		l := &c.Body[i]
		if l.Kind == LitAtom && l.Pred <= PredResource && l.Args[0].Var == v {
			return int(l.Pred-PredPrincipal) + 1
		}
	}
	return 0
}

func (a *analysis) requestShapes(c *clause, types func(*schema.Action) []value.Value) []*schema.Type {
	var out []value.Value
	for _, act := range a.applicable(c) {
		for _, t := range types(act) {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return entityShapes(out)
}

// applicable returns the schema's actions that requests which a clause is evaluated for can have.
func (a *analysis) applicable(c *clause) []*schema.Action {
	for c.outer != nil {
		c = c.outer
	}
	if uid := a.actionOf(c); uid != value.None {
		if act := a.schema.Action(uid); act != nil && act.Applies {
			return []*schema.Action{act}
		}
		return nil
	}
	var out []*schema.Action
	for _, act := range a.schema.Actions() {
		if act.Applies {
			out = append(out, act)
		}
	}
	return out
}

// actionOf returns the one action that a clause can apply to, or None: by its head, by action("a"), or by A == Action::"a".
func (a *analysis) actionOf(c *clause) value.Value {
	if c.Head >= 0 && a.preds[c.Head].Kind == PredStatement && c.HeadArgs[1].Var == TermConst {
		return c.HeadArgs[1].Const
	}
	for i := range c.Body {
		l := &c.Body[i]
		switch {
		case l.Kind == LitAtom && l.Pred == PredAction && l.Args[0].Var == TermConst:
			return l.Args[0].Const
		case l.Kind == LitTest && l.Expr.Op == OpCall && l.Expr.Fn == value.OpEq:
			x, y := l.Expr.Args[0], l.Expr.Args[1]
			if x.Op == OpConst {
				x, y = y, x
			}
			if x.Op == OpVar && y.Op == OpConst && a.roleOf(c, x.Var) == 2 {
				return y.Const
			}
		}
	}
	return value.None
}

// derivesField reports whether rules or facts give entities an attribute of a name, which the schema then doesn't require.
func (a *analysis) derivesField(name value.Value) bool {
	_, named := a.named[NamedKey{Name: name}]
	return named || a.infos[PredAttribute].rules || a.infos[PredAttribute].facts
}
