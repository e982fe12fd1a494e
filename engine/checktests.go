package engine

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
)

// checkGoals checks the goals of tests.
func (c *compiler) checkGoals(program *analysis.Program) {
	for i := range c.set.Tests {
		if t := &c.set.Tests[i]; t.IsQuery && t.Overlay == nil {
			c.checkGoal(program, t)
		}
	}
}

func (c *compiler) checkGoal(program *analysis.Program, t *document.Test) {
	var files source.Files
	var diags source.List
	program.Goal(&files, []byte(t.Query), &diags)
	c.addWithin(t.QuerySpan, t.Query, 0, diags.All())
}

// checkOverlays checks the overlays of tests, and goals that are asked with one. Nothing of them stays.
func (c *compiler) checkOverlays(e *Engine) {
	for i := range c.set.Tests {
		t := &c.set.Tests[i]
		if t.Overlay == nil {
			continue
		}
		o := &overlay{text: []byte(*t.Overlay), restrict: t.Restrict}
		files, all := e.compileOverlay(o, &c.host)
		c.addWithin(t.OverlaySpan, *t.Overlay, source.FileID(files.Len()), all)
		if o.rules != nil && t.IsQuery {
			c.checkGoal(o.rules.program, t)
		}
		e.table.Reset(e.base)
	}
}

// addWithin adds what is wrong with a text that stands in a string of the document, as a file of its own: at its place there, where the document
// has the text as it is, and else at the string.
func (c *compiler) addWithin(whole source.Span, text string, file source.FileID, list []source.Diagnostic) {
	start := bytes.Index(c.files.File(whole.File).Text[whole.Start:whole.End], []byte(text))
	place := func(at source.Span) source.Span {
		switch {
		case file > 0 && at.File != file:
			return at
		case start < 0:
			return whole
		}
		from := whole.Start + uint32(start)
		return source.Span{File: whole.File, Start: from + at.Start, End: from + at.End}
	}
	for _, d := range list {
		related := d.Related
		own := d.Span.File
		d.Span, d.Related = place(d.Span), nil
		for _, r := range related {
			if file > 0 || r.Span.File != own { // a goal's own places say little
				d.Related = append(d.Related, source.Related{Span: place(r.Span), Message: r.Message})
			}
		}
		c.diags.Add(d)
	}
}
