package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// fieldType returns the type that the schema gives an attribute, or the tags, of an entity type; nil where it says nothing.
func (env *environment) fieldType(entity, name value.Value, tag bool) *schema.Type {
	et := env.schema.EntityType(entity)
	switch {
	case et == nil:
		return nil
	case tag:
		return et.Tags
	case et.Shape == nil:
		return nil
	}
	i := slices.IndexFunc(et.Shape.Attrs, func(a schema.Attr) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return et.Shape.Attrs[i].Type
}

// fieldFits says what type a fact of attribute or tag should have by the schema, where it has another.
func (env *environment) fieldFits(row []value.Value, tag bool) (want Type, ok bool) {
	if env.schema == nil || row[0].Kind() != value.KindEntity {
		return anyType, true
	}
	t := env.fieldType(env.table.EntityType(row[0]), row[1], tag)
	if t == nil {
		return anyType, true
	}
	want = fromSchema(t)
	return want, fits(env.table, row[2], want)
}

// FieldType says what type the schema has for an attribute or tag of an entity, where a value isn't of it; empty where it is.
func (p *Program) FieldType(entity, name, v value.Value, tag bool) string {
	if p.env.schema == nil {
		return ""
	}
	want, ok := p.env.fieldFits([]value.Value{entity, name, v}, tag)
	if ok {
		return ""
	}
	return string(p.AppendType(nil, want))
}

// checkFieldFact reports a fact of attribute or tag whose value the schema doesn't allow.
func (a *analysis) checkFieldFact(row []value.Value, tag bool, at source.Span) {
	if want, ok := a.fieldFits(row, tag); !ok {
		a.diags.Errorf(at, codeType, "%s is %s, and the schema has %s here", a.show(row[2]), a.describe(typeOf(a.table, row[2])), a.describe(want))
	}
}

// checkFieldHead reports a rule of attribute or tag whose value can't be of the type that the schema gives it.
func (a *analysis) checkFieldHead(c *clause) {
	p := &a.preds[c.Head]
	if a.schema == nil || p.Attr == value.None || c.HeadArgs[0].Var < 0 {
		return
	}
	got, _, ok := a.typeTerm(c, c.HeadArgs[2])
	if !ok {
		return
	}
	for _, s := range a.shapes(c, &Expr{Op: OpVar, Var: c.HeadArgs[0].Var}) {
		if s.Kind != value.KindEntity {
			continue
		}
		t := a.fieldType(s.Entity, p.Attr, p.IsTag)
		if t == nil {
			continue
		}
		if want := fromSchema(t); kinds(want)&kinds(got) == 0 {
			a.diags.Errorf(c.heads[2], codeType, "this is %s, and the schema has %s here", a.describe(got), a.describe(want))
			return
		}
	}
}
