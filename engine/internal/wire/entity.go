package wire

import (
	"bytes"
	"slices"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// reference reads {"type":…,"id":…} or {"__entity":{…}}. The id is never looked into.
func (r *Reader) reference() (value.Value, bool) {
	start := r.pos
	if r.peek() != '{' {
		return value.None, r.wrongType(`{"type":…,"id":…}`)
	}
	r.pos++
	key, at, more, ok := r.member(0)
	switch {
	case !ok:
		return value.None, false
	case more && string(key) == entityEscape:
		return r.escapedEntity(at)
	case !more:
		return value.None, r.fail(start, CodeMissingField, `"type" and "id" are missing`)
	}
	return r.typeAndID(start, key, at)
}

// escapedEntity reads on after the key in {"__entity":{"type":…,"id":…}}.
func (r *Reader) escapedEntity(at int) (value.Value, bool) {
	start := r.pos
	if r.peek() != '{' {
		return value.None, r.wrongType(`{"type":…,"id":…}`)
	}
	r.pos++
	key, keyAt, more, ok := r.member(0)
	if !ok {
		return value.None, false
	}
	if !more {
		return value.None, r.fail(start, CodeMissingField, `"type" and "id" are missing`)
	}
	v, ok := r.typeAndID(start, key, keyAt)
	return v, ok && r.alone(entityEscape)
}

// alone checks that an escape has no other keys beside it.
func (r *Reader) alone(escape string) bool {
	_, at, more, ok := r.member(1)
	if ok && more {
		return r.fail(at, CodeEscape, escape+" must be alone in its object")
	}
	return ok
}

// typeAndID reads the members of {"type":…,"id":…}, of which the first key is read.
func (r *Reader) typeAndID(start int, key []byte, at int) (value.Value, bool) {
	typ, id := value.None, value.None
	for n, more := 1, true; more; n++ {
		to := &id
		switch string(key) {
		case "type":
			to = &typ
		case "id":
		default:
			return value.None, r.unknown(at, key, "type", "id")
		}
		if *to != value.None {
			return value.None, r.twice(at, key)
		}
		var ok bool
		if *to, ok = r.part(to == &typ); !ok {
			return value.None, false
		}
		if key, at, more, ok = r.member(n); !ok {
			return value.None, false
		}
	}
	if typ == value.None || id == value.None {
		missing := `"id"`
		if typ == value.None {
			missing = `"type"`
		}
		return value.None, r.fail(start, CodeMissingField, missing+" is missing")
	}
	return r.Table.Entity(typ, id), true
}

// part reads the type or the id of an entity.
func (r *Reader) part(isType bool) (value.Value, bool) {
	at := r.pos
	if r.peek() != '"' {
		return value.None, r.wrongType("a string")
	}
	text, ok := r.str()
	switch {
	case !ok:
		return value.None, false
	case !isType:
		return r.Table.StringBytes(text), true
	}
	if typ, known := r.Text.KnownType(r.Table, text); known {
		return typ, true
	}
	switch {
	case !isPath(text):
		return value.None, r.fail(at, CodeEntity, quoteCut(text)+" can't be the type of an entity")
	case r.document: // which names the type by this
		return r.Table.StringBytes(text), true
	}
	return r.Text.TypeName(r.Table, text), true
}

// isPath reports whether s is identifiers joined by "::".
func isPath(s []byte) bool {
	for {
		part, rest, more := bytes.Cut(s, []byte("::"))
		for i, c := range part {
			if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if len(part) == 0 || !more {
			return len(part) > 0
		}
		s = rest
	}
}

// The fields of an entity.
const (
	fieldUID = 1 << iota
	fieldAttrs
	fieldParents
	fieldTags
)

var entityFields = [...]string{"uid", "attrs", "parents", "tags"}

// entities reads an array of entities and hands each on with its offset.
func (r *Reader) entities(add func(e *entity.Entity, at int)) bool {
	if r.peek() != '[' {
		return r.wrongType("an array of entities")
	}
	r.pos++
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return ok
		}
		at := r.pos
		if r.entity(&r.current) {
			add(&r.current, at)
			continue
		}
		r.inIndex(n)
		if !r.skipFaulty(at) {
			return false
		}
	}
}

// skipFaulty reports what was wrong with the entity at an offset and goes on after it, if someone wants to hear of all errors and the
// text is JSON.
func (r *Reader) skipFaulty(at int) bool {
	if r.Report == nil || !r.document || r.err.Code == CodeSyntax {
		return false
	}
	err := r.finish(false)
	r.values, r.fields = r.values[:0], r.fields[:0]
	if r.pos = at; !r.skip() {
		r.err, r.path = *err, r.path[:0]
		return false
	}
	r.Report(err)
	return true
}

// entity reads one entity. Fields that come before the name are read again after it, by the name's type.
func (r *Reader) entity(e *entity.Entity) bool {
	start := r.pos
	if r.peek() != '{' {
		return r.wrongType("an entity")
	}
	r.pos++
	*e = entity.Entity{UID: value.None, Tags: r.Table.Record(nil)}
	seen, early := 0, [4]int{}
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		if !ok {
			return false
		}
		if !more {
			break
		}
		i := slices.Index(entityFields[:], string(key))
		if i < 0 {
			return r.unknown(at, key, entityFields[:]...)
		}
		if seen&(1<<i) != 0 {
			return r.twice(at, key)
		}
		seen |= 1 << i
		if seen&fieldUID == 0 && r.Schema != nil {
			early[i] = r.pos
			ok = r.skipOver()
		} else {
			ok = r.entityField(e, 1<<i)
		}
		if !ok {
			return r.inKey(entityFields[i])
		}
	}
	for i := range 3 {
		if seen&(1<<i) == 0 {
			return r.fail(start, CodeMissingField, "\""+entityFields[i]+"\" is missing")
		}
	}
	return r.revisit(e, &early)
}

// skipOver reads a value that will be read again. It is read without a type, which lets anything pass that a type does.
func (r *Reader) skipOver() bool {
	_, ok := r.value(nil)
	return ok
}

// revisit reads the fields that came before the entity's name.
func (r *Reader) revisit(e *entity.Entity, early *[4]int) bool {
	end := r.pos
	for i, at := range early {
		if at == 0 {
			continue
		}
		if r.pos = at; !r.entityField(e, 1<<i) {
			return r.inKey(entityFields[i])
		}
	}
	r.pos = end
	return true
}

func (r *Reader) entityField(e *entity.Entity, f int) (ok bool) {
	at := r.pos
	validate := r.Schema != nil && r.Validate
	switch f {
	case fieldUID:
		e.UID, ok = r.reference()
		if ok && validate {
			ok = r.accept(at, r.Schema.CheckUID(r.Table, e.UID))
		}
	case fieldAttrs:
		e.Attrs, ok = r.record(rules{typ: r.attrs(e.UID)})
	case fieldTags:
		e.Tags, ok = r.tags(e.UID)
	default:
		base := len(r.parents)
		ok = r.readParents(e.UID, validate)
		e.Parents = r.parents[base:len(r.parents):len(r.parents)]
		if ok && validate {
			ok = r.accept(at, r.Schema.CheckParents(r.Table, e.UID, e.Parents))
		}
	}
	return ok
}

// accept notes a fault, if there is one.
func (r *Reader) accept(at int, f *value.Fault) bool { return f == nil || r.fault(at, f) }

// declared reports whether the schema knows what an entity looks like.
func (r *Reader) declared(uid value.Value) bool {
	return r.Schema != nil && (r.Schema.EntityType(r.Table.EntityType(uid)) != nil || r.Schema.Action(uid) != nil)
}

// attrs returns the type of an entity's attributes, nil if nothing is known.
func (r *Reader) attrs(uid value.Value) *schema.Type {
	if !r.declared(uid) {
		return nil
	}
	return r.Schema.Attrs(r.Table, uid)
}

func (r *Reader) tags(uid value.Value) (value.Value, bool) {
	if !r.declared(uid) {
		return r.record(rules{})
	}
	at := r.pos
	typ := r.Schema.Tags(r.Table, uid)
	v, ok := r.record(rules{each: typ})
	if ok && typ == nil && r.Validate && len(r.Table.Fields(v)) > 0 {
		return v, r.fault(at, schema.NoTags(r.Table, uid))
	}
	return v, ok
}

func (r *Reader) readParents(uid value.Value, validate bool) bool {
	if r.peek() != '[' {
		return r.wrongType("an array of entities' names")
	}
	r.pos++
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return ok
		}
		at := r.pos
		p, ok := r.reference()
		if ok && validate {
			ok = r.accept(at, r.Schema.CheckParent(r.Table, uid, p))
		}
		if !ok {
			return r.inIndex(n)
		}
		r.parents = append(r.parents, p)
	}
}
