package document

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// keyText returns the part of a key that names a node.
func (r *tomlReader) keyText(n nodeID) string { return r.table.TextString(r.nodes[n].key) }

// isText reports whether a node is a string.
func (r *tomlReader) isText(n nodeID) bool {
	return r.nodes[n].kind == nodeScalar && r.nodes[n].value.Kind() == value.KindString
}

// stringOf returns a node's string; what is none is reported.
func (r *tomlReader) stringOf(n nodeID) (string, bool) {
	if r.isText(n) {
		return r.table.TextString(r.nodes[n].value), true
	}
	r.wrongKind(n, "a string")
	return "", false
}

// stringsOf returns the strings of an array, with their places; what is none is reported and left out.
func (r *tomlReader) stringsOf(n nodeID) (out []string, at []source.Span, ok bool) {
	if r.nodes[n].kind != nodeArray {
		r.wrongKind(n, "an array of strings")
		return nil, nil, false
	}
	for c := range r.children(n) {
		if s, ok := r.stringOf(c); ok {
			out, at = append(out, s), append(at, r.span(c))
		}
	}
	return out, at, true
}

// boolOf returns a node's bool; what is none is reported.
func (r *tomlReader) boolOf(n nodeID) bool {
	if r.nodes[n].kind != nodeScalar || r.nodes[n].value.Kind() != value.KindBool {
		r.wrongKind(n, "true or false")
		return false
	}
	return r.nodes[n].value == value.True
}

// choice returns a node's string if it is one of few.
func (r *tomlReader) choice(n nodeID, among ...string) (string, bool) {
	s, ok := r.stringOf(n)
	if !ok || slices.Contains(among, s) {
		return s, ok
	}
	d := r.diags.Errorf(r.span(n), codeValue, "%s is %s, not %s", r.keyText(n), quoteList(among), quote(s))
	if near := source.Nearest(strings.ToLower(s), among); near != "" {
		d.Help = "did you mean " + quote(near) + "?"
	}
	return "", false
}

func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return list(quoted)
}

// wrongKind reports a value that is of another kind than a key wants.
func (r *tomlReader) wrongKind(n nodeID, want string) {
	if r.nodes[n].kind == nodeBad {
		return
	}
	name := "an element"
	if r.nodes[n].key != value.None {
		name = r.keyText(n)
	}
	r.diags.Errorf(r.span(n), codeValue, "%s is %s, not %s", name, want, r.kindName(n))
}

// kindName says what a node is.
func (r *tomlReader) kindName(n nodeID) string {
	switch r.nodes[n].kind {
	case nodeArray, nodeTables:
		return "an array"
	case nodeTable:
		return "a table"
	}
	return "a " + r.nodes[n].value.Kind().String()
}

// isTable reports whether a node is one table; what is none is reported.
func (r *tomlReader) isTable(n nodeID) bool {
	if r.nodes[n].kind == nodeTable {
		return true
	}
	at := r.span(n)
	if r.nodes[n].kind == nodeTables {
		at = r.keySpan(n)
	}
	if r.nodes[n].kind != nodeBad {
		r.diags.Errorf(at, codeValue, "%s is a table, not %s", quote(r.keyText(n)), r.kindName(n))
	}
	return false
}

// unknownKey reports a key that has no meaning where it stands.
func (r *tomlReader) unknownKey(n nodeID, where string, known []string) {
	name := r.keyText(n)
	d := r.diags.Errorf(r.keySpan(n), codeUnknownKey, "%s has no key %s", where, quote(name))
	if near := source.Nearest(strings.ToLower(name), known); near != "" {
		d.Help = "did you mean " + near + "?"
		return
	}
	d.Help = "the keys are " + strings.Join(known, ", ")
}
