package engine

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Query appends all bindings of {"goal":…}, sorted: {"columns":["X"],"rows":[[…]],"revision":…}, or {"error":{…}}. With principal, action and
// resource the goal sees that request; without them the request predicates and context are empty.
func (e *Engine) Query(dst, query []byte, h *Host) []byte {
	if d := e.enter(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	defer e.leave()
	e.begin(h)
	defer e.end()
	rows, g, dst := e.query(dst, query, h)
	if g == nil {
		return dst
	}
	e.stats.Cacheable = !e.stats.UsedNow
	return wire.AppendRows(dst, e.table, g.Columns, rows, e.shownRevision())
}

// query evaluates a query. Where it fails it appends the error and returns no goal.
func (e *Engine) query(dst, text []byte, h *Host) ([][]value.Value, *analysis.Goal, []byte) {
	var q wire.Query
	if err := e.reader.Query(text, &q); err != nil {
		return nil, nil, e.appendRequestError(dst, text, err)
	}
	if q.HasRequest {
		if err := e.admit(&q.Request, h, false); err != nil {
			return nil, nil, e.appendRequestError(dst, text, err)
		}
	}
	return e.ask(dst, q.Goal, &q, h)
}

// ask evaluates a goal with the request in q, if it has one.
func (e *Engine) ask(dst []byte, text []byte, q *wire.Query, h *Host) ([][]value.Value, *analysis.Goal, []byte) {
	var files source.Files
	var diags source.List
	g := e.program.Goal(&files, text, &diags)
	if g == nil || diags.Failed() {
		return nil, nil, appendFailure(dst, &files, diags.All())
	}
	request := goal.Request{Principal: value.None, Action: value.None, Resource: value.None, Context: e.emptyContext}
	if q.HasRequest {
		request = goal.Request{Principal: q.Request.Principal, Action: q.Request.Action, Resource: q.Request.Resource, Context: q.Request.Context}
	}
	e.eval.Begin(request, e.view, e.goalLimits, h.Yield)
	rows, fault := e.eval.Query(g)
	e.countWork(e.eval.Work())
	if fault != nil {
		return nil, nil, wire.AppendError(dst, string(fault.Code), fault.Message, "", 0, 0, "")
	}
	return rows, g, dst
}
