package schema

import (
	"bytes"
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// The checks are Cedar's validation of requests and entities. They allocate nothing unless there is something to object to. Those below
// the level of a whole request or entity are for readers, who know where in a text the fault stands.

// CheckRequest validates a request: the action is declared, applies to the types of principal and resource, and the context has its
// type.
func (s *Schema) CheckRequest(t *value.Table, principal, action, resource, context value.Value) *value.Fault {
	if s == nil {
		return nil
	}
	if f := s.CheckAction(t, action); f != nil {
		return f
	}
	if f := s.CheckPrincipal(t, principal, action); f != nil {
		return f
	}
	if f := s.CheckResource(t, resource, action); f != nil {
		return f
	}
	return s.deep(t, context, s.Action(action).Context, "context")
}

// CheckAction says what is wrong with the action of a request.
func (s *Schema) CheckAction(t *value.Table, action value.Value) *value.Fault {
	if s.Action(action) != nil {
		return nil
	}
	return &value.Fault{Code: CodeNoAction, Message: "the schema has no action " + text(t, action)}
}

// CheckPrincipal says what is wrong with the principal of a request for a declared action.
func (s *Schema) CheckPrincipal(t *value.Table, principal, action value.Value) *value.Fault {
	return s.role(t, "principal", principal, action, s.Action(action).Principals)
}

// CheckResource says what is wrong with the resource of a request for a declared action.
func (s *Schema) CheckResource(t *value.Table, resource, action value.Value) *value.Fault {
	return s.role(t, "resource", resource, action, s.Action(action).Resources)
}

func (s *Schema) role(t *value.Table, role string, uid, action value.Value, allowed []value.Value) *value.Fault {
	if f := s.declared(t, uid); f != nil {
		return f
	}
	typ := t.EntityType(uid)
	if slices.Contains(allowed, typ) {
		return nil
	}
	return &value.Fault{Code: CodeApplies, Message: text(t, action) + " doesn't apply to a " + role + " of type " + t.TextString(typ)}
}

// declared checks that the schema has an entity's type and, if that is enumerated, the id.
func (s *Schema) declared(t *value.Table, uid value.Value) *value.Fault {
	typ := t.EntityType(uid)
	if s.EntityType(typ) == nil {
		return &value.Fault{Code: CodeUnknownType, Message: "the schema has no entity type " + t.TextString(typ)}
	}
	return s.listed(t, uid)
}

// listed checks that an entity whose type is enumerated is one of those.
func (s *Schema) listed(t *value.Table, uid value.Value) *value.Fault {
	et := s.EntityType(t.EntityType(uid))
	if et == nil || et.Enum == nil || slices.Contains(et.Enum, t.EntityID(uid)) {
		return nil
	}
	return &value.Fault{Code: CodeEnum, Message: "the schema doesn't list " + text(t, uid)}
}

// CheckEntity validates an entity. One of an action must be as the schema declares it.
func (s *Schema) CheckEntity(t *value.Table, uid, attrs, tags value.Value, parents []value.Value) *value.Fault {
	if s == nil {
		return nil
	}
	if f := s.CheckUID(t, uid); f != nil {
		return f
	}
	for _, p := range parents {
		if f := s.CheckParent(t, uid, p); f != nil {
			return f
		}
	}
	if f := s.CheckParents(t, uid, parents); f != nil {
		return f
	}
	if f := s.deep(t, attrs, s.Attrs(t, uid), "attrs"); f != nil {
		return f
	}
	return s.tags(t, uid, tags)
}

// CheckUID says what is wrong with the name of an entity.
func (s *Schema) CheckUID(t *value.Table, uid value.Value) *value.Fault {
	if IsAction(t, uid) {
		return s.CheckAction(t, uid)
	}
	return s.declared(t, uid)
}

// IsAction reports whether an entity has a type of actions.
func IsAction(t *value.Table, uid value.Value) bool {
	name := t.Text(t.EntityType(uid))
	return string(name) == "Action" || bytes.HasSuffix(name, []byte("::Action"))
}

// CheckParent says what is wrong with one parent of an entity whose name is right.
func (s *Schema) CheckParent(t *value.Table, uid, parent value.Value) *value.Fault {
	if a := s.Action(uid); a != nil && IsAction(t, uid) {
		if slices.Contains(a.above, parent) {
			return nil
		}
	} else if slices.Contains(s.EntityType(t.EntityType(uid)).Parents, t.EntityType(parent)) {
		return s.listed(t, parent)
	}
	return &value.Fault{Code: CodeParent, Message: text(t, uid) + " can't have the parent " + text(t, parent)}
}

// CheckParents says what is missing among the parents of an entity: an action has all groups that the schema puts it in.
func (s *Schema) CheckParents(t *value.Table, uid value.Value, parents []value.Value) *value.Fault {
	a := s.Action(uid)
	if a == nil || !IsAction(t, uid) {
		return nil
	}
	for _, p := range a.above {
		if !s.covers(parents, p) {
			return &value.Fault{Code: CodeAction, Message: text(t, uid) + " must have the parent " + text(t, p)}
		}
	}
	return nil
}

// covers reports whether an action group is among parents or above one of them.
func (s *Schema) covers(parents []value.Value, group value.Value) bool {
	for _, p := range parents {
		if p == group || slices.Contains(s.Action(p).above, group) {
			return true
		}
	}
	return false
}

var noAttrs = &Type{Kind: value.KindRecord, Entity: value.None}

// Attrs returns the type of the attributes of an entity whose name is right: a record.
func (s *Schema) Attrs(t *value.Table, uid value.Value) *Type {
	if IsAction(t, uid) {
		return noAttrs
	}
	return s.EntityType(t.EntityType(uid)).Shape
}

// Tags returns the type of the tags of an entity whose name is right, or nil where it can't have any.
func (s *Schema) Tags(t *value.Table, uid value.Value) *Type {
	if IsAction(t, uid) {
		return nil
	}
	return s.EntityType(t.EntityType(uid)).Tags
}

func (s *Schema) tags(t *value.Table, uid, tags value.Value) *value.Fault {
	f := t.Fields(tags)
	if len(f) == 0 {
		return nil
	}
	typ := s.Tags(t, uid)
	if typ == nil {
		return NoTags(t, uid)
	}
	for i := 0; i < len(f); i += 2 {
		if fault, path := s.within(t, f[i+1], typ); fault != nil {
			return &value.Fault{Code: fault.Code, Message: "tags" + step(t, f[i]) + path + ": " + fault.Message}
		}
	}
	return nil
}

// NoTags is the fault of tags on an entity that can't have any.
func NoTags(t *value.Table, uid value.Value) *value.Fault {
	return &value.Fault{Code: CodeTags, Message: "entities of type " + t.TextString(t.EntityType(uid)) + " have no tags"}
}

// deep checks a value and all within it. The root is what messages call it.
func (s *Schema) deep(t *value.Table, v value.Value, typ *Type, root string) *value.Fault {
	fault, path := s.within(t, v, typ)
	if fault != nil {
		fault.Message = root + path + ": " + fault.Message
	}
	return fault
}

// within checks a value and all within it, and returns the path to what is wrong. Its recursion is as deep as the type.
func (s *Schema) within(t *value.Table, v value.Value, typ *Type) (*value.Fault, string) {
	if f := s.CheckValue(t, v, typ); f != nil {
		return f, ""
	}
	switch typ.Kind {
	case value.KindSet:
		for _, m := range t.Members(v) {
			if f, path := s.within(t, m, typ.Elem); f != nil {
				return f, "[]" + path
			}
		}
	case value.KindRecord:
		return s.fields(t, v, typ)
	}
	return nil, ""
}

func (s *Schema) fields(t *value.Table, v value.Value, typ *Type) (*value.Fault, string) {
	given := t.Fields(v)
	for i := 0; i < len(given); i += 2 {
		a := typ.Attr(given[i])
		if a == nil {
			return Unexpected(t, given[i]), ""
		}
		if f, path := s.within(t, given[i+1], a.Type); f != nil {
			return f, step(t, given[i]) + path
		}
	}
	for i := range typ.Attrs {
		if a := &typ.Attrs[i]; a.Required && t.Field(v, a.Name) == value.None {
			return Missing(t, a.Name), ""
		}
	}
	return nil, ""
}

// CheckValue checks the kind of a value, and of an entity the type, but not what a set or record holds.
func (s *Schema) CheckValue(t *value.Table, v value.Value, typ *Type) *value.Fault {
	if v.Kind() != typ.Kind || typ.Kind == value.KindEntity && t.EntityType(v) != typ.Entity {
		return &value.Fault{Code: CodeType, Message: "expected " + typ.name(t) + ", found " + text(t, v)}
	}
	if typ.Kind == value.KindEntity {
		return s.listed(t, v)
	}
	return nil
}

// name is what messages call a value of the type.
func (ty *Type) name(t *value.Table) string {
	name := ty.Kind.Article() + ty.Kind.String()
	if ty.Kind == value.KindEntity {
		name += " of type " + t.TextString(ty.Entity)
	}
	return name
}

// Unexpected is the fault of an attribute that the type of a record doesn't have.
func Unexpected(t *value.Table, name value.Value) *value.Fault {
	return &value.Fault{Code: CodeUnexpected, Message: "the schema has no attribute " + text(t, name) + " here"}
}

// Missing is the fault of an attribute that the type of a record requires.
func Missing(t *value.Table, name value.Value) *value.Fault {
	return &value.Fault{Code: CodeMissing, Message: "the attribute " + text(t, name) + " is missing"}
}

// step is what messages add to a path for an attribute.
func step(t *value.Table, name value.Value) string {
	if s := t.TextString(name); value.IsTypePath(s) && !bytes.Contains(t.Text(name), []byte("::")) {
		return "." + s
	}
	return "[" + text(t, name) + "]"
}

const mostShown = 60

// text writes a value for a message, cut where it is long.
func text(t *value.Table, v value.Value) string {
	if t.Weight(v) > 100*mostShown {
		return "a large " + v.Kind().String()
	}
	b := t.Append(nil, v)
	if len(b) <= mostShown {
		return string(b)
	}
	return string(bytes.ToValidUTF8(b[:mostShown], nil)) + "…"
}
