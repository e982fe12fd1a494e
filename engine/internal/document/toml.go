package document

import (
	"bytes"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// tomlReader reads the TOML sections of one file, version 1.1, into a tree of interned values. An error ends its statement, not the reading.
//
// It is our own, since libraries that read version 1.1 lack something each: pelletier/go-toml's unstable parser (2.4.3) ends at the first
// error, gives arrays no position, and checks neither dates nor that a key stands once; BurntSushi/toml (1.6.0) ends at the first error and
// gives values no position; neither lets us say how deep brackets nest. Tests compare with the second, and with the texts of toml-test.
type tomlReader struct {
	tree
	table *value.Table
	text  []byte
	at    int
	end   int
	diags *source.List

	// current is the table that statements add to.
	current nodeID
	// preamble is set for the text before the first section.
	preamble bool
	// failed is set once the statement of the version couldn't be read.
	failed bool
	// strayed is set after a line of the preamble that is no statement.
	strayed bool
	// depth counts the brackets that are open and, within them, the parts of keys.
	depth int
	// broken is set once a bracket stays open to the end of its section: statements then end with their line.
	broken bool
	buf    []byte
	values []value.Value // a stack for the members of sets and records
}

func newTOMLReader(t *value.Table, file source.FileID, text []byte, diags *source.List) *tomlReader {
	return &tomlReader{tree: newTree(file, 64), table: t, text: text, diags: diags}
}

// clear drops what was read, and makes room for what sections hold, so that no large slice is grown.
func (r *tomlReader) clear(sections []section) {
	room := 64
	for i := range sections {
		if c := &sections[i]; c.lexis(r.text) == lexisTOML {
			for _, mark := range []string{"[", ",", "="} { // each begins a value, or separates two
				room += bytes.Count(r.text[c.start:c.end], []byte(mark))
			}
		}
	}
	r.tree = newTree(r.file, room)
}

// section reads text[start:end], which begins with a header unless it stands before the first.
func (r *tomlReader) section(start, end int) {
	r.read(start, end, rootNode)
}

// ignore reads text[start:end] for its errors alone.
func (r *tomlReader) ignore(start, end int) { r.read(start, end, r.detached()) }

func (r *tomlReader) read(start, end int, table nodeID) {
	r.at, r.end, r.broken = start, end, false
	r.current = table
	for r.lineEnds(); r.at < r.end; r.lineEnds() {
		from := r.at
		r.depth = 0
		if !r.statement() {
			r.recover(from)
		}
	}
}

// statement reads a header or a key and its value, to the end of the line.
func (r *tomlReader) statement() bool {
	if r.text[r.at] == '[' {
		r.current = r.detached()
		r.strayed = r.preamble
		return r.header() && r.lineEnd(true)
	}
	return r.keyValue(r.current) && r.lineEnd(false)
}

// recover goes on after a statement that couldn't be read: where its brackets are closed, or else on the next line.
func (r *tomlReader) recover(from int) {
	r.failed = r.failed || r.preamble && hasPrefixAt(r.text, from, r.end, "version")
	if !r.broken {
		k := newSkipper(r.text, from, r.end, lexisTOML)
		if k.statement() {
			r.at = max(r.at, k.at)
			return
		}
		r.broken = true
	}
	r.toLineEnd()
}

func (r *tomlReader) toLineEnd() {
	for r.at < r.end && r.text[r.at] != '\n' {
		r.at++
	}
}

func (r *tomlReader) peek(n int) byte {
	if r.at+n < r.end {
		return r.text[r.at+n]
	}
	return 0
}

func (r *tomlReader) take(c byte) bool {
	if r.at >= r.end || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *tomlReader) here(start int) source.Span { return span(r.file, start, r.at) }

// blanks skips blanks within a line.
func (r *tomlReader) blanks() {
	for r.at < r.end && (r.text[r.at] == ' ' || r.text[r.at] == '\t') {
		r.at++
	}
}

// lineEnds skips blanks, comments and the ends of lines.
func (r *tomlReader) lineEnds() {
	for r.at < r.end {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\t' || c == '\n':
			r.at++
		case c == '\r' && r.peek(1) == '\n':
			r.at += 2
		case c == '#':
			r.comment()
		default:
			return
		}
	}
}

// comment skips to the end of the line. Control characters are reported.
func (r *tomlReader) comment() {
	for reported := false; r.at < r.end && r.text[r.at] != '\n'; r.at++ {
		if !reported && r.isControl() {
			reported = true
			r.control()
		}
	}
}

// isControl reports whether a control character stands here that may not stand in a text. A carriage return may before a line feed.
func (r *tomlReader) isControl() bool {
	c := r.text[r.at]
	return c < ' ' && c != '\t' && (c != '\r' || r.peek(1) != '\n') || c == 0x7f
}

func (r *tomlReader) control() {
	d := r.diags.Errorf(span(r.file, r.at, r.at+1), codeCharacter, "the control character U+%04X may not stand here", r.text[r.at])
	if r.text[r.at] == '\r' {
		d.Help = "a line ends with a line feed, or with a carriage return and a line feed"
	}
}

// lineEnd takes the rest of a line, a comment at most. After a header the comment may be one of another section's language.
func (r *tomlReader) lineEnd(header bool) bool {
	r.blanks()
	c := r.peek(0)
	if c == '#' || header && c == '/' && r.peek(1) == '/' {
		r.comment()
	}
	if r.at >= r.end || r.text[r.at] == '\n' || c == '\r' && r.peek(1) == '\n' {
		return true
	}
	return r.expected("the end of the line")
}

// expected reports what stands here instead of what should.
func (r *tomlReader) expected(what string) bool {
	start := r.at
	found := r.found()
	r.diags.Errorf(r.here(start), codeSyntax, "expected %s, found %s", what, found)
	return false
}

// found takes a word or a character and says what it is.
func (r *tomlReader) found() string {
	start := r.at
	switch c := r.peek(0); {
	case r.at >= r.end:
		return "the end of the section"
	case c == '\n' || c == '\r' && r.peek(1) == '\n':
		return "the end of the line"
	case isBare(c):
		for r.at < r.end && isBare(r.text[r.at]) {
			r.at++
		}
	default:
		_, n := utf8.DecodeRune(r.text[r.at:r.end])
		r.at += n
	}
	return quote(string(r.text[start:r.at]))
}
