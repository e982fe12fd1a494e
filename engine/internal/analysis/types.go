package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// The types that need no more than a kind.
var (
	anyType    = Type{Entity: value.None}
	boolType   = Type{Kind: TypeBool, Entity: value.None}
	longType   = Type{Kind: TypeLong, Entity: value.None}
	stringType = Type{Kind: TypeString, Entity: value.None}
	entityType = Type{Kind: TypeEntity, Entity: value.None}
	recordType = Type{Kind: TypeRecord, Entity: value.None}
)

// typeNames are the types' names in declarations, by TypeKind.
var typeNames = [...]string{"any", "bool", "long", "decimal", "string", "datetime", "duration", "ip", "entity", "Set", "Record"}

// maxSetDepth bounds how deep inferred types of sets nest, so that a rule which wraps values in sets again and again has a type.
const maxSetDepth = 4

func typeOfKind(k value.Kind) Type { return Type{Kind: TypeKind(k) + 1, Entity: value.None} }

func setOf(elem Type) Type {
	s := Type{Kind: TypeSet, Entity: value.None}
	if elem.Kind != TypeAny && setDepth(elem) < maxSetDepth {
		s.Elem = &elem
	}
	return s
}

func setDepth(t Type) int {
	n := 0
	for t.Kind == TypeSet {
		n++
		if t.Elem == nil {
			break
		}
		t = *t.Elem
	}
	return n
}

// elem is the type of a set's members.
func elem(t Type) Type {
	if t.Kind == TypeSet && t.Elem != nil {
		return *t.Elem
	}
	return anyType
}

// kinds returns the kinds of values that a type has.
func kinds(t Type) value.Kinds {
	if t.Kind == TypeAny {
		return value.AnyKind
	}
	return 1 << (t.Kind - 1)
}

func sameType(a, b Type) bool {
	for a.Kind == b.Kind && a.Entity == b.Entity {
		if a.Elem == nil || b.Elem == nil {
			return a.Elem == b.Elem
		}
		a, b = *a.Elem, *b.Elem
	}
	return false
}

// join is the narrowest type that holds all values of both.
func join(a, b Type) Type {
	switch {
	case a.Kind != b.Kind:
		return anyType
	case a.Kind == TypeEntity && a.Entity != b.Entity:
		return entityType
	case a.Kind == TypeSet && (a.Elem == nil || b.Elem == nil):
		return setOf(anyType)
	case a.Kind == TypeSet:
		return setOf(join(*a.Elem, *b.Elem))
	}
	return a
}

// meet is the type of the values that both have; false where there are none.
func meet(a, b Type) (Type, bool) {
	switch {
	case a.Kind == TypeAny:
		return b, true
	case b.Kind == TypeAny:
		return a, true
	case a.Kind != b.Kind:
		return a, false
	case a.Kind == TypeEntity && a.Entity == value.None:
		return b, true
	case a.Kind == TypeEntity && b.Entity != value.None && a.Entity != b.Entity:
		return a, false
	case a.Kind == TypeSet && a.Elem == nil:
		return b, true
	case a.Kind == TypeSet && b.Elem != nil:
		if e, ok := meet(*a.Elem, *b.Elem); ok {
			return setOf(e), true
		}
		return setOf(anyType), true // the empty set has every type
	}
	return a, true
}

// within reports whether all values of a are values of b.
func within(a, b Type) bool { return sameType(join(a, b), b) }

// typeOf returns the type of a value; of what sets hold it looks one level deep.
func typeOf(t *value.Table, v value.Value) Type {
	typ := typeOfKind(v.Kind())
	switch v.Kind() {
	case value.KindEntity:
		typ.Entity = t.EntityType(v)
	case value.KindSet:
		members := t.Members(v)
		if len(members) == 0 {
			return typ
		}
		e := shallowType(t, members[0])
		for _, m := range members[1:] {
			e = join(e, shallowType(t, m))
		}
		return setOf(e)
	}
	return typ
}

func shallowType(t *value.Table, v value.Value) Type {
	typ := typeOfKind(v.Kind())
	if v.Kind() == value.KindEntity {
		typ.Entity = t.EntityType(v)
	}
	return typ
}

// fits reports whether v has a type. It recurses as deep as declarations nest.
func fits(t *value.Table, v value.Value, typ Type) bool {
	switch {
	case typ.Kind == TypeAny:
		return true
	case TypeKind(v.Kind())+1 != typ.Kind:
		return false
	case typ.Kind == TypeEntity:
		return typ.Entity == value.None || t.EntityType(v) == typ.Entity
	case typ.Kind == TypeSet && typ.Elem != nil:
		return !slices.ContainsFunc(t.Members(v), func(m value.Value) bool { return !fits(t, m, *typ.Elem) })
	}
	return true
}

// fromSchema is the type of a schema's type.
func fromSchema(s *schema.Type) Type {
	t := typeOfKind(s.Kind)
	switch s.Kind {
	case value.KindEntity:
		t.Entity = s.Entity
	case value.KindSet:
		if s.Elem != nil {
			return setOf(fromSchema(s.Elem))
		}
	}
	return t
}

// AppendType appends a type as a declaration writes it.
func (p *Program) AppendType(dst []byte, t Type) []byte { return appendType(dst, p.env.table, t) }

func appendType(dst []byte, table *value.Table, t Type) []byte {
	open := 0
	for ; t.Kind == TypeSet; open++ {
		dst = append(dst, "Set<"...)
		t = elem(t)
	}
	if t.Kind == TypeEntity && t.Entity != value.None {
		dst = append(dst, table.Text(t.Entity)...)
	} else {
		dst = append(dst, typeNames[t.Kind]...)
	}
	for range open {
		dst = append(dst, '>')
	}
	return dst
}

// describe names a type in a message: "a string", "a Group".
func (a *analysis) describe(t Type) string {
	name := string(appendType(nil, a.table, t))
	switch t.Kind {
	case TypeIP:
		return "an ip"
	case TypeAny:
		return "any value"
	case TypeRecord:
		return "a record"
	case TypeSet:
		if t.Elem == nil {
			return "a set"
		}
	}
	if name == "" || slices.Contains([]byte("aeiouAEIOU"), name[0]) && name[0] != 'U' {
		return "an " + name
	}
	return "a " + name
}
