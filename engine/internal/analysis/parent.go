package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// parentFault says what the schema has against an entity's parent that a rule or fact gives; nil for nothing.
func (env *environment) parentFault(x, y value.Value) *value.Fault {
	if env.schema == nil || x.Kind() != value.KindEntity || y.Kind() != value.KindEntity {
		return nil
	}
	if !schema.IsAction(env.table, x) && env.schema.EntityType(env.table.EntityType(x)) == nil {
		return nil
	}
	return env.schema.CheckParent(env.table, x, y)
}

// ParentFault says why the schema doesn't let an entity have a parent, or is nil.
func (p *Program) ParentFault(x, y value.Value) *value.Fault { return p.env.parentFault(x, y) }

// checkParentFact reports a fact of parent that the schema doesn't allow.
func (a *analysis) checkParentFact(row []value.Value, at source.Span) {
	if f := a.parentFault(row[0], row[1]); f != nil {
		a.diags.Errorf(at, f.Code, "%s", f.Message)
	}
}

// checkParentHead reports a rule of parent whose entities can't have such a parent, whatever they are.
func (a *analysis) checkParentHead(c *clause) {
	x, y := c.HeadArgs[0], c.HeadArgs[1]
	if a.schema == nil || x.Var < 0 || y.Var == TermWildcard {
		return
	}
	parent, s, ok := a.typeTerm(c, y)
	if !ok || s != sure || parent.Kind != TypeEntity || parent.Entity == value.None || a.isActionType(parent.Entity) {
		return
	}
	kids := a.shapes(c, &Expr{Op: OpVar, Var: x.Var})
	for _, k := range kids {
		et := a.entityType(k)
		if et == nil || slices.Contains(et.Parents, parent.Entity) {
			return
		}
	}
	if len(kids) > 0 {
		a.diags.Errorf(c.heads[1], schema.CodeParent, "the schema lets no %s have a parent of type %s", a.table.TextString(kids[0].Entity),
			a.table.TextString(parent.Entity))
	}
}

// entityType returns what the schema says of a shape's entity type, nil where that is nothing.
func (a *analysis) entityType(t *schema.Type) *schema.EntityType {
	if t.Kind != value.KindEntity || a.isActionType(t.Entity) {
		return nil
	}
	return a.schema.EntityType(t.Entity)
}

func (a *analysis) isActionType(name value.Value) bool { return isActionType(a.table.Text(name)) }
