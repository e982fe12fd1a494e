package document

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// csvReader reads a CSV file as RFC 4180 has it: a header, then rows of the header's width; cells in double quotes may hold commas, line
// ends and doubled quotes. Lines may end with a line feed alone. Nothing is allocated for a row.
type csvReader struct {
	table *value.Table
	file  source.FileID
	text  []byte
	at    int
	diags *source.List
	buf   []byte
	open  bool // a quote was not closed: what was read of the last row is no row
	out   Table
	last  []lastCell // by column
	short *shortCells
	wrong struct{ width, quote, lineEnd reports }
}

func newCSVReader(t *value.Table, file source.FileID, text []byte, start int, diags *source.List) *csvReader {
	r := &csvReader{table: t, file: file, text: text, at: start, diags: diags}
	r.wrong.width.diags, r.wrong.quote.diags, r.wrong.lineEnd.diags = diags, diags, diags
	return r
}

// lastCell is a column's cell of the row before. Files are often sorted, so that the next is the same.
type lastCell struct {
	short short // none if it isn't read as one
	text  []byte
	value value.Value
}

// readCSV reads text[start:] as facts of a predicate. After an error the rows are not complete.
func readCSV(t *value.Table, file source.FileID, text []byte, start int, pred string, diags *source.List) Table {
	r := newCSVReader(t, file, text, start, diags)
	r.out = Table{Pred: pred, Span: source.At(file, start), CSV: true}
	if r.at == len(r.text) {
		d := diags.Errorf(source.At(file, start), codeHeader, "the file is empty")
		d.Help = "the first row names the columns"
		return r.out
	}
	r.header()
	r.last, r.short = make([]lastCell, r.out.Width), new(shortCells)
	r.out.Rows = make([]value.Value, 0, lines(r.text[r.at:])*r.out.Width)
	for r.at < len(r.text) {
		if r.plainRows(); r.at < len(r.text) {
			r.row()
		}
	}
	r.rest()
	return r.out
}

// ReadFacts reads a CSV file that isn't of a document as facts of a predicate. The text belongs to files afterwards.
func ReadFacts(t *value.Table, files *source.Files, name string, text []byte, pred string, diags *source.List) Table {
	id := files.Add(name, text)
	return readCSV(t, id, text, beginText(diags, id, text), pred, diags)
}

// rest says how many more errors there were than are listed.
func (r *csvReader) rest() {
	r.wrong.width.rest(r.out.Span, codeRagged, "rows")
	r.wrong.quote.rest(r.out.Span, codeQuote, "cells")
	r.wrong.lineEnd.rest(r.out.Span, codeLineEnd, "line ends")
}

// header reads the names of the columns, which are distinct.
func (r *csvReader) header() {
	start := r.at
	for more := true; more; {
		at := r.at
		var name []byte
		name, more = r.cell()
		where := span(r.file, at, r.cellEnd(at, more))
		for i, earlier := range r.out.Header {
			if earlier == string(name) && earlier != "" {
				r.diags.Errorf(where, codeHeader, "columns %d and %d have the name %s", i+1, len(r.out.Header)+1, quote(earlier))
			}
		}
		if len(name) == 0 {
			r.diags.Errorf(where, codeHeader, "column %d has no name", len(r.out.Header)+1).Help = "the first row names the columns"
		}
		r.out.Header = append(r.out.Header, string(name))
	}
	r.out.HeaderSpan = span(r.file, start, r.rowEnd(start))
	r.out.Width = len(r.out.Header)
}

// cellEnd is where the cell that began at start and was just read ends.
func (r *csvReader) cellEnd(start int, more bool) int {
	if more {
		return r.at - 1
	}
	return r.rowEnd(start)
}

// rowEnd is where the row that was just read ends, without its line end.
func (r *csvReader) rowEnd(start int) int {
	end := r.at
	if end > start && r.text[end-1] == '\n' {
		end--
		if end > start && r.text[end-1] == '\r' {
			end--
		}
	}
	return end
}

// row reads one row into the table. One of another width is reported and left out.
func (r *csvReader) row() {
	start, base := r.at, len(r.out.Rows)
	n := 0
	for more := true; more; n++ {
		var cell []byte
		cell, more = r.cell()
		if n < r.out.Width {
			r.out.Rows = append(r.out.Rows, r.intern(&r.last[n], cell))
		}
	}
	if n == r.out.Width && !r.open {
		return
	}
	r.out.Rows = r.out.Rows[:base]
	if r.open {
		return // reported
	}
	where := span(r.file, start, r.rowEnd(start))
	if where.Start == where.End {
		r.wrong.width.errorf(where, codeRagged, "the line is empty").help("each line is a row")
		return
	}
	r.wrong.width.errorf(where, codeRagged, "the row has %s, and the header has %d", count(n, "cell"), r.out.Width).related(r.out.HeaderSpan, "the header")
}

func (r *csvReader) intern(last *lastCell, cell []byte) value.Value {
	if last.short != (short{}) || len(last.text) == 0 || !bytes.Equal(last.text, cell) {
		last.value = r.table.StringBytes(cell)
		last.text, last.short = r.table.Text(last.value), short{}
	}
	return last.value
}

// cell reads a cell with the comma or line end behind it, and reports whether the row goes on. The text is valid until the next call.
func (r *csvReader) cell() (text []byte, more bool) {
	if r.at < len(r.text) && r.text[r.at] == '"' {
		text = r.quoted()
		return text, r.separator()
	}
	start, rest := r.at, r.text[r.at:]
	for i, c := range rest {
		if c > ',' { // as nearly all are
			continue
		}
		switch c {
		case ',', '\n':
			r.at += i + 1
			return rest[:i], c == ','
		case '\r':
			if i+1 < len(rest) && rest[i+1] == '\n' {
				r.at += i + 2
				return rest[:i], false
			}
			r.carriageReturn(start + i)
		case '"':
			r.wrong.quote.errorf(span(r.file, start+i, start+i+1), codeQuote, "a quote stands within a cell").
				help(`a cell with quotes in it stands in quotes, and doubles those: "say ""hi"""`)
		}
	}
	r.at = len(r.text)
	return rest, false
}

func (r *csvReader) carriageReturn(at int) {
	r.wrong.lineEnd.errorf(span(r.file, at, at+1), codeLineEnd, "a carriage return stands alone").
		help("a line ends with a line feed, or with a carriage return and a line feed")
}

// quoted reads a cell in quotes.
func (r *csvReader) quoted() []byte {
	start := r.at
	r.buf = r.buf[:0]
	for r.at++; ; r.at++ {
		n := bytes.IndexByte(r.text[r.at:], '"')
		if n < 0 {
			break
		}
		from := r.at
		r.at += n + 1
		if r.at == len(r.text) || r.text[r.at] != '"' {
			if len(r.buf) == 0 {
				return r.text[from : r.at-1]
			}
			r.buf = append(r.buf, r.text[from:r.at-1]...)
			return r.buf
		}
		r.buf = append(r.buf, r.text[from:r.at]...)
	}
	r.diags.Errorf(span(r.file, start, start+1), codeQuote, "the quote that opens here is not closed")
	r.open = true
	r.at = len(r.text)
	return nil
}

// separator takes a comma, or the end of a row. What else stands behind a closing quote is reported and skipped.
func (r *csvReader) separator() bool {
	if r.at < len(r.text) && r.text[r.at] == '\r' && r.at+1 < len(r.text) && r.text[r.at+1] == '\n' {
		r.at++
	}
	for reported := false; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case ',':
			r.at++
			return true
		case '\n':
			r.at++
			return false
		}
		if !reported && !(r.text[r.at] == '\r' && r.at+1 < len(r.text) && r.text[r.at+1] == '\n') {
			reported = true
			r.wrong.quote.errorf(span(r.file, r.at, r.at+1), codeQuote, "text stands behind a closing quote").help(`a quote within quotes is doubled: ""`)
		}
	}
	return false
}
