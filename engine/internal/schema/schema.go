// Package schema holds a Cedar schema over interned values.
package schema

import (
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"github.com/rune-authz/rune/engine/internal/source"
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

// EntityType is a declared type of entities.
type EntityType struct {
	Name    value.Value   // a string
	Shape   *Type         // a record
	Tags    *Type         // nil where entities of the type have no tags
	Parents []value.Value // names of the types that its entities' parents and further ancestors may have
	Enum    []value.Value // the ids, strings, of an enumerated type, else nil
}

// Action is a declared action.
type Action struct {
	UID        value.Value
	Principals []value.Value // names of entity types
	Resources  []value.Value
	Context    *Type         // a record
	Parents    []value.Value // names of all action groups that it is in
	Applies    bool          // to anything at all
}

// Schema is a resolved schema. A nil Schema means that there is none: it knows no types and has no objections.
type Schema struct {
	resolved *resolved.Schema
	types    []*EntityType
	actions  []*Action
}

// Parse reads the fragments of a schema and unites them.
func Parse(t *value.Table, files *source.Files, fragments []source.Span, diags *source.List) *Schema {
	return nil
}

// EntityType returns the declaration of an entity type, or nil.
func (s *Schema) EntityType(name value.Value) *EntityType { return nil }

// Action returns the declaration of an action, or nil.
func (s *Schema) Action(uid value.Value) *Action { return nil }

// EntityTypes returns all entity types by name.
func (s *Schema) EntityTypes() []*EntityType { return nil }

// Actions returns all actions in value order.
func (s *Schema) Actions() []*Action { return nil }

// Resolved returns the schema as cedar-go's validator takes it.
func (s *Schema) Resolved() *resolved.Schema { return nil }

// CheckRequest validates a request.
func (s *Schema) CheckRequest(t *value.Table, principal, action, resource, context value.Value) *value.Fault {
	return nil
}

// CheckEntity validates an entity.
func (s *Schema) CheckEntity(t *value.Table, uid, attrs, tags value.Value, parents []value.Value) *value.Fault {
	return nil
}
