package engine

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

const codeRows source.Code = "tests.rows"

// emptyRequest checks that a request is {}.
func (e *Engine) emptyRequest(text []byte) *wire.Error {
	v, err := e.reader.Value(text)
	if err == nil && v != e.emptyContext {
		err = &wire.Error{Code: codeTestRequest, Message: "expected {}"}
	}
	e.table.Reset(e.base)
	return err
}

// wantedRows reads the rows that a query test expects: JSON arrays of values, in the order of the goal's columns.
func (e *Engine) wantedRows(t *document.Test, g *analysis.Goal) ([][]value.Value, *value.Fault) {
	groups, err := e.reader.RowList(t.Rows)
	if err != nil {
		return nil, &value.Fault{Code: err.Code, Message: "rows: " + err.Message}
	}
	for _, row := range groups {
		if len(row) != len(g.Columns) {
			return nil, &value.Fault{Code: codeRows, Message: "rows: a row has not as many values as the goal has variables"}
		}
		if fault := e.program.GoalRow(g, row); fault != nil {
			return nil, fault
		}
	}
	return groups, nil
}
