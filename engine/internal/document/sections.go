package document

import (
	"github.com/rune-authz/rune/engine/internal/source"
)

// Version is the version of the language.
const Version = "rune/1.0"

var preambleKeys = []string{"version", "include"}

// document reads a document's text from start.
func (l *Loader) document(id source.FileID, name string, text []byte, start int) {
	sections := split(id, text, start, l.diags, l.table.Spend)
	r := newTOMLReader(l.table, id, text, l.diags)
	r.preamble = true
	r.section(sections[0].start, sections[0].end)
	r.preamble = false
	l.preamble(r, name, start)
	r.clear(sections)
	var schema *section
	for i := 1; i < len(sections); i++ {
		l.section(r, &sections[i], &schema)
	}
	l.tables(r)
}

// section takes the text of a section: that of TOML goes to the reader, the others' is noted.
func (l *Loader) section(r *tomlReader, c *section, schema **section) {
	if !l.mayHave(r, c) {
		return
	}
	switch c.name {
	case unknownSection:
	case "rules", "policies":
		l.part(r.file, c.name == "policies", c.body, c.end)
	case "entities":
		l.set.Entities = append(l.set.Entities, span(r.file, c.body, c.end))
	case "schema":
		if *schema != nil {
			d := l.diags.Errorf(span(r.file, c.header, c.headerEnd), codeSectionTwice, "a document has one schema")
			d.Related = append(d.Related, source.Related{Span: span(r.file, (*schema).header, (*schema).headerEnd), Message: "it stands here first"})
			d.Help = "put the other into a file .cedarschema and include that"
			return
		}
		*schema = c
		l.set.Schemas = append(l.set.Schemas, span(r.file, c.body, c.end))
	default:
		l.toml(r, c)
	}
}

// toml reads a TOML section. One with a misspelt header is read for its errors alone.
func (l *Loader) toml(r *tomlReader, c *section) {
	switch {
	case c.misspelt:
		r.ignore(c.body, c.end)
	case (c.name == "defaults" || c.name == "metadata") && !l.mayStand(c.name, span(r.file, c.header, c.headerEnd)):
		r.ignore(c.body, c.end)
	default:
		r.section(c.start, c.end)
	}
}

// setting is the header of a section that one document alone may have, with that document's depth.
type setting struct {
	header source.Span
	depth  int
}

// mayStand reports whether the document that is read may have [defaults] or [metadata], and notes which of them hold. The root document may.
// A test tests another document as if that were the root: what it includes itself may as well, and the test's own hold where it has them.
func (l *Loader) mayStand(name string, header source.Span) bool {
	first, found := l.settings[name]
	switch {
	case l.depth > 1 || l.depth == 1 && !l.test:
		d := l.diags.Errorf(header, codeRootOnly, "[%s] stands only in the document that is loaded", name)
		d.Help = "move it to " + l.set.Name
		if l.test {
			d.Help += ", or to a document that it includes itself"
		}
		return false
	case !found:
		l.settings[name] = setting{header, l.depth}
	case first.depth == l.depth && first.header.File != header.File:
		d := l.diags.Errorf(header, codeRootOnly, "two documents that %s includes have [%s]", l.set.Name, name)
		d.Related = append(d.Related, source.Related{Span: first.header, Message: "it stands here first"})
		d.Help = "give " + l.set.Name + " its own, which holds instead of theirs"
		return false
	}
	return true
}

// holds reports whether a document's [defaults] or [metadata] hold, rather than being checked alone.
func (l *Loader) holds(name string, id source.FileID) bool { return l.settings[name].header.File == id }

// preamble reads the statements before the first section.
func (l *Loader) preamble(r *tomlReader, name string, start int) {
	var version, include nodeID
	for c := range r.children(rootNode) {
		switch r.keyText(c) {
		case "version":
			version = c
		case "include":
			include = c
		default:
			r.unknownKey(c, "the text before the first section", preambleKeys)
		}
	}
	l.version(r, version, start)
	switch {
	case include != 0 && l.overlay:
		l.diags.Errorf(r.keySpan(include), codeOverlay, "an overlay includes nothing").Help = "write what it says into its own text"
	case include != 0:
		l.includes(r, include, name)
	}
}

// version checks a document's first statement.
func (l *Loader) version(r *tomlReader, n nodeID, start int) {
	const help = `write version = "` + Version + `"`
	if n == 0 {
		if !r.failed {
			l.diags.Errorf(source.At(r.file, start), codeVersion, "a document starts with its version").Help = help
		}
		return
	}
	if r.nodes[rootNode].first != n {
		l.diags.Errorf(r.keySpan(n), codeVersion, "the version is the first statement").Help = "move it to the top"
	}
	switch s := r.nodes[n]; {
	case s.kind == nodeBad:
	case !r.isText(n):
		l.diags.Errorf(r.span(n), codeVersion, "the version is a string, not %s", r.kindName(n)).Help = help
	case r.table.TextString(s.value) != Version:
		l.diags.Errorf(r.span(n), codeVersion, "the version %s is not supported; supported is %q", quote(r.table.TextString(s.value)), Version).Help = help
	}
}

// tables turns a document's TOML sections into what they mean.
func (l *Loader) tables(r *tomlReader) {
	for c := range r.children(rootNode) {
		if !r.isTable(c) {
			continue
		}
		switch r.keyText(c) {
		case "metadata":
			if m := r.metadata(c); l.holds("metadata", r.file) {
				l.set.Metadata = m
			}
		case "defaults":
			if d := r.defaults(c); l.holds("defaults", r.file) {
				l.set.Defaults = d
			}
		case "data":
			for _, t := range r.facts(c) {
				l.add(t)
			}
		case "tests":
			if tests := r.tests(c); l.depth == 0 {
				l.set.Tests = tests
			}
		}
	}
}
