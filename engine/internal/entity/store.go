package entity

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Store holds the entities of the documents. It is filled at load and then only read.
type Store struct {
	table    *value.Table
	entities []Entity
	order    []value.Value
	at       []uint32 // by entity number: the index in entities + 1, or 0
}

// NewStore returns an empty store for entities whose values belong to t.
func NewStore(t *value.Table) *Store { return &Store{table: t} }

// Add puts e into the store, unless an entity of that name is there already: that one is returned, and whether the two are
// equal. Parents are a set, so their order and repetitions are dropped; the slice is not kept. The returned pointer is valid
// until the next Add.
func (s *Store) Add(e Entity) (same bool, earlier *Entity) {
	e.Parents = distinct(s.table, slices.Clone(e.Parents))
	if old := s.Get(e.UID); old != nil {
		return old.Attrs == e.Attrs && old.Tags == e.Tags && slices.Equal(old.Parents, e.Parents), old
	}
	s.entities = append(s.entities, e)
	s.order = append(s.order, e.UID)
	n := e.UID.Number()
	if n >= len(s.at) {
		s.at = append(s.at, make([]uint32, n+1-len(s.at))...)
	}
	s.at[n] = uint32(len(s.entities))
	return false, nil
}

// distinct sorts values in place and drops repetitions.
func distinct(t *value.Table, vs []value.Value) []value.Value {
	slices.SortFunc(vs, t.Compare)
	return slices.Compact(vs)
}

// AddActions puts the actions that a schema declares into the store, as Cedar does, so that action groups hold without
// entities for them. Actions that are there already stay as they are.
func (s *Store) AddActions(sch *schema.Schema) {
	empty := s.table.Record(nil)
	for _, a := range sch.Actions() {
		if !s.Has(a.UID) {
			s.Add(Entity{UID: a.UID, Attrs: empty, Tags: empty, Parents: a.Parents})
		}
	}
}

// All returns the names of all entities in the order in which they were added. The slice belongs to the store.
func (s *Store) All() []value.Value { return s.order }

// Get returns the entity of a name, or nil. It is valid until the next Add.
func (s *Store) Get(uid value.Value) *Entity {
	if uid.Kind() != value.KindEntity {
		return nil
	}
	if n := uid.Number(); n < len(s.at) && s.at[n] > 0 {
		return &s.entities[s.at[n]-1]
	}
	return nil
}

// Has reports whether the store holds an entity of that name.
func (s *Store) Has(uid value.Value) bool { return s.Get(uid) != nil }

// Attrs returns the record of an entity's attributes, or None where the store lacks the entity.
func (s *Store) Attrs(uid value.Value) value.Value {
	if e := s.Get(uid); e != nil {
		return e.Attrs
	}
	return value.None
}

// Tags returns the record of an entity's tags, or None where the store lacks the entity.
func (s *Store) Tags(uid value.Value) value.Value {
	if e := s.Get(uid); e != nil {
		return e.Tags
	}
	return value.None
}

// Parents returns an entity's direct parents in value order, none where the store lacks the entity. The slice belongs to
// the store.
func (s *Store) Parents(uid value.Value) []value.Value {
	if e := s.Get(uid); e != nil {
		return e.Parents
	}
	return nil
}
