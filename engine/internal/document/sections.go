package document

import (
	"github.com/rune-authz/rune/engine/internal/source"
)

// Version is the version of the language.
const Version = "rune/1.0"

var preambleKeys = []string{"version", "include"}

// document reads a document's text from start.
func (l *Loader) document(id source.FileID, name string, text []byte, start int) {
	sections := split(id, text, start, l.diags)
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
	case (c.name == "defaults" || c.name == "metadata") && !l.isRoot(r.file):
		l.diags.Errorf(span(r.file, c.header, c.headerEnd), codeRootOnly, "[%s] stands only in the document that is loaded", c.name).Help =
			"move it to " + l.set.Name
		r.ignore(c.body, c.end)
	default:
		r.section(c.start, c.end)
	}
}

func (l *Loader) isRoot(id source.FileID) bool { return id == l.root }

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
	if include != 0 {
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
	root := l.isRoot(r.file)
	for c := range r.children(rootNode) {
		if !r.isTable(c) {
			continue
		}
		switch r.keyText(c) {
		case "metadata":
			l.set.Metadata = r.metadata(c)
		case "defaults":
			l.set.Defaults = r.defaults(c)
		case "data":
			for _, t := range r.facts(c) {
				l.add(t)
			}
		case "tests":
			if tests := r.tests(c); root {
				l.set.Tests = tests
			}
		}
	}
}
