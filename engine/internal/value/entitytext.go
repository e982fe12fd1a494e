package value

import (
	"bytes"
	"slices"
)

// EntityText reads the text forms of entities. There is one reader for requests, typed columns and everything else.
type EntityText struct {
	// Quoted switches the form type:id off.
	Quoted bool
	// Known reports whether the documents name a type. It may be nil.
	Known func(typ []byte) bool
	// Types are such types, sorted by handle: those that needn't be looked for otherwise.
	Types []Value

	buf []byte
}

// Parse reads Path::"id", type:id, or an id of the default type; the default type is None where there is none, and then
// a bare id raises. The caller checks that the type found is one that may stand there.
func (p *EntityText) Parse(t *Table, text []byte, defaultType Value) (Value, *Fault) {
	if len(text) == 0 {
		return fault(CodeEntityEmpty, "the text of an entity is empty")
	}
	if typ, body, prefixed := cutPath(text); prefixed {
		return p.quoted(t, text, typ, body)
	}
	if typ, id, ok := p.short(text); ok {
		if len(id) == 0 {
			return fault(CodeEntityEmpty, "the id in "+quoteCut(text)+" is empty")
		}
		return t.Entity(p.TypeName(t, typ), t.StringBytes(id)), nil
	}
	if defaultType == None {
		return fault(CodeEntityBare, quoteCut(text)+" has no type: an entity is written Type::\"id\" or type:id here")
	}
	return t.Entity(defaultType, t.StringBytes(text)), nil
}

// ParseString reads a string of the table like Parse.
func (p *EntityText) ParseString(t *Table, s, defaultType Value) (Value, *Fault) {
	text := t.Text(s)
	if len(text) > 0 && defaultType != None && bytes.IndexByte(text, ':') < 0 {
		return t.Entity(defaultType, s), nil // as most are, and its id is interned
	}
	return p.Parse(t, text, defaultType)
}

// ParseAction reads an action: only action: and a path that ends in Action::"…" are prefixes, anything else is the id.
func (p *EntityText) ParseAction(t *Table, text []byte, defaultType Value) (Value, *Fault) {
	if len(text) == 0 {
		return fault(CodeEntityEmpty, "the text of an entity is empty")
	}
	if typ, body, prefixed := cutPath(text); prefixed && (string(typ) == "Action" || bytes.HasSuffix(typ, []byte("::Action"))) {
		return p.quoted(t, text, typ, body)
	}
	if id, ok := bytes.CutPrefix(text, []byte("action:")); ok && !p.Quoted && !bytes.HasPrefix(id, []byte(":")) {
		if len(id) == 0 {
			return fault(CodeEntityEmpty, "the id in "+quoteCut(text)+" is empty")
		}
		text = id
	}
	return t.Entity(defaultType, t.StringBytes(text)), nil
}

// cutPath splits Path::rest and reports whether text starts with a path and "::".
func cutPath(text []byte) (typ, body []byte, ok bool) {
	end := 0
	for i := 0; i < len(text); {
		n := identLen(text[i:])
		if n == 0 {
			break
		}
		i += n
		if !bytes.HasPrefix(text[i:], []byte("::")) {
			break
		}
		end = i
		i += 2
	}
	if end == 0 {
		return nil, nil, false
	}
	return text[:end], text[end+2:], true
}

func identLen(s []byte) int {
	n := 0
	for n < len(s) && isNameByte(s[n], n) {
		n++
	}
	return n
}

func (p *EntityText) quoted(t *Table, text, typ, body []byte) (Value, *Fault) {
	if len(body) >= 2 && body[0] == '"' && body[len(body)-1] == '"' {
		inside := body[1 : len(body)-1]
		if plain(inside) {
			return t.Entity(t.StringBytes(typ), t.StringBytes(inside)), nil
		}
		var ok bool
		if p.buf, _, ok = Unescape(p.buf[:0], inside); ok && !openQuote(inside) {
			return t.Entity(t.StringBytes(typ), t.StringBytes(p.buf)), nil
		}
	}
	return fault(CodeEntityText, quoteCut(text)+" starts like Type::\"id\" and isn't wholly that")
}

func plain(s []byte) bool { return bytes.IndexByte(s, '"') < 0 && bytes.IndexByte(s, '\\') < 0 }

// openQuote reports whether a quote stands in s unescaped, or s ends within an escape.
func openQuote(s []byte) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return true
		}
	}
	return false
}

// short splits type:id.
func (p *EntityText) short(text []byte) (typ, id []byte, ok bool) {
	n := identLen(text)
	if p.Quoted || n == 0 || n == len(text) || text[n] != ':' || bytes.HasPrefix(text[n+1:], []byte(":")) {
		return nil, nil, false
	}
	return text[:n], text[n+1:], true
}

// KnownType returns a type that is one of Types.
func (p *EntityText) KnownType(t *Table, typ []byte) (Value, bool) {
	if len(p.Types) == 0 {
		return None, false
	}
	v, ok := t.FindString(typ)
	if ok {
		_, ok = slices.BinarySearch(p.Types, v)
	}
	if ok { // as if it were interned
		t.Spend(len(typ) + internBytes)
		t.Made += len(typ) + 8
	}
	return v, ok
}

// TypeName interns the type that a type in the forms type:id and {"type":…} stands for: a known type as it is, lower
// snake case in CamelCase, another as it is.
func (p *EntityText) TypeName(t *Table, typ []byte) Value {
	if v, known := p.KnownType(t, typ); known {
		return v
	}
	if p.Known != nil && p.Known(typ) || !snake(typ) {
		return t.StringBytes(typ)
	}
	p.buf = p.buf[:0]
	up := true
	for _, c := range typ {
		switch {
		case c == '_':
			up = true
			continue
		case up && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		up = false
		p.buf = append(p.buf, c)
	}
	return t.StringBytes(p.buf)
}

// snake reports whether s is lower snake case: letters, digits and single underscores between them.
func snake(s []byte) bool {
	last := byte('_')
	for _, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') || c == '_' && last == '_' {
			return false
		}
		last = c
	}
	return last != '_' && s[0] >= 'a'
}
