// Package fixpoint keeps a program's facts and what follows from them without a request.
package fixpoint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// MaxRows bounds the rows that a component of materialised predicates may have. One that would exceed it is left to be evaluated on demand.
const MaxRows = 2_000_000

// Options bound the work of a load and of each update.
type Options struct {
	Limits  goal.Limits
	Yield   func() // nil, or called at least every 50 000 steps
	MaxRows int    // 0: [MaxRows]
	// TakeFacts makes the memory of the program's facts the model's: it is no more what it was once facts change.
	TakeFacts bool
}

// Model is a program's facts and materialised predicates. They change by [Model.Update] alone.
type Model struct {
	t       *value.Table
	program *analysis.Program
	options Options
	db      *relation.Database
	eval    *goal.Evaluator
	view    *entity.View
	strata  [][]analysis.PredID // components that are materialised together, lowest first
	groups  []group             // all predicates by stratum, lowest first

	warnings []warning
	scans    []goal.Scan // at load

	errorSteps int // of the load or the last update
}

// warning is a static row that errs, or rows with the same error.
type warning struct {
	goal.Warning
	component int
}

// New loads the program's facts and materialises what is static.
func New(t *value.Table, p *analysis.Program, store *entity.Store, o Options) (*Model, *value.Fault) {
	if o.MaxRows == 0 {
		o.MaxRows = MaxRows
	}
	m := &Model{t: t, program: p, options: o, db: newDatabase(t, p), view: entity.NewView(t, store)}
	m.db.Pauses.Call(o.Yield)
	load(m.db, p.Facts, o.TakeFacts)
	goal.LeaveToDemand(t, p)
	m.findComponents()
	m.eval = goal.New(t, p, m.db, store)
	m.findGroups()
	m.begin(m.options.Limits)
	for i := range m.strata {
		if f := m.materialise(i); f != nil {
			return nil, f
		}
	}
	m.scans = m.eval.Prepare()
	return m, nil
}

func newDatabase(t *value.Table, p *analysis.Program) *relation.Database {
	arities := make([]int, len(p.Preds))
	for i := range p.Preds {
		arities[i] = p.Preds[i].Arity
	}
	return relation.NewDatabase(t, arities)
}

// load inserts facts; where take, the memory of a predicate's facts becomes its relation's.
func load(db *relation.Database, facts []analysis.Facts, take bool) {
	sizes := make([]int, db.Len())
	for _, f := range facts {
		sizes[f.Pred] += f.Count
	}
	united := make([][]value.Value, db.Len())
	for _, f := range facts {
		rel := db.Pred(int(f.Pred)).Facts
		size := sizes[f.Pred] * rel.Arity()
		switch rows := united[f.Pred]; {
		case !take || rel.Arity() == 0:
			insert(rel, f, db)
			continue
		case len(f.Rows) == size:
			united[f.Pred] = f.Rows
		default:
			if rows == nil {
				rows = make([]value.Value, 0, size)
			}
			united[f.Pred] = append(rows, f.Rows...)
		}
		if len(united[f.Pred]) == size {
			rel.Adopt(united[f.Pred])
			united[f.Pred] = nil
		}
	}
}

func insert(rel *relation.Relation, f analysis.Facts, db *relation.Database) {
	if rel.Len() == 0 {
		rel.Grow(f.Count)
	}
	for i := range f.Count {
		rel.Insert(rowOf(f, rel.Arity(), i))
		db.Pauses.Spend(1)
	}
}

func rowOf(f analysis.Facts, arity, i int) []value.Value { return f.Rows[i*arity : (i+1)*arity] }

// findComponents collects the predicates to materialise, by stratum.
func (m *Model) findComponents() {
	byStratum := map[int32][]analysis.PredID{}
	for i := range m.program.Preds {
		if p := &m.program.Preds[i]; p.Materialize && len(p.Rules) > 0 {
			byStratum[p.Stratum] = append(byStratum[p.Stratum], analysis.PredID(i))
		}
	}
	for _, preds := range byStratum {
		m.strata = append(m.strata, preds)
	}
	slices.SortFunc(m.strata, func(a, b []analysis.PredID) int {
		return cmp.Compare(m.program.Preds[a[0]].Stratum, m.program.Preds[b[0]].Stratum)
	})
}

// begin prepares the evaluator for a load or an update.
func (m *Model) begin(limits goal.Limits) {
	empty := goal.Request{Principal: value.None, Action: value.None, Resource: value.None, Context: m.t.Record(nil)}
	m.view.Reset()
	m.t.Made, m.errorSteps = 0, 0
	m.eval.Begin(empty, m.view, limits, m.options.Yield)
}

// materialise evaluates a component.
func (m *Model) materialise(i int) *value.Fault {
	m.warnings = slices.DeleteFunc(m.warnings, func(w warning) bool { return w.component == i })
	grown, warnings := m.eval.Materialise(m.strata[i], m.options.MaxRows)
	m.errorSteps += m.eval.ErrorSteps()
	if f := m.exceeded(); f != nil {
		return f
	}
	m.publish(i, grown)
	for _, w := range warnings {
		m.warnings = append(m.warnings, warning{Warning: w, component: i})
	}
	return nil
}

// exceeded tells of the limit that ended the evaluation, if one did.
func (m *Model) exceeded() *value.Fault {
	limit := m.eval.Settle()
	if limit == "" {
		return nil
	}
	return exceeds(limit)
}

func exceeds(limit string) *value.Fault {
	return &value.Fault{Code: source.Code(limit), Message: "evaluating what is static exceeds " + limit}
}

// Work returns what the load or the last update took.
func (m *Model) Work() goal.Work {
	w := m.eval.Work()
	w.ErrorSteps = m.errorSteps
	return w
}

// publish puts a component's rows into the database; none were found if it is too large.
func (m *Model) publish(i int, grown []goal.Grown) {
	if grown == nil {
		for _, p := range m.strata[i] {
			m.db.Materialise(int(p), nil, nil)
		}
	}
	for _, g := range grown {
		m.db.Materialise(int(g.Pred), g.Rows, g.Erring)
	}
	m.eval.Refresh()
}

// DB returns the rows. They change with updates.
func (m *Model) DB() *relation.Database { return m.db }

const codeFullScan source.Code = "datalog.full_scan"

// mostWarnings is how many warnings are given of one predicate.
const mostWarnings = 10

// Warnings tell of static rows that err, and of literals that make each request that asks them go through a large relation.
func (m *Model) Warnings() []source.Diagnostic {
	var out []source.Diagnostic
	given := map[analysis.PredID]int{}
	for _, w := range m.warnings {
		if given[w.Pred]++; given[w.Pred] > mostWarnings {
			continue
		}
		out = append(out, source.Diagnostic{
			Severity: source.Warning, Code: w.Fault.Code, Span: w.Span,
			Message: "a row of " + m.program.Preds[w.Pred].Name + " errs: " + w.Fault.Message,
		})
	}
	for _, s := range m.scans {
		out = append(out, source.Diagnostic{
			Severity: source.Warning, Code: codeFullScan, Span: s.Span,
			Message: fmt.Sprintf("full scan of %s (%d tuples) on every request that comes here", m.program.Preds[s.Pred].Name, s.Rows),
			Help:    "nothing binds a column before it: bind one by the head, a constant, or a literal on the request",
		})
	}
	return out
}
