package wire

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// field is a member of an object that is being read.
type field struct {
	key, value value.Value
	at         int // of the key
}

// value reads a value. A type, where there is one, says what may be written short: extension values as text, entities as {"type","id"}.
// Text that isn't what its type makes of it is an error; what doesn't conform otherwise is one if the reader validates, and else taken as it
// is. The recursion is as deep as the text.
func (r *Reader) value(typ *schema.Type) (value.Value, bool) {
	at := r.pos
	v, ok := r.anyValue(typ)
	if ok && typ != nil && r.Validate {
		if f := r.Schema.CheckValue(r.Table, v, typ); f != nil {
			return v, r.fault(at, f)
		}
	}
	return v, ok
}

func (r *Reader) anyValue(typ *schema.Type) (value.Value, bool) {
	switch c := r.peek(); {
	case c == '"':
		return r.stringValue(typ)
	case c == '{':
		return r.object(typ)
	case c == '[':
		return r.set(typ)
	case r.lenient && (c == '-' || c >= '0' && c <= '9'):
		return r.anyNumber(typ)
	case c == '-' || c >= '0' && c <= '9':
		n, ok := r.number()
		if !ok {
			return value.None, false
		}
		return r.Table.Long(n), true
	case r.word("true"):
		return value.True, true
	case r.word("false"):
		return value.False, true
	case r.word("null"):
		return value.None, r.failHelp(r.pos-len("null"), CodeNull, "null is no value", "leave out what isn't there")
	}
	return value.None, r.syntax("expected a value")
}

// stringValue reads a string, or what the type makes of one.
func (r *Reader) stringValue(typ *schema.Type) (value.Value, bool) {
	at := r.pos
	text, ok := r.str()
	if !ok {
		return value.None, false
	}
	if op, ok := constructor(typ); ok {
		return r.parse(at, op, text)
	}
	return r.Table.StringBytes(text), true
}

// constructor returns the operation that makes an extension value of text, if a type is one of those.
func constructor(typ *schema.Type) (value.Op, bool) {
	if typ == nil {
		return 0, false
	}
	switch k := typ.Kind; k {
	case value.KindIP, value.KindDecimal, value.KindDatetime, value.KindDuration:
		return parsers[k], true
	}
	return 0, false
}

func (r *Reader) parse(at int, op value.Op, text []byte) (value.Value, bool) {
	v, f := r.Table.Parse(op, text)
	if f != nil {
		return value.None, r.fault(at, f)
	}
	return v, true
}

// set reads an array.
func (r *Reader) set(typ *schema.Type) (value.Value, bool) {
	var elem *schema.Type
	if typ != nil && typ.Kind == value.KindSet {
		elem = typ.Elem
	}
	base := len(r.values)
	if !r.elements(elem) {
		return value.None, false
	}
	v := r.Table.Set(r.values[base:])
	r.values = r.values[:base]
	return v, true
}

// elements reads an array and leaves its values on the stack.
func (r *Reader) elements(typ *schema.Type) bool {
	r.pos++
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return ok
		}
		v, ok := r.value(typ)
		if !ok {
			return r.inIndex(n)
		}
		r.values = append(r.values, v)
	}
}

const (
	entityEscape    = "__entity"
	extensionEscape = "__extn"
)

// object reads an object: a record, an escape, or what the type lets stand for an entity or an extension value.
func (r *Reader) object(typ *schema.Type) (value.Value, bool) {
	start := r.pos
	r.pos++
	key, at, more, ok := r.member(0)
	if !ok {
		return value.None, false
	}
	if more {
		_, extension := constructor(typ)
		switch string(key) {
		case entityEscape:
			return r.escapedEntity(at)
		case extensionEscape:
			return r.escapedExtension(at)
		case "type", "id":
			if typ != nil && typ.Kind == value.KindEntity {
				return r.typeAndID(start, key, at)
			}
		case "fn", "arg", "args":
			if extension {
				return r.call(start, key, at)
			}
		}
	}
	return r.members(start, key, at, more, rules{typ: typ})
}

// rules say what a record's fields must be. The zero rules let anything pass.
type rules struct {
	typ  *schema.Type // of the record
	each *schema.Type // of every field, where there is no typ
	host bool         // the host's keys may be missing
	part bool         // anything may be missing
}

// field returns the type of a field, nil if nothing is known.
func (r *Reader) field(u *rules, key value.Value, at int) (*schema.Type, bool) {
	if u.typ == nil || u.typ.Kind != value.KindRecord {
		return u.each, true
	}
	if a := u.typ.Attr(key); a != nil {
		return a.Type, true
	}
	if r.Validate {
		return nil, r.fault(at, schema.Unexpected(r.Table, key))
	}
	return nil, true
}

// record reads an object that must be a record.
func (r *Reader) record(u rules) (value.Value, bool) {
	start := r.pos
	if r.peek() != '{' {
		return value.None, r.wrongType("an object")
	}
	r.pos++
	key, at, more, ok := r.member(0)
	if !ok {
		return value.None, false
	}
	return r.members(start, key, at, more, u)
}

// members reads the members of a record, of which the first key is read.
func (r *Reader) members(start int, key []byte, at int, more bool, u rules) (value.Value, bool) {
	base := len(r.fields)
	for n := 1; more; n++ {
		if string(key) == entityEscape || string(key) == extensionEscape {
			return value.None, r.fail(at, CodeEscape, string(key)+" can't be a key of a record")
		}
		k := r.Table.StringBytes(key)
		v, ok := r.fieldValue(&u, k, at)
		if !ok {
			return value.None, false
		}
		r.fields = append(r.fields, field{key: k, value: v, at: at})
		if key, at, more, ok = r.member(n); !ok {
			return value.None, false
		}
	}
	v, ok := r.makeRecord(base)
	r.fields = r.fields[:base]
	return v, ok && r.complete(start, v, &u)
}

// fieldValue reads the value of a field; None where there is none.
func (r *Reader) fieldValue(u *rules, key value.Value, at int) (value.Value, bool) {
	if r.lenient && r.word("null") {
		return value.None, true
	}
	typ, ok := r.field(u, key, at)
	if !ok {
		return value.None, false
	}
	v, ok := r.value(typ)
	return v, ok || r.inKey(r.Table.TextView(key))
}

// fewFields is the number of fields up to which comparing each with each beats sorting.
const fewFields = 16

// makeRecord makes a record of the fields from base on.
func (r *Reader) makeRecord(base int) (value.Value, bool) {
	fields := r.fields[base:]
	if !r.distinct(fields) {
		return value.None, false
	}
	r.pairs = r.pairs[:0]
	for i := range fields {
		if fields[i].value != value.None {
			r.pairs = append(r.pairs, fields[i].key, fields[i].value)
		}
	}
	return r.Table.Record(r.pairs), true
}

// distinct checks that no key repeats. It sorts what is many, so that nothing is quadratic in the length of a text.
func (r *Reader) distinct(fields []field) bool {
	repeated := -1
	if len(fields) <= fewFields {
		for i := range fields {
			for j := range i {
				if fields[i].key == fields[j].key && repeated < 0 {
					repeated = i
				}
			}
		}
	} else {
		slices.SortFunc(fields, func(a, b field) int { return cmp.Or(r.Table.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
		for i := 1; i < len(fields); i++ {
			if fields[i].key == fields[i-1].key && (repeated < 0 || fields[i].at < fields[repeated].at) {
				repeated = i
			}
		}
	}
	if repeated < 0 {
		return true
	}
	return r.twice(fields[repeated].at, r.Table.Text(fields[repeated].key))
}

func (r *Reader) twice(at int, key []byte) bool {
	return r.fail(at, CodeDuplicateKey, "the key "+quoteCut(key)+" stands twice")
}

// complete checks that a record has what its type requires.
func (r *Reader) complete(start int, v value.Value, u *rules) bool {
	if !r.Validate || u.part || u.typ == nil || u.typ.Kind != value.KindRecord {
		return true
	}
	for i := range u.typ.Attrs {
		a := &u.typ.Attrs[i]
		if a.Required && r.Table.Field(v, a.Name) == value.None && !(u.host && slices.Contains(r.HostKeys, a.Name)) {
			return r.fault(start, schema.Missing(r.Table, a.Name))
		}
	}
	return true
}

// wrongType notes that something else must stand here, if what stands here is JSON at all.
func (r *Reader) wrongType(expected string) bool {
	at := r.pos
	found := "an array"
	switch c := r.peek(); {
	case c == '"':
		found = "a string"
	case c == '{':
		found = "an object"
	case c == '[':
	case c == '-' || c >= '0' && c <= '9':
		found = "a number"
	case r.word("true") || r.word("false"):
		found = "a boolean"
	case r.word("null"):
		return r.fail(at, CodeNull, "expected "+expected+", found null")
	default:
		return r.syntax("expected " + expected)
	}
	return r.fail(at, CodeType, "expected "+expected+", found "+found)
}

// quoteCut quotes a text for a message, cut where it is long.
func quoteCut(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(bytes.ToValidUTF8(b[:most], nil)) + "…")
	}
	return strconv.Quote(string(b))
}
