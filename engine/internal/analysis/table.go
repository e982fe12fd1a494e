package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Table checks the rows of a CSV file that an update brings as [Program.Row] does, and coerces them in place to the types of the predicate's
// columns. Where it reports errors, what it returns is of no use.
func (p *Program) Table(t *document.Table, files *source.Files, diags *source.List) []Facts {
	id, fault := p.updated(t.Pred)
	if fault != nil {
		diags.Errorf(t.Span, fault.Code, "%s", fault.Message)
		return nil
	}
	if want := p.Preds[id].Arity; t.Width != want {
		diags.Errorf(t.HeaderSpan, codeUpdateArity, "a row of %s has %s, not %d", t.Pred, plural(want, "cell"), t.Width)
		return nil
	}
	a := &analysis{environment: p.env, files: files, diags: diags, preds: p.Preds, infos: p.env.infos}
	order, ok := a.arrange(id, t)
	if !ok {
		return nil
	}
	for i := range t.Width {
		a.updateColumn(p, placedColumn{id: id, column: i, table: t, order: order})
	}
	if diags.Failed() {
		return nil
	}
	switch id {
	case PredParent:
		a.updateParents(t)
	case PredAttribute, PredTag:
		return a.updateFields(p, id, t)
	}
	if t.Len() == 0 {
		return nil
	}
	return []Facts{{Pred: id, Count: t.Len(), Rows: t.Rows}}
}

// updateColumn coerces and checks one column. Cells that are alike are checked once, but for those that are wrong.
func (a *analysis) updateColumn(p *Program, c placedColumn) {
	col := &a.infos[c.id].columns[c.column]
	var known memo
	last, is := value.None, value.None // what the cell before was, and became
	wrong := 0
	for at := c.column; at < len(c.table.Rows) && wrong < maxMisfits; at += c.table.Width {
		a.table.Spend(1)
		cell := c.table.Rows[at]
		if cell != last {
			v, ok := known.get(cell)
			if !ok {
				var fault *value.Fault
				if v, fault = p.updateCell(c.table.Pred, c.column, col, cell, fromCSV); fault != nil {
					a.badUpdateCell(c, at/c.table.Width, fault)
					wrong++
					continue
				}
				known.put(cell, v)
			}
			last, is = cell, v
		}
		c.table.Rows[at] = is
	}
}

func (a *analysis) badUpdateCell(c placedColumn, row int, f *value.Fault) {
	at := c.span(a.files, row)
	if cell := c.table.Row(row)[c.column]; len(a.table.Text(cell)) == 0 {
		d := a.diags.Errorf(at, codeEmptyCell, "column %d of %s is empty", c.column+1, c.table.Pred)
		d.Help = "only a column of strings may be empty, and this is " + a.describe(a.infos[c.id].columns[c.column].Type)
		return
	}
	a.diags.Errorf(at, f.Code, "%s", f.Message)
}

// updateParents checks the rows of parent.
func (a *analysis) updateParents(t *document.Table) {
	for i := range t.Len() {
		if row := t.Row(i); a.parentFault(row[0], row[1]) != nil {
			if a.checkParentFact(row, t.Place(a.files, i)); a.diags.Full() {
				return
			}
		}
	}
}

// updateFields checks the rows of attribute or tag, and sorts them by predicate.
func (a *analysis) updateFields(p *Program, id PredID, t *document.Table) (out []Facts) {
	for i := range t.Len() {
		row := t.Row(i)
		if want, ok := a.fieldFits(row, id == PredTag); !ok {
			if a.diags.Full() {
				return nil
			}
			a.diags.Errorf(t.Place(a.files, i), codeUpdateType, "%s", p.fieldFault(want, row[2]).Message)
			continue
		}
		named := a.fieldOf(id, row[1])
		j := slices.IndexFunc(out, func(f Facts) bool { return f.Pred == named })
		if j < 0 {
			j = len(out)
			out = append(out, Facts{Pred: named})
		}
		out[j].Rows, out[j].Count = append(out[j].Rows, row...), out[j].Count+1
	}
	return out
}
