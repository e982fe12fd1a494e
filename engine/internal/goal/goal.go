// Package goal answers goals on demand: statements, queries, and what rules add to entities.
package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/join"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Request is what the request predicates and context hold. For a goal without a request the first three are None, and Context
// is the empty record.
type Request struct{ Principal, Action, Resource, Context value.Value }

// Verdict is a statement that holds or errs; Fault says why it errs.
type Verdict struct {
	Statement int32
	Errs      bool
	Fault     *value.Fault
}

// Evaluator answers goals of one program, request after request, and reuses its memory. It is not safe for concurrent use.
//
// A goal is a predicate with values for some of its columns. It has a table, which collects its answers; rules run when their table is
// made, and where a rule reads another table it leaves a frame there, which goes on with each answer, or, where it needs all answers,
// once the table is complete. Nothing recurses: what is to do next stands on one stack. Tables are computed as T; only where that met an
// error and somebody needs to know, P is computed in a table of its own.
type Evaluator struct {
	t        *value.Table
	program  *analysis.Program
	db       *relation.Database
	preds    []analysis.Predicate // the program's; while a query runs, its own as well
	rules    []analysis.Rule
	traits   []trait    // by predicate
	closures []*closure // by predicate, nil for others
	named    [2][]analysis.PredID
	code     []*code // by rule; nil until first needed
	version  int     // of the database that code belongs to

	dispatch *dispatch
	request  Request
	call     [3]value.Value // what the request asks
	types    [3]value.Value // of its entities
	view     *entity.View
	patched  bool
	// direct: no rule makes parents, so that the hierarchy is walked without asking goals.
	direct bool
	// fields says of attributes and tags whether there is anything but what is stored.
	fields [2]bool
	grow   *growth // set while static predicates are materialised
	upkeep *upkeep // set while they are maintained

	budget
	tableSet
	work   []item
	frames []frame
	saved  []value.Value // of the frames
	levels []level
	active []int32 // levels with tables that are not complete, ascending

	// Of the rule that runs.
	vars     []value.Value
	asker    *table
	args     []value.Value // arguments of operations, a stack
	cursors  []cursor
	fault    *value.Fault // of the last outcome erred
	wait     *table       // of the last outcome waits
	search   search       // in P
	walks    [2]walk      // forwards, backwards
	joinFrom int          // joinedRows but in tests
	joining  *table       // whose answers a join makes
	buffers  join.Buffers // of the join

	// What single functions fill and use.
	row      []value.Value
	key      []value.Value
	columns  []int
	ids      []uint32
	parts    []value.Value // words of a generator, values of an aggregate or attribute
	marking  []*table
	gathered gathered
}

// mode tells the two derivations apart: what holds, and what holds or may hold for an error.
type mode uint8

const (
	modeT mode = iota
	modeP
)

// New returns an evaluator of p over the rows in db.
func New(t *value.Table, p *analysis.Program, db *relation.Database, _ *entity.Store) *Evaluator {
	e := &Evaluator{t: t, program: p, db: db, version: db.Version(), joinFrom: joinedRows}
	e.preds = append(e.preds, p.Preds...)
	e.rules = append(e.rules, p.Rules...)
	e.code = make([]*code, len(e.rules))
	e.dispatch = newDispatch(p)
	e.findTraits(0)
	e.findClosures()
	for id := range p.Preds {
		if p := &p.Preds[id]; p.Attr.IsValue() && p.Kind == analysis.PredStore {
			e.named[tagIndex(p.IsTag)] = append(e.named[tagIndex(p.IsTag)], analysis.PredID(id))
		}
	}
	for _, list := range e.named {
		slices.SortFunc(list, func(a, b analysis.PredID) int { return t.Compare(p.Preds[a].Attr, p.Preds[b].Attr) })
	}
	e.tableSet.seed, e.pauses = t.Seed(), &db.Pauses
	e.sizeLevels()
	return e
}

func tagIndex(tag bool) int {
	if tag {
		return 1
	}
	return 0
}

// Begin starts a request. The view's derived rows are the evaluator's from then on. Yield, which may be nil, is called at least every
// 50 000 steps.
func (e *Evaluator) Begin(r Request, view *entity.View, limits Limits, yield func()) {
	e.request, e.view = r, view
	e.Refresh()
	e.patched = view.Patched()
	e.direct = len(e.preds[analysis.PredParent].Rules) == 0
	e.fields = [2]bool{e.derives(analysis.PredAttribute, false), e.derives(analysis.PredTag, true)}
	parents := !e.direct || e.db.Pred(int(analysis.PredParent)).Facts.Len() > 0
	view.Derive(e, parents, e.fields[0], e.fields[1])
	e.budget.begin(e.t, limits, yield)
	e.db.Pauses.Call(yield)
	e.reset()
}

// Refresh drops what depends on the relations that the database had, if it has others now. Begin does so by itself.
func (e *Evaluator) Refresh() {
	if e.version != e.db.Version() {
		e.version = e.db.Version()
		clear(e.code)
	}
}

// derives reports whether there are rules or facts for attributes or tags.
func (e *Evaluator) derives(general analysis.PredID, tag bool) bool {
	has := func(p analysis.PredID) bool {
		return len(e.preds[p].Rules) > 0 || e.db.Pred(int(p)).Facts.Len() > 0
	}
	return has(general) || slices.ContainsFunc(e.named[tagIndex(tag)], has)
}

// reset drops what the last request left.
func (e *Evaluator) reset() {
	e.tableSet.reset()
	e.search.faults = e.search.faults[:0]
	e.work, e.frames, e.saved, e.args = e.work[:0], e.frames[:0], e.saved[:0], e.args[:0]
	for _, l := range e.active {
		e.levels[l].open, e.levels[l].waited = e.levels[l].open[:0], 0
	}
	e.active = e.active[:0]
}

// Statements evaluates in full all statements that may concern the request, and appends those that hold or err, in order.
func (e *Evaluator) Statements(out []Verdict) []Verdict {
	if len(e.program.Statements) == 0 {
		return out
	}
	e.call = [...]value.Value{e.request.Principal, e.request.Action, e.request.Resource}
	for i, v := range e.call {
		if e.types[i] = value.None; v.Kind() == value.KindEntity {
			e.types[i] = e.t.EntityType(v)
		}
	}
	for _, i := range e.dispatch.find(&e.call, &e.types) {
		if !e.concerns(e.program.Statements[i].Rules) {
			continue
		}
		v, found := e.statement(i)
		if e.stop {
			return out
		}
		if found {
			out = append(out, v)
		}
	}
	return out
}

// statement evaluates a statement, and reports whether it holds or errs.
func (e *Evaluator) statement(i int32) (v Verdict, found bool) {
	s := &e.program.Statements[i]
	pred := analysis.PredPermit
	if s.Effect == analysis.Forbid {
		pred = analysis.PredForbid
	}
	root := e.newRoot(pred, modeT, s.Rules, e.call[:])
	e.drive(root)
	switch {
	case e.stop:
	case root.n > 0:
		return Verdict{Statement: i}, true
	case root.errs:
		f := e.perhapsHolds(pred, s.Rules)
		return Verdict{Statement: i, Errs: true, Fault: f}, f != nil
	}
	return v, false
}

// perhapsHolds looks for the first of a statement's rules that may hold, and returns the error it would hold for.
func (e *Evaluator) perhapsHolds(pred analysis.PredID, rules []int32) *value.Fault {
	for i := range rules {
		if !e.concerns(rules[i : i+1]) {
			continue
		}
		root := e.newRoot(pred, modeP, rules[i:i+1], e.call[:])
		e.drive(root)
		if e.stop {
			return nil
		}
		if root.n > 0 {
			if f := root.faultOf(0); f != nil {
				return f
			}
			return errHidden
		}
	}
	return nil
}

// concerns reports whether the request has what one of some rules of a statement asks of it.
func (e *Evaluator) concerns(rules []int32) bool {
	for _, r := range rules {
		if e.dispatch.guards[r].passes(&e.call, &e.types) {
			return true
		}
	}
	return false
}

// Query returns the rows of a goal, distinct and sorted.
func (e *Evaluator) Query(g *analysis.Goal) ([][]value.Value, *value.Fault) {
	rule := e.enterGoal(g)
	defer e.leaveGoal()
	n := len(g.Columns)
	call := make([]value.Value, n)
	for i := range call {
		call[i] = value.None
	}
	root := e.newRoot(-1, modeT, []int32{rule}, call)
	e.drive(root)
	for i := range root.n {
		for _, v := range root.row(i) { // values may be large, and stand in many rows: what is written isn't what is made
			e.held += e.t.Weight(v)
		}
	}
	if e.Settle() != "" {
		return nil, e.limitFault()
	}
	rows := make([][]value.Value, root.n)
	for i := range rows {
		rows[i] = slices.Clone(root.row(i))
	}
	slices.SortFunc(rows, e.t.CompareRows)
	return rows, nil
}

// enterGoal adds a goal's own predicates and rules to the program's, and returns its rule.
func (e *Evaluator) enterGoal(g *analysis.Goal) int32 {
	from := len(e.preds)
	e.preds = append(e.preds, g.ExtraPreds...)
	e.rules = append(append(e.rules, g.ExtraRules...), g.Rule)
	e.code = append(e.code, make([]*code, len(e.rules)-len(e.code))...)
	e.findTraits(from)
	e.sizeLevels()
	return int32(len(e.rules) - 1)
}

func (e *Evaluator) leaveGoal() {
	e.preds = e.preds[:len(e.program.Preds)]
	e.rules = e.rules[:len(e.program.Rules)]
	e.code = e.code[:len(e.program.Rules)]
	e.traits = e.traits[:len(e.program.Preds)]
}

// Field implements [entity.Deriver].
func (e *Evaluator) Field(x, name value.Value, tag bool) (value.Value, entity.Status, *value.Fault) {
	for {
		v, st := e.field(x, name, tag)
		switch st {
		case ok:
			return v, entity.OK, nil
		case absent:
			return value.None, entity.Absent, nil
		case erred:
			return value.None, entity.Erred, e.fault
		}
		if e.drive(e.wait); e.stop {
			return value.None, entity.Erred, e.limitFault()
		}
	}
}

// In implements [entity.Deriver].
func (e *Evaluator) In(a, b value.Value) (entity.Tri, *value.Fault) {
	for {
		in, st := e.in(a, b)
		switch st {
		case ok:
			return entity.TriOf(in), nil
		case erred:
			return entity.Err, e.fault
		}
		if e.drive(e.wait); e.stop {
			return entity.Err, e.limitFault()
		}
	}
}

// Ancestors implements [entity.Deriver].
func (e *Evaluator) Ancestors(x value.Value, dst []value.Value) ([]value.Value, entity.Status, *value.Fault) {
	call := [...]value.Value{x, value.None}
	t := e.goal(analysis.PredIn, call[:], false)
	if e.stop {
		return dst, entity.Erred, e.limitFault()
	}
	if e.drive(t); e.stop {
		return dst, entity.Erred, e.limitFault()
	}
	for i := range t.n {
		dst = append(dst, t.row(i)[1])
	}
	if !t.errs {
		return dst, entity.OK, nil
	}
	p := e.perhapsTable(t)
	if e.drive(p); e.stop {
		return dst, entity.Erred, e.limitFault()
	}
	if p.n > t.n {
		return dst, entity.Erred, p.faultOf(t.n)
	}
	return dst, entity.OK, nil
}

// GaveUp reports whether the error steps were used up.
func (e *Evaluator) GaveUp() bool { return e.gaveUp }

// Exceeded names the limit that ended the evaluation, or is empty.
func (e *Evaluator) Exceeded() string { return e.exceeded }

// Settle counts what isn't counted yet, compares with the limits that evaluations look at every so often, and returns what Exceeded does then.
func (e *Evaluator) Settle() string {
	e.steps += e.operations()
	e.account()
	return e.exceeded
}

// Bytes returns the bytes of values made and of rows kept, as the limit counts them.
func (e *Evaluator) Bytes() int { return e.t.Made + e.held }

// Steps returns the steps taken since Begin, those in finding out what errors hide left out.
func (e *Evaluator) Steps() int { return e.steps }

// ErrorSteps returns the steps taken since Begin in finding out what errors hide.
func (e *Evaluator) ErrorSteps() int { return e.errSteps }

// Tuples returns the number of rows derived since Begin.
func (e *Evaluator) Tuples() int { return e.tuples }

// Tables returns the number of goals asked since Begin.
func (e *Evaluator) Tables() int { return e.asked }

// Work is what an evaluation took.
type Work struct {
	Steps      int
	ErrorSteps int // in finding out what errors hide, which Steps leaves out
	Tuples     int // rows derived
	Tables     int // goals asked
	Rules      int // rules started
	Bytes      int // of values made and of rows kept, as the limit counts them
}

// Work returns what was taken since Begin.
func (e *Evaluator) Work() Work {
	return Work{Steps: e.steps, ErrorSteps: e.errSteps, Tuples: e.tuples, Tables: e.asked, Rules: e.started, Bytes: e.Bytes()}
}

// Count counts n steps that the caller takes on the evaluation's behalf.
func (e *Evaluator) Count(n int) { e.step(n) }

// RulesEvaluated returns the number of rules started since Begin.
func (e *Evaluator) RulesEvaluated() int { return e.started }

func (e *Evaluator) limitFault() *value.Fault {
	return &value.Fault{Code: source.Code(e.exceeded), Message: "the evaluation exceeds " + e.exceeded}
}
