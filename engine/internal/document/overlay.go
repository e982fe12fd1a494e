package document

import (
	"bytes"
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// overlayName is an overlay's name in diagnostics.
const overlayName = "overlay"

var overlaySections = []string{"data", "rules", "policies"}

// ReadOverlay reads a text that is to be united with a base: a document of [data], [rules] and [policies] alone, or, without a version line, the
// text of [rules]. The text is kept. The set's defaults are the base's.
func ReadOverlay(t *value.Table, files *source.Files, text []byte, diags *source.List, base *Set) *Set {
	l := &Loader{table: t, files: files, diags: diags, overlay: true, facts: base.facts.Clone()}
	l.set = &Set{Name: overlayName, Defaults: base.Defaults}
	id := files.Add(overlayName, text)
	if start := beginText(l.diags, id, text); startsWithVersion(text[start:]) {
		l.document(id, overlayName, text, start)
	} else {
		l.part(id, false, start, len(text))
	}
	return l.set
}

// startsWithVersion reports whether the first thing in a text, comments aside, is a key named version. No rule starts like that.
func startsWithVersion(text []byte) bool {
	for {
		text = bytes.TrimLeft(text, " \t\r\n")
		if len(text) == 0 || text[0] != '#' {
			break
		}
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	rest, found := bytes.CutPrefix(text, []byte("version"))
	return found && bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("="))
}

// mayHave reports whether the document that is read may have a section: an overlay has its rules, and all else is the base's.
func (l *Loader) mayHave(r *tomlReader, c *section) bool {
	if !l.overlay || c.misspelt || slices.Contains(overlaySections, c.name) || c.name == unknownSection {
		return true
	}
	l.diags.Errorf(span(r.file, c.header, c.headerEnd), codeOverlay, "an overlay has no [%s]: that is the base's", c.name).Help =
		"an overlay may have [data], [rules] and [policies]"
	return false
}
