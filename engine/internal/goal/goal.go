// Package goal answers goals on demand: statements, queries, and what rules add to entities.
package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Request is what the request predicates and context hold. For a goal without a request the first three are None, and Context
// is the empty record.
type Request struct{ Principal, Action, Resource, Context value.Value }

// Limits bound the work of one request; 0 is no limit.
type Limits struct {
	Steps, ErrorSteps, Tuples, Tables, ArenaBytes, Depth, StringBytes, Collect int
}

// Verdict is a statement that holds or errs; Fault says why it errs.
type Verdict struct {
	Statement int32
	Errs      bool
	Fault     *value.Fault
}

// Evaluator answers goals of one program, request after request, and reuses its memory. It is not safe for concurrent use.
type Evaluator struct{}

// New returns an evaluator of p over the facts in db and the entities in store.
func New(t *value.Table, p *analysis.Program, db *relation.Database, store *entity.Store) *Evaluator {
	panic("not yet")
}

// Begin starts a request. Yield, which may be nil, is called at least every 50 000 steps.
func (e *Evaluator) Begin(r Request, view *entity.View, limits Limits, yield func()) {}

// Statements evaluates all statements in full and appends those that hold or err, in order.
func (e *Evaluator) Statements(out []Verdict) []Verdict { return out }

// Query returns the rows of a goal, distinct and sorted.
func (e *Evaluator) Query(g *analysis.Goal) ([][]value.Value, *value.Fault) { return nil, nil }

// Exceeded names the limit that ended the evaluation, or is empty.
func (e *Evaluator) Exceeded() string { return "" }

// Steps returns the steps taken since Begin.
func (e *Evaluator) Steps() int { return 0 }

// Tuples returns the number of rows derived since Begin.
func (e *Evaluator) Tuples() int { return 0 }

// Tables returns the number of goals asked since Begin.
func (e *Evaluator) Tables() int { return 0 }

// RulesEvaluated returns the number of rules started since Begin.
func (e *Evaluator) RulesEvaluated() int { return 0 }

// Field implements [entity.Deriver].
func (e *Evaluator) Field(x, name value.Value, tag bool) (value.Value, entity.Status, *value.Fault) {
	return value.None, entity.Absent, nil
}

// In implements [entity.Deriver].
func (e *Evaluator) In(a, b value.Value) (entity.Tri, *value.Fault) { return entity.No, nil }

// Ancestors implements [entity.Deriver].
func (e *Evaluator) Ancestors(x value.Value, dst []value.Value) ([]value.Value, entity.Status, *value.Fault) {
	return dst, entity.OK, nil
}
