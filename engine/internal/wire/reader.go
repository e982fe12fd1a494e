// Package wire reads and writes the JSON of requests and replies over bytes, without reflection.
package wire

import (
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Reader reads JSON texts into values of a table, guided by a schema where there is one. It is meant for reuse and not safe for
// concurrent use. Set its exported fields before the first use.
type Reader struct {
	Table *value.Table
	// Schema guides what is read; nil is none. With Validate, what doesn't conform to it is an error.
	Schema   *schema.Schema
	Validate bool
	// Text reads entities written as text.
	Text value.EntityText
	// Principal, Action and Resource are the types of bare ids.
	Principal, Action, Resource value.Value
	// HostKeys are the keys of the context that are the host's to give: validation doesn't miss them.
	HostKeys []value.Value
	// Report, if given, hears of errors within entities that [Reader.Entities] reads, which then goes on with the next entity.
	Report func(*Error)

	text     []byte
	pos      int
	document bool // it is the entities of a document that are read
	lenient  bool // a field may be null, which is as if it weren't there, and a number a fraction

	buf     []byte        // the last string with escapes
	goal    []byte        // the last query's
	values  []value.Value // the members of the arrays that are being read
	fields  []field       // the members of the objects that are being read
	pairs   []value.Value // of the record that is being made
	parents []value.Value // of the entities that were read
	items   []Item
	current entity.Entity

	err  Error
	path []byte // in the text, to what err is about
	told Error  // to whoever called, and what its message may be made in
	said []byte
}

// Value reads one value.
func (r *Reader) Value(text []byte) (value.Value, *Error) {
	return r.whole(text, func() (value.Value, bool) { return r.value(nil) })
}

// Record reads a JSON object as a record.
func (r *Reader) Record(text []byte) (value.Value, *Error) {
	return r.whole(text, func() (value.Value, bool) { return r.record(rules{}) })
}

// Context reads a JSON object as a part of the context of an action, which is guided by the schema but may lack what it requires.
func (r *Reader) Context(text []byte, action value.Value) (value.Value, *Error) {
	typ := r.contextType(action)
	return r.whole(text, func() (value.Value, bool) { return r.record(rules{typ: typ, part: true}) })
}

// whole reads a text that is one value.
func (r *Reader) whole(text []byte, read func() (value.Value, bool)) (v value.Value, err *Error) {
	ok := r.begin(text, value.MaxDepth)
	if ok {
		r.space()
		v, ok = read()
	}
	return v, r.finish(ok && r.end())
}

// Entities reads a document's JSON array of Cedar entities and hands each on with its offset. The entity's parents belong to the
// reader and last during the call.
func (r *Reader) Entities(text []byte, add func(e entity.Entity, offset int)) *Error {
	ok := r.begin(text, value.MaxDepth)
	r.document, r.parents = true, r.parents[:0]
	if ok {
		r.space()
		ok = r.entities(func(e *entity.Entity, at int) {
			add(*e, at)
			r.parents = r.parents[:0]
		})
	}
	return r.finish(ok && r.end())
}

// KeyOffset returns where a key of the object at an offset stands, in the text that was read last and without error; where the object
// lacks the key, that is the object's own place.
func (r *Reader) KeyOffset(object int, key string) int {
	r.pos = object + 1
	for n := 0; ; n++ {
		k, at, more, _ := r.member(n)
		if more && string(k) == key {
			return at
		}
		if !more || !r.skip() {
			return object
		}
	}
}

// unknown notes a field that isn't one of those known.
func (r *Reader) unknown(at int, key []byte, known ...string) bool {
	r.fail(at, CodeUnknownField, "unknown field "+quoteCut(key))
	if near := source.Nearest(string(key), known); near != "" {
		r.err.Help = "did you mean \"" + near + "\"?"
	}
	return false
}
