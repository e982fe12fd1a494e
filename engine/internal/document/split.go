package document

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// section is a stretch of a document: the text before the first header, or a header with the text below it.
type section struct {
	// name is the section's, "" before the first header. A misspelt header has the nearest name, or "?".
	name string
	// misspelt reports that the header has been reported.
	misspelt bool
	// plain reports a header of one name in single brackets.
	plain bool
	// start and end are the extent; header to headerEnd the header's brackets; body begins on the line below.
	start, header, headerEnd, body, end int
}

// sectionNames are the sections in the order in which messages list them.
var sectionNames = []string{"metadata", "defaults", "data", "schema", "entities", "rules", "policies", "tests"}

// tomlSections are TOML: their headers may have parts, and all of a file are one TOML text.
var tomlSections = []string{"", "metadata", "defaults", "data", "tests"}

const unknownSection = "?"

// lexis returns what the text below a header is made of.
func (s *section) lexis(text []byte) lexis {
	switch s.name {
	case "rules", "policies":
		return lexisCode
	case "entities":
		return lexisJSON
	case "schema":
		if isJSON(text[s.body:]) {
			return lexisJSON
		}
		return lexisCode
	case unknownSection:
		return lexisNone
	}
	return lexisTOML
}

// isJSON reports whether a text starts like a JSON object.
func isJSON(text []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) }

// splitter cuts a document into sections.
type splitter struct {
	file  source.FileID
	text  []byte
	diags *source.List
	spend func(bytes int)
	// broken is set once a bracket, string or comment stays open to the end: from there on any line that is the header of
	// a known section begins one.
	broken bool
}

// split returns the sections of text[start:], which they cover without gaps. It calls spend with the bytes that it has gone through.
func split(file source.FileID, text []byte, start int, diags *source.List, spend func(bytes int)) []section {
	s := &splitter{file: file, text: text, diags: diags, spend: spend}
	out := []section{{start: start, header: start, headerEnd: start, body: start}}
	for {
		last := &out[len(out)-1]
		last.end = s.sectionEnd(last)
		if last.end >= len(text) {
			return out
		}
		out = append(out, s.header(last.end))
	}
}

// sectionEnd finds the line of the next header.
func (s *splitter) sectionEnd(c *section) int {
	k := newSkipper(s.text, c.body, len(s.text), c.lexis(s.text))
	k.lines = s.broken
	hidden := -1 // the first header within the brackets that are open
	for k.at < k.end {
		if h, ok := parseHeader(s.lineAt(k.at), k.lexis == lexisTOML); ok {
			if len(k.open) == 0 || s.broken && h.known() {
				return k.at
			}
			if hidden < 0 && h.known() {
				hidden = k.at
			}
		}
		from := k.at
		k.line()
		s.spend(k.at - from)
		if len(k.open) == 0 {
			hidden = -1
		}
	}
	return s.reopen(&k, hidden)
}

// reopen ends a section that something open has run through to the end of the text at the first header that it swallowed.
func (s *splitter) reopen(k *skipper, hidden int) int {
	at := -1
	if len(k.open) > 0 && hidden >= 0 {
		at = int(k.open[0].at)
	} else if k.unclosed >= 0 {
		at, hidden = k.unclosed, s.knownHeader(k.unclosed)
	}
	if at < 0 || hidden < 0 {
		return k.end
	}
	s.broken = true
	d := s.diags.Errorf(span(s.file, at, at+1), codeUnclosed, "what is opened here is not closed before the next section")
	d.Related = append(d.Related, source.Related{Span: span(s.file, hidden, hidden), Message: "the next section"})
	return hidden
}

// knownHeader finds the first line after at that is the header of a known section, or -1.
func (s *splitter) knownHeader(at int) int {
	for at < len(s.text) {
		n := bytes.IndexByte(s.text[at:], '\n')
		if n < 0 {
			return -1
		}
		at += n + 1
		if h, ok := parseHeader(s.lineAt(at), false); ok && h.known() {
			return at
		}
	}
	return -1
}

func (s *splitter) lineAt(at int) []byte {
	line := s.text[at:]
	if n := bytes.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	return line
}

// header reads the header in the line at, and reports one that is none.
func (s *splitter) header(at int) section {
	line := s.lineAt(at)
	h, _ := parseHeader(line, true)
	c := section{name: h.name, plain: h.plain, start: at, header: at + h.start, headerEnd: at + h.end, body: min(at+len(line)+1, len(s.text))}
	where := span(s.file, c.header, c.headerEnd)
	switch {
	case h.name == "cedar_policies":
		c.name = "policies"
	case !h.known():
		c.misspelt = true
		s.unknown(&c, where)
	}
	if !c.misspelt && !h.plain && !slices.Contains(tomlSections, c.name) {
		c.misspelt = true
		s.diags.Errorf(where, codeSectionForm, "the header of the section %s is [%s]", c.name, c.name)
	}
	return c
}

func (s *splitter) unknown(c *section, where source.Span) {
	d := s.diags.Errorf(where, codeUnknownSection, "no section is named %s", quote(c.name))
	near := source.Nearest(strings.ToLower(c.name), append([]string{"cedar_policies"}, sectionNames...))
	if near == "" {
		d.Help = "the sections are " + strings.Join(sectionNames, ", ")
		c.name = unknownSection
		return
	}
	d.Help = "did you mean [" + near + "]?"
	if near == "cedar_policies" {
		near = "policies"
	}
	c.name = near
}

// header is a line in brackets.
type header struct {
	name       string // its first part
	plain      bool   // nothing but a name in single brackets
	start, end int    // of the brackets within the line
}

func (h *header) known() bool {
	return h.name == "cedar_policies" || slices.Contains(sectionNames, h.name)
}

// parseHeader reads a line that is a header: [name], and in TOML's way [name.part."part"] and [[name]], with nothing but a comment
// behind it. The first part may be in quotes only where the text is TOML.
func parseHeader(line []byte, toml bool) (header, bool) {
	p := headerParser{line: line}
	p.blanks()
	h := header{start: p.at}
	if !p.take('[') {
		return h, false
	}
	double := p.take('[')
	p.blanks()
	first := p.at
	if c := p.peek(); !p.part() || (c == '"' || c == '\'') && !toml || c >= '0' && c <= '9' || c == '-' {
		return h, false
	}
	name := bytes.Trim(line[first:p.at], `"'`)
	h.plain = !double
	for p.blanks(); p.take('.'); p.blanks() {
		h.plain = false
		p.blanks()
		if !p.part() {
			return h, false
		}
	}
	if !p.take(']') || double && !p.take(']') {
		return h, false
	}
	h.end = p.at
	p.blanks()
	if rest := line[p.at:]; len(rest) > 0 && rest[0] != '#' && !bytes.HasPrefix(rest, []byte("//")) {
		return h, false
	}
	h.name = string(name)
	return h, true
}

type headerParser struct {
	line []byte
	at   int
}

func (p *headerParser) peek() byte {
	if p.at < len(p.line) {
		return p.line[p.at]
	}
	return 0
}

func (p *headerParser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *headerParser) blanks() {
	for c := p.peek(); c == ' ' || c == '\t' || c == '\r'; c = p.peek() {
		p.at++
	}
}

// part takes a bare or quoted part of a key.
func (p *headerParser) part() bool {
	start, quote := p.at, p.peek()
	if quote != '"' && quote != '\'' {
		for isBare(p.peek()) {
			p.at++
		}
		return p.at > start
	}
	for p.at++; p.at < len(p.line); p.at++ {
		if p.line[p.at] == quote {
			p.at++
			return true
		}
		if p.line[p.at] == '\\' && quote == '"' {
			p.at++
		}
	}
	p.at = min(p.at, len(p.line))
	return false
}

// isBare reports whether c may stand in a bare key.
func isBare(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func span(file source.FileID, start, end int) source.Span {
	return source.Span{File: file, Start: uint32(start), End: uint32(end)}
}
