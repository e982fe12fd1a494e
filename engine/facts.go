package engine

import (
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Facts inserts rows that stand as CSV behind a line {"predicate":"…","file":"…"}, as one transaction, and replies as [Engine.Update] to the same
// rows. The CSV is one of a document: its first row names the columns, and all cells are text. An error in it has its place there, in the file
// that the line names, if it does; an error in the line has its place in the line.
func (e *Engine) Facts(dst, text []byte, h *Host) []byte {
	if d := e.enterBase(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	e.sweep()
	e.raiseFloor()
	e.begin(h)
	var f wire.Facts
	err := e.reader.Facts(text, &f)
	if err == nil {
		if fault := e.program.Updatable(f.Pred); fault != nil {
			err = &wire.Error{Code: fault.Code, Message: fault.Message, Offset: f.PredOffset}
		}
	}
	if err != nil {
		e.end()
		return e.appendRequestError(dst, text, err)
	}
	files, diags := e.files.Clone(), &source.List{} // declarations have their places in the document's files
	table := document.ReadFacts(e.table, files, f.File, f.CSV, f.Pred, diags)
	if !diags.Failed() {
		if inserts := e.program.Table(&table, files, diags); !diags.Failed() {
			return e.commit(dst, inserts, nil, h)
		}
	}
	e.end()
	return appendFailure(dst, files, diags.All())
}
