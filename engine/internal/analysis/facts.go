package analysis

import (
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// facts coerces the facts of tables and statements, and notes the types that they give to columns without a declaration.
func (a *analysis) facts(in Input) []Facts {
	var out []Facts
	for i := range in.Facts {
		out = a.tableFacts(out, &in.Facts[i])
	}
	return a.statementFacts(out, in.Statements)
}

// statementFacts gathers the facts of [rules], in one list a predicate.
func (a *analysis) statementFacts(out []Facts, statements []datalog.Statement) []Facts {
	at := map[PredID]int{}
	var row []value.Value // reused
	for i := range statements {
		st := &statements[i]
		if st.Decl != nil || st.Body != nil {
			continue
		}
		id, ok := a.byName.Get(st.Head.Pred)
		if !ok || a.preds[id].Kind != PredUser && a.preds[id].Kind != PredStore || len(st.Head.Args) != a.preds[id].Arity || !a.constantHead(&st.Head) {
			continue
		}
		row = a.factRow(row[:0], &st.Head, id)
		if id == PredAttribute || id == PredTag {
			a.checkFieldFact(row, id == PredTag, st.Head.Args[2].Span)
			id = a.fieldPredicate(id == PredTag, row[1])
		}
		if id == PredParent {
			a.checkParentFact(row, st.Head.Args[1].Span)
		}
		j, ok := at[id]
		if !ok {
			j = len(out)
			at[id] = j
			out = append(out, Facts{Pred: id})
		}
		f := &out[j]
		f.Rows, f.Count, f.Origin = append(f.Rows, row...), f.Count+1, append(f.Origin, st.Span)
	}
	return out
}

// factRow appends a fact's arguments, coerced.
func (a *analysis) factRow(row []value.Value, head *datalog.Atom, id PredID) []value.Value {
	columns := a.infos[id].columns
	for i, e := range head.Args {
		v, _ := a.simple(e)
		col := &columns[i]
		v = a.coerceConstant(col, v, e.Span)
		if !a.reported(v) && !a.accepts(col, v, e.Span) {
			a.misfit(id, i, v, e.Span)
		}
		row = append(row, v)
	}
	return row
}

// accepts takes a fact's value into a column: it checks it against a declared type, or widens an inferred one. It returns false where
// the kinds conflict.
func (a *analysis) accepts(col *column, v value.Value, at source.Span) bool {
	if col.declared {
		return fits(a.table, v, col.Type)
	}
	t := typeOf(a.table, v)
	switch {
	case !col.known:
		col.Type, col.first, col.sure, col.known, col.at = t, t, sure, true, at
	case sameType(t, col.Type):
	case col.Kind == TypeAny: // of a program that is extended
	case t.Kind != col.Kind:
		return false
	default:
		col.Type = join(col.Type, t)
	}
	return true
}

// misfit reports a value that isn't of its column's type.
func (a *analysis) misfit(id PredID, column int, v value.Value, at source.Span) {
	col := &a.infos[id].columns[column]
	t := typeOf(a.table, v)
	d := a.diags.Errorf(at, codeType, "%s is %s, and column %d of %s is %s", a.show(v), a.describe(t), column+1, a.preds[id].Name, a.describe(col.Type))
	if !col.at.IsZero() {
		d.Related = append(d.Related, source.Related{Span: col.at, Message: "the column is " + a.describe(col.Type) + " here"})
	}
	switch {
	case col.declared:
	case t.Kind == TypeString && col.Kind == TypeEntity:
		d.Help = "text is an entity only in a declared column: " + a.declaration(id, column, col.Type)
	case t.Kind == TypeEntity && col.Kind == TypeString:
		d.Help = "text is an entity only in a declared column: " + a.declaration(id, column, t)
	default:
		d.Help = "where both are meant, declare the column any: " + a.declaration(id, column, anyType)
	}
}

// show writes a value for a message, cut where it is long.
func (a *analysis) show(v value.Value) string {
	text := a.table.Append(nil, v)
	if len(text) > 60 {
		return string([]rune(string(text[:60]))) + "…"
	}
	return string(text)
}

// tableFacts coerces the rows of a table in place.
func (a *analysis) tableFacts(out []Facts, t *document.Table) []Facts {
	id, ok := a.byName.Get(t.Pred)
	if !ok || a.preds[id].Kind != PredUser && a.preds[id].Kind != PredStore || t.Len() == 0 {
		return out
	}
	if a.preds[id].Kind == PredStore && !t.CSV || t.Width != a.preds[id].Arity {
		return out // reported
	}
	order, ok := a.arrange(id, t)
	if !ok {
		return out
	}
	a.infos[id].facts = true
	for i := range t.Width {
		a.tableColumn(placedColumn{id: id, column: i, table: t, order: order})
	}
	if (id == PredAttribute || id == PredTag) && (len(a.named) > 0 || a.schema != nil) {
		return a.fieldFacts(out, id, t)
	}
	if id == PredParent && a.schema != nil {
		a.parentFacts(t)
	}
	origin := t.Spans
	if t.CSV {
		origin = []source.Span{t.Span}
	}
	return append(out, Facts{Pred: id, Count: t.Len(), Rows: t.Rows, Origin: origin})
}

// parentFacts checks the rows of parent.csv.
func (a *analysis) parentFacts(t *document.Table) {
	spans := t.Places(a.files)
	for i := range t.Len() {
		a.checkParentFact(t.Row(i), spans[i])
	}
}

// fieldFacts sorts the rows of attribute.csv or tag.csv by predicate: names that rules derive have their own.
func (a *analysis) fieldFacts(out []Facts, id PredID, t *document.Table) []Facts {
	at := map[PredID]int{}
	spans := t.Places(a.files)
	for i := range t.Len() {
		row := t.Row(i)
		a.checkFieldFact(row, id == PredTag, spans[i])
		p := a.fieldPredicate(id == PredTag, row[1])
		j, ok := at[p]
		if !ok {
			j = len(out)
			at[p] = j
			out = append(out, Facts{Pred: p})
		}
		f := &out[j]
		f.Rows, f.Count, f.Origin = append(f.Rows, row...), f.Count+1, append(f.Origin, spans[i])
	}
	return out
}

// arrange puts the columns of a CSV file in the order of the declaration, where that names them. It returns where each column stands in the
// file; nil is where it is.
func (a *analysis) arrange(id PredID, t *document.Table) (order []int, ok bool) {
	columns := a.infos[id].columns
	if !t.CSV || !slices.ContainsFunc(columns, func(c column) bool { return c.name != "" }) {
		return nil, true
	}
	order = make([]int, len(columns))
	for i := range columns {
		order[i] = i
		if name := columns[i].name; name != "" {
			if order[i] = slices.Index(t.Header, name); order[i] < 0 {
				a.missingColumn(id, t, name)
				return nil, false
			}
		}
	}
	for i, from := range order {
		if slices.Index(order, from) != i {
			a.missingColumn(id, t, columns[i].name)
			return nil, false
		}
	}
	row := make([]value.Value, t.Width)
	for r := range t.Len() {
		cells := t.Row(r)
		for i, from := range order {
			row[i] = cells[from]
		}
		copy(cells, row)
	}
	return order, true
}

func (a *analysis) missingColumn(id PredID, t *document.Table, name string) {
	at := t.HeaderSpan
	if at.IsZero() {
		at = t.Span
	}
	d := a.diags.Errorf(at, codeColumnName, "the file has no column %q, which the declaration of %s names", name, t.Pred)
	d.Related = append(d.Related, source.Related{Span: a.infos[id].at, Message: t.Pred + " is declared here"})
	if near := source.Nearest(name, t.Header); near != "" {
		d.Help = fmt.Sprintf("rename the column %q", near)
	} else {
		d.Help = "name the columns in the first row as in the declaration"
	}
}

// placedColumn is one column of a table, in the predicate's order.
type placedColumn struct {
	id     PredID
	column int
	table  *document.Table
	order  []int // where the predicate's columns stand in the file; nil: in order
}

// span returns the place of a row's cell.
func (p *placedColumn) span(files *source.Files, row int) source.Span {
	t := p.table
	if t.CellSpans != nil {
		return t.CellSpans[row*t.Width+p.column]
	}
	in := t.Place(files, row)
	if !t.CSV {
		return in
	}
	n := p.column
	if p.order != nil {
		n = p.order[n]
	}
	return csvCell(files, in, n)
}

// csvCell finds a cell in a row of a CSV file.
func csvCell(files *source.Files, row source.Span, n int) source.Span {
	text := files.File(row.File).Text[row.Start:row.End]
	start, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted && n > 0:
			n, start = n-1, i+1
		case c == ',' && !quoted:
			return source.Span{File: row.File, Start: row.Start + uint32(start), End: row.Start + uint32(i)}
		}
	}
	return source.Span{File: row.File, Start: row.Start + uint32(start), End: row.End}
}

// maxMisfits is how many misfits of one column of one table are reported.
const maxMisfits = 20

// tableColumn coerces and checks one column of a table.
func (a *analysis) tableColumn(p placedColumn) {
	col := &a.infos[p.id].columns[p.column]
	coerces := col.declared && col.Kind != TypeAny && col.Kind != TypeString && col.Kind != TypeRecord
	from := fromData
	if p.table.CSV {
		from = fromCSV
	}
	t, wrong := p.table, 0
	var known memo
	last, is := value.None, value.None // what the cell before was, and became
	rows := t.Rows
	for at := p.column; at < len(rows) && wrong < maxMisfits; at += t.Width {
		cell := rows[at]
		if cell == last {
			rows[at] = is
			continue
		}
		if col.known && cell.Kind() == value.Kind(col.Kind)-1 && col.Kind >= TypeBool && col.Kind < TypeEntity {
			continue // of the type already, as most are
		}
		if v, ok := known.get(cell); ok && coerces {
			last, is, rows[at] = cell, v, v
			continue
		}
		v, ok := a.tableCell(p, col, at/t.Width, coerces, from)
		if !ok {
			wrong++
			continue
		}
		known.put(cell, v)
		last, is, rows[at] = cell, v, v
	}
}

// tableCell coerces and checks the cell of a row, and reports whether it is fine.
func (a *analysis) tableCell(p placedColumn, col *column, r int, coerces bool, from origin) (value.Value, bool) {
	v := p.table.Rows[r*p.table.Width+p.column]
	if coerces {
		var f *value.Fault
		if v, f = a.coerce(col, col.Type, v, from); f != nil {
			a.badCell(p, r, f)
			return v, false
		}
	}
	if a.unknownEntity(v) {
		a.checkTypeName(a.table.TextString(a.table.EntityType(v)), p.span(a.files, r))
		return v, false
	}
	if !a.accepts(col, v, source.Span{}) {
		p.table.Rows[r*p.table.Width+p.column] = v // the message shows it
		a.badCell(p, r, nil)
		return v, false
	}
	if col.at.IsZero() {
		col.at = p.span(a.files, r)
	}
	return v, true
}

// memo keeps what texts of a column were coerced to, found by the number of the string: most stand in many rows.
type memo struct{ of []value.Value }

func (m *memo) get(text value.Value) (value.Value, bool) {
	if i := text.Number(); text.Kind() == value.KindString && i < len(m.of) && m.of[i] != value.None {
		return m.of[i], true
	}
	return value.None, false
}

func (m *memo) put(text, v value.Value) {
	if text.Kind() != value.KindString {
		return
	}
	i := text.Number()
	if i >= cap(m.of) {
		m.of = slices.Grow(m.of, max(i+1, 2*cap(m.of))-len(m.of))
	}
	for len(m.of) <= i {
		m.of = append(m.of, value.None)
	}
	m.of[i] = v
}

// badCell reports a cell that doesn't stand for a value of its column.
func (a *analysis) badCell(p placedColumn, r int, f *value.Fault) {
	col, at := &a.infos[p.id].columns[p.column], p.span(a.files, r)
	cell := p.table.Row(r)[p.column]
	switch {
	case p.table.CSV && cell.Kind() == value.KindString && len(a.table.Text(cell)) == 0:
		d := a.diags.Errorf(at, codeEmptyCell, "column %d of %s is empty", p.column+1, p.table.Pred)
		d.Help = "only a column of strings may be empty, and this is " + a.describe(col.Type)
	case f != nil:
		a.diags.Errorf(at, f.Code, "%s", f.Message)
	default:
		a.misfit(p.id, p.column, cell, at)
	}
}
