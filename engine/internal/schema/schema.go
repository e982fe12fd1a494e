// Package schema holds a Cedar schema over interned values.
package schema

import (
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Type is the type of a value.
type Type struct {
	Kind   value.Kind
	Entity value.Value // KindEntity: the entity type's name, a string
	Elem   *Type       // KindSet
	Attrs  []Attr      // KindRecord, by name
}

// Attr is an attribute of a record type.
type Attr struct {
	Name     value.Value // a string
	Type     *Type
	Required bool
}

// Attr returns the attribute of a record type with that name, or nil. A nil type has none.
func (ty *Type) Attr(name value.Value) *Attr {
	if ty == nil {
		return nil
	}
	for i := range ty.Attrs {
		if ty.Attrs[i].Name == name {
			return &ty.Attrs[i]
		}
	}
	return nil
}

// EntityType is a declared type of entities.
type EntityType struct {
	Name    value.Value   // a string
	Shape   *Type         // a record
	Tags    *Type         // nil where entities of the type have no tags
	Parents []value.Value // names of the types that a parent may have, in value order
	Enum    []value.Value // the ids, strings in value order, of an enumerated type, else nil
}

// Action is a declared action.
type Action struct {
	UID        value.Value
	Principals []value.Value // names of entity types, in value order
	Resources  []value.Value // likewise
	Context    *Type         // a record
	Parents    []value.Value // the action groups that name it as a member, in value order
	Applies    bool          // to anything at all

	above []value.Value // all groups that it is in, through others too, in value order
}

// Schema is a resolved schema. A nil Schema means that there is none: it declares nothing and has no objections.
type Schema struct {
	resolved *resolved.Schema
	types    []*EntityType
	actions  []*Action
	byName   []int32 // by the number of a string: index in types + 1
	byUID    []int32 // by the number of an entity: index in actions + 1
}

// EntityType returns the declaration of an entity type, or nil.
func (s *Schema) EntityType(name value.Value) *EntityType {
	if s == nil {
		return nil
	}
	if n := name.Number(); n < len(s.byName) && s.byName[n] > 0 {
		return s.types[s.byName[n]-1]
	}
	return nil
}

// Action returns the declaration of an action, or nil.
func (s *Schema) Action(uid value.Value) *Action {
	if s == nil {
		return nil
	}
	if n := uid.Number(); n < len(s.byUID) && s.byUID[n] > 0 {
		return s.actions[s.byUID[n]-1]
	}
	return nil
}

// EntityTypes returns all entity types by name. The slice belongs to the schema.
func (s *Schema) EntityTypes() []*EntityType {
	if s == nil {
		return nil
	}
	return s.types
}

// Actions returns all actions in value order. The slice belongs to the schema.
func (s *Schema) Actions() []*Action {
	if s == nil {
		return nil
	}
	return s.actions
}

// Resolved returns the schema as cedar-go's validator takes it, or nil.
func (s *Schema) Resolved() *resolved.Schema {
	if s == nil {
		return nil
	}
	return s.resolved
}
