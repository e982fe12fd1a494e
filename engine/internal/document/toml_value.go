package document

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// value reads a value into a node that stands nowhere yet. A value that TOML has and the language hasn't is reported, and reading goes on.
func (r *tomlReader) value() (nodeID, bool) {
	start := r.at
	switch r.peek(0) {
	case '"', '\'':
		text, ok := r.string()
		return r.scalar(start, text), ok
	case '[':
		return r.array()
	case '{':
		return r.inline()
	}
	return r.word()
}

func (r *tomlReader) scalar(start int, v value.Value) nodeID {
	n := node{kind: nodeScalar, value: v, key: value.None, start: uint32(start), end: uint32(r.at)}
	if v == value.None {
		n.kind = nodeBad
	}
	return r.add(n)
}

// nested counts a bracket.
func (r *tomlReader) nested() bool {
	r.depth++
	return r.depth <= maxDepth || r.tooDeep(r.at)
}

func (r *tomlReader) array() (nodeID, bool) {
	start := r.at
	if !r.nested() {
		return 0, false
	}
	r.at++
	list := r.add(node{kind: nodeArray, key: value.None, start: uint32(start)})
	for {
		if r.lineEnds(); r.take(']') {
			break
		}
		if r.at >= r.end {
			return 0, r.unclosed(start, "array")
		}
		v, ok := r.value()
		if !ok {
			return 0, false
		}
		r.link(list, v)
		if r.lineEnds(); r.take(']') {
			break
		}
		if !r.take(',') {
			return 0, r.separator(start, `"," or "]"`, "array")
		}
	}
	r.depth--
	r.nodes[list].end = uint32(r.at)
	return list, true
}

func (r *tomlReader) inline() (nodeID, bool) {
	start := r.at
	if !r.nested() {
		return 0, false
	}
	r.at++
	// While it is read, the table takes keys like any other.
	table := r.add(node{kind: nodeTable, form: formHeader, key: value.None, start: uint32(start)})
	for {
		if r.lineEnds(); r.take('}') {
			break
		}
		if r.at >= r.end {
			return 0, r.unclosed(start, "table")
		}
		if !r.keyValue(table) {
			return 0, false
		}
		if r.lineEnds(); r.take('}') {
			break
		}
		if !r.take(',') {
			return 0, r.separator(start, `"," or "}"`, "table")
		}
	}
	r.depth--
	r.nodes[table].end, r.nodes[table].form = uint32(r.at), formInline
	return table, true
}

func (r *tomlReader) unclosed(start int, what string) bool {
	r.diags.Errorf(span(r.file, start, start+1), codeSyntax, "the %s that opens here is not closed", what)
	return false
}

// separator reports what stands between two elements instead of a comma.
func (r *tomlReader) separator(open int, what, in string) bool {
	if r.at >= r.end {
		return r.unclosed(open, in)
	}
	start := r.at
	found := r.found()
	d := r.diags.Errorf(r.here(start), codeSyntax, "expected %s, found %s", what, found)
	d.Related = append(d.Related, source.Related{Span: span(r.file, open, open+1), Message: "the " + in + " opens here"})
	return false
}

// word reads a value that stands without quotes or brackets: true, false, a number, a date-time.
func (r *tomlReader) word() (nodeID, bool) {
	start := r.at
	for r.at < r.end && isWord(r.text[r.at]) {
		r.at++
	}
	// A blank may stand between a date and its time.
	if r.at-start == len("2006-01-02") && r.text[start+4] == '-' && r.peek(0) == ' ' && isDigit(r.peek(1)) && isDigit(r.peek(2)) && r.peek(3) == ':' {
		for r.at++; r.at < r.end && isWord(r.text[r.at]); r.at++ {
		}
	}
	word := r.text[start:r.at]
	switch {
	case len(word) == 0:
		return 0, r.expected("a value")
	case string(word) == "true":
		return r.scalar(start, value.True), true
	case string(word) == "false":
		return r.scalar(start, value.False), true
	case isInfinite(word):
		r.diags.Errorf(r.here(start), codeInfinite, "%s is no value", word).Help = "write a number, or text in quotes"
		return r.scalar(start, value.None), true
	case looksDated(word):
		return r.scalar(start, r.datetime(start, word)), true
	case isDigit(word[0]) || len(word) > 1 && (word[0] == '-' || word[0] == '+' || word[0] == '.') && isDigit(word[1]):
		return r.scalar(start, r.number(start, word)), true
	}
	r.diags.Errorf(r.here(start), codeSyntax, "expected a value, found %s", quote(string(word))).Help = "text stands in quotes: " + quote(string(word))
	return 0, false
}

func isWord(c byte) bool { return isBare(c) || c == '+' || c == '.' || c == ':' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// looksDated reports whether a word begins like a date or a time.
func looksDated(word []byte) bool {
	n := 0
	for n < len(word) && isDigit(word[n]) {
		n++
	}
	return n == 4 && len(word) > 4 && word[4] == '-' || n == 2 && len(word) > 2 && word[2] == ':'
}

func isInfinite(word []byte) bool {
	word = bytes.TrimLeft(word, "+-")
	return string(word) == "inf" || string(word) == "nan"
}

// asValue makes a value of a node: of an array a set, of a table a record. It is false where something in it has been reported, and where it
// nests too deep, which is reported.
func (r *tomlReader) asValue(n nodeID) (value.Value, bool) {
	switch r.nodes[n].kind {
	case nodeScalar:
		return r.nodes[n].value, true
	case nodeBad:
		return value.None, false
	}
	base := len(r.values)
	defer func() { r.values = r.values[:base] }()
	if !r.pushAll(n) {
		return value.None, false
	}
	v := r.collect(n, r.values[base:])
	if f := r.table.Bounded(v); f != nil {
		r.diags.Errorf(r.span(n), f.Code, "%s", f.Message)
		return value.None, false
	}
	return v, true
}

func (r *tomlReader) collect(n nodeID, members []value.Value) value.Value {
	if r.nodes[n].kind == nodeTable {
		return r.table.Record(members)
	}
	return r.table.Set(members)
}

// pushAll pushes the values of a node's children, those of a table with their keys.
func (r *tomlReader) pushAll(n nodeID) bool {
	ok := true
	for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
		v, fine := r.asValue(c)
		ok = ok && fine
		if r.nodes[n].kind == nodeTable {
			r.values = append(r.values, r.nodes[c].key)
		}
		r.values = append(r.values, v)
	}
	return ok
}
