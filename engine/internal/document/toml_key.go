package document

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// key is one part of a key.
type key struct {
	text       value.Value
	start, end int
}

// keyPart reads a bare or quoted part of a key.
func (r *tomlReader) keyPart() (key, bool) {
	start := r.at
	switch c := r.peek(0); {
	case c == '"' || c == '\'':
		if r.peek(1) == c && r.peek(2) == c {
			return key{}, r.expected("a key on one line")
		}
		text, ok := r.string()
		return key{text, start, r.at}, ok
	case isBare(c):
		for r.at < r.end && isBare(r.text[r.at]) {
			r.at++
		}
		return key{r.table.StringBytes(r.text[start:r.at]), start, r.at}, true
	}
	return key{}, r.expected("a key")
}

// dot takes the dot before the next part of a key that began at start and has n parts already. Ok is false after an error.
func (r *tomlReader) dot(start, n int) (more, ok bool) {
	r.blanks()
	if !r.take('.') {
		return false, true
	}
	if n == maxDepth {
		r.diags.Errorf(r.here(start), codeDepth, "the key has more than %d parts", maxDepth)
		return false, false
	}
	r.blanks()
	return true, true
}

// keyValue reads a key and its value into a table.
func (r *tomlReader) keyValue(table nodeID) bool {
	start, depth := r.at, r.depth
	if r.preamble && depth == 0 && !r.startsStatement() {
		return r.stray(start)
	}
	r.strayed = false
	var k key
	for n := 1; ; n++ {
		var ok bool
		if k, ok = r.keyPart(); !ok {
			return false
		}
		more, ok := r.dot(start, n)
		if !ok {
			return false
		}
		if !more {
			break
		}
		table = r.dotted(table, k)
		if depth > 0 {
			r.depth++
		}
	}
	if r.peek(0) != '=' {
		return r.expected(`"=" after the key ` + r.name(k))
	}
	r.at++
	r.blanks()
	if r.depth > maxDepth {
		return r.tooDeep(k.start)
	}
	v, ok := r.value()
	r.depth = depth
	if ok {
		r.set(table, k, v)
	}
	return ok
}

func (r *tomlReader) name(k key) string { return quote(r.table.TextString(k.text)) }

func (r *tomlReader) tooDeep(start int) bool {
	r.diags.Errorf(span(r.file, start, start+1), codeDepth, "brackets nest deeper than %d", maxDepth)
	return false
}

// startsStatement reports whether the line is a key with "=" behind it, or begins with a key that a document knows.
func (r *tomlReader) startsStatement() bool {
	p := headerParser{line: r.text[r.at:r.end]}
	for p.part() {
		if name := string(p.line[:p.at]); name == "version" || name == "include" {
			return true
		}
		if p.blanks(); p.take('=') {
			return true
		}
		if !p.take('.') {
			return false
		}
		p.blanks()
	}
	return false
}

// stray reports a line before the first section that is no key and value. Such lines in a row are reported once.
func (r *tomlReader) stray(start int) bool {
	r.toLineEnd()
	if !r.strayed {
		r.diags.Errorf(span(r.file, start, start+len(bytes.TrimRight(r.text[start:r.at], "\r"))), codeText,
			"only version and include stand before the first section").Help = "rules stand below a line [rules], policies below [policies]"
	}
	r.strayed = true
	return false
}

// set puts a value under a key that is not taken.
func (r *tomlReader) set(table nodeID, k key, v nodeID) {
	if earlier := r.find(table, k.text); earlier != 0 {
		r.twice(k, earlier)
		return
	}
	r.linkKey(table, v, k)
}

func (r *tomlReader) twice(k key, earlier nodeID) *source.Diagnostic {
	d := r.diags.Errorf(span(r.file, k.start, k.end), codeDuplicate, "the key %s stands twice", r.name(k))
	d.Related = append(d.Related, source.Related{Span: r.keySpan(earlier), Message: "it stands here first"})
	return d
}

// detached makes a table that belongs to nothing, for statements whose own can't be had.
func (r *tomlReader) detached() nodeID { return r.add(node{kind: nodeTable, form: formHeader}) }

func (r *tomlReader) newTable(table nodeID, k key, form tableForm) nodeID {
	n := r.add(node{kind: nodeTable, form: form, start: uint32(k.start), end: uint32(k.end)})
	r.linkKey(table, n, k)
	return n
}

// dotted descends into the table that a part of a dotted key names.
func (r *tomlReader) dotted(table nodeID, k key) nodeID {
	c := r.find(table, k.text)
	if c == 0 {
		return r.newTable(table, k, formDotted)
	}
	n := &r.nodes[c]
	if n.kind == nodeTable && (n.form == formDotted || n.form == formImplicit) {
		n.form = formDotted
		return c
	}
	r.notATable(k, c)
	return r.detached()
}

// notATable reports a part of a key under which nothing can be put.
func (r *tomlReader) notATable(k key, c nodeID) {
	message := "%s is a value, and nothing can be added to it"
	switch n := &r.nodes[c]; {
	case n.kind == nodeBad:
		return
	case n.kind == nodeTable && n.form == formInline:
		message = "the table %s is closed by its braces, and nothing can be added to it"
	case n.kind == nodeTable || n.kind == nodeTables:
		message = "the table %s has a header of its own, and keys are added below that"
	case n.kind == nodeArray:
		message = "%s is an array, and nothing can be added to it here"
	}
	d := r.diags.Errorf(span(r.file, k.start, k.end), codeDuplicate, message, r.name(k))
	d.Related = append(d.Related, source.Related{Span: r.keySpan(c), Message: "it stands here"})
}

// header reads [a.b] or [[a.b]], which names the table for what follows.
func (r *tomlReader) header() bool {
	start := r.at
	r.at++
	double := r.take('[')
	r.blanks()
	table, first := rootNode, r.at
	for n := 1; ; n++ {
		k, ok := r.keyPart()
		if !ok {
			return false
		}
		more, ok := r.dot(first, n)
		if !ok {
			return false
		}
		if more {
			table = r.super(table, k)
			continue
		}
		if !r.take(']') || double && !r.take(']') {
			return r.unclosedHeader(start, double)
		}
		r.current = r.open(table, k, double, start)
		return true
	}
}

func (r *tomlReader) unclosedHeader(start int, double bool) bool {
	closing := `"]"`
	if double {
		closing = `"]]"`
	}
	at, text := r.at, string(r.text[start:r.at])
	found := r.found()
	r.diags.Errorf(r.here(at), codeSyntax, "expected %s at the end of the header %s, found %s", closing, quote(text), found).Help =
		"a header stands alone on its line"
	return false
}

// super descends into a table that a header names on its way.
func (r *tomlReader) super(table nodeID, k key) nodeID {
	c := r.find(table, k.text)
	if c == 0 {
		return r.newTable(table, k, formImplicit)
	}
	switch n := &r.nodes[c]; {
	case n.kind == nodeTable && n.form != formInline:
		return c
	case n.kind == nodeTables:
		return n.last
	}
	r.notATable(k, c)
	return r.detached()
}

// open makes or finds the table that a header names.
func (r *tomlReader) open(table nodeID, k key, double bool, start int) nodeID {
	c := r.find(table, k.text)
	switch {
	case c == 0 && !double:
		c = r.newTable(table, k, formHeader)
	case c == 0:
		c = r.add(node{kind: nodeTables, start: uint32(start), end: uint32(r.at)})
		r.linkKey(table, c, k)
		fallthrough
	case double && r.nodes[c].kind == nodeTables:
		element := r.add(node{kind: nodeTable, form: formHeader, key: value.None})
		r.link(c, element)
		c = element
	case !double && r.nodes[c].kind == nodeTable && r.nodes[c].form == formImplicit:
		r.nodes[c].form = formHeader
		r.nodes[c].keyStart, r.nodes[c].keyEnd = uint32(k.start), uint32(k.end)
	default:
		r.twice(k, c).Help = "put the keys of one table below one header"
		return r.detached()
	}
	r.nodes[c].start, r.nodes[c].end = uint32(start), uint32(r.at)
	return c
}
