package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"github.com/rune-authz/rune/engine/internal/value"
)

// builder turns cedar-go's resolved schema into ours. It goes through maps in the order of their keys, which is that of values, so that
// the table is the same whenever the schema is.
type builder struct {
	table *value.Table
	*Schema
}

func build(t *value.Table, r *resolved.Schema) *Schema {
	b := builder{table: t, Schema: &Schema{resolved: r}}
	for _, name := range slices.Sorted(maps.Keys(r.Entities)) {
		e := r.Entities[name]
		et := &EntityType{Name: b.name(name), Shape: b.record(e.Shape), Parents: b.typeNames(e.ParentTypes)}
		if e.Tags != nil {
			et.Tags = b.typ(e.Tags)
		}
		b.types = append(b.types, et)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Enums)) {
		et := &EntityType{Name: b.name(name), Shape: b.record(nil)}
		for _, uid := range r.Enums[name].Values {
			et.Enum = append(et.Enum, t.String(string(uid.ID)))
		}
		et.Enum = b.distinct(et.Enum)
		b.types = append(b.types, et)
	}
	for _, uid := range slices.SortedFunc(maps.Keys(r.Actions), compareUIDs) {
		a := r.Actions[uid]
		b.actions = append(b.actions, b.action(uid, &a))
	}
	b.index()
	for _, a := range b.actions {
		a.above = b.closure(a)
	}
	return b.Schema
}

func compareUIDs(a, b types.EntityUID) int {
	return cmp.Or(strings.Compare(string(a.Type), string(b.Type)), strings.Compare(string(a.ID), string(b.ID)))
}

// index sorts the types, enumerated and others, and makes what is declared findable.
func (b *builder) index() {
	slices.SortFunc(b.types, func(x, y *EntityType) int { return b.table.Compare(x.Name, y.Name) })
	for i, et := range b.types {
		b.byName = enter(b.byName, et.Name.Number(), i)
	}
	for i, a := range b.actions {
		b.byUID = enter(b.byUID, a.UID.Number(), i)
	}
}

func enter(at []int32, number, index int) []int32 {
	if number >= len(at) {
		at = append(at, make([]int32, number+1-len(at))...)
	}
	at[number] = int32(index + 1)
	return at
}

func (b *builder) name(et types.EntityType) value.Value { return b.table.String(string(et)) }

func (b *builder) typeNames(names []types.EntityType) []value.Value {
	var out []value.Value
	for _, n := range names {
		out = append(out, b.name(n))
	}
	return b.distinct(out)
}

func (b *builder) distinct(vs []value.Value) []value.Value {
	slices.SortFunc(vs, b.table.Compare)
	return slices.Compact(vs)
}

func (b *builder) action(uid types.EntityUID, a *resolved.Action) *Action {
	out := &Action{UID: b.uid(uid), Context: b.record(nil)}
	for _, p := range slices.SortedFunc(a.Entity.Parents.All(), compareUIDs) {
		out.Parents = append(out.Parents, b.uid(p))
	}
	if to := a.AppliesTo; to != nil {
		out.Principals, out.Resources, out.Context = b.typeNames(to.Principals), b.typeNames(to.Resources), b.record(to.Context)
		out.Applies = len(out.Principals) > 0 && len(out.Resources) > 0
	}
	return out
}

func (b *builder) uid(uid types.EntityUID) value.Value {
	return b.table.EntityOf(string(uid.Type), string(uid.ID))
}

// closure returns all groups that an action is in.
func (b *builder) closure(a *Action) []value.Value {
	var all []value.Value
	seen := map[value.Value]bool{}
	for next := []*Action{a}; len(next) > 0; {
		last := next[len(next)-1]
		next = next[:len(next)-1]
		for _, p := range last.Parents {
			if !seen[p] {
				seen[p] = true
				all, next = append(all, p), append(next, b.Action(p))
			}
		}
	}
	return b.distinct(all)
}

func (b *builder) record(r resolved.RecordType) *Type {
	out := &Type{Kind: value.KindRecord, Entity: value.None}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		out.Attrs = append(out.Attrs, Attr{Name: b.table.String(string(name)), Type: b.typ(r[name].Type), Required: !r[name].Optional})
	}
	return out
}

var extensionKinds = map[resolved.ExtensionType]value.Kind{
	"ipaddr": value.KindIP, "decimal": value.KindDecimal, "datetime": value.KindDatetime, "duration": value.KindDuration,
}

// typ turns a type. Its recursion is bounded, see measure.go.
func (b *builder) typ(t resolved.IsType) *Type {
	out := &Type{Entity: value.None}
	switch t := t.(type) {
	case resolved.BoolType:
		out.Kind = value.KindBool
	case resolved.LongType:
		out.Kind = value.KindLong
	case resolved.StringType:
		out.Kind = value.KindString
	case resolved.ExtensionType:
		out.Kind = extensionKinds[t]
	case resolved.EntityType:
		out.Kind, out.Entity = value.KindEntity, b.name(types.EntityType(t))
	case resolved.SetType:
		out.Kind, out.Elem = value.KindSet, b.typ(t.Element)
	case resolved.RecordType:
		return b.record(t)
	}
	return out
}
