package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// item is one thing to do.
type item struct {
	do  action
	id  int32 // of a table or a frame
	arg int32
}

type action uint8

const (
	// startRules runs a table's rules from number arg on.
	startRules action = iota
	// deliver lets a frame take the next answer of the table that it reads.
	deliver
	// resume lets a frame go on that waited for a table to be complete.
	resume
	// expand follows the parents of row arg of a table of PredIn.
	expand
)

// level holds the tables of one stratum and mode: 2·stratum for T and the next for P. What a rule waits to be complete is always of a
// lower level than the rule's own table.
type level struct {
	open   []*table
	waited int // frames that wait for one of them to be complete
}

func (e *Evaluator) sizeLevels() {
	last := int32(0)
	for i := range e.preds {
		last = max(last, e.preds[i].Stratum)
	}
	for len(e.levels) < 2*int(last)+4 {
		e.levels = append(e.levels, level{})
	}
}

// levelOf is a predicate's level; that of a query is the last.
func (e *Evaluator) levelOf(p analysis.PredID, m mode) int32 {
	if p < 0 {
		return int32(len(e.levels)) - 2 + int32(m)
	}
	return 2*e.preds[p].Stratum + int32(m)
}

// newTable makes an empty table that isn't complete. Whoever fills it not at once opens it.
func (e *Evaluator) newTable(p analysis.PredID, m mode, rules []int32, call []value.Value, depth int32) *table {
	t := e.take()
	t.mode, t.pred, t.rules, t.arity = m, p, rules, len(call)
	t.call = append(t.call, call...)
	t.level, t.depth = e.levelOf(p, m), depth
	e.held += 96 + 4*len(call)
	return t
}

// open adds a table to those of its level that aren't complete.
func (e *Evaluator) open(t *table) {
	l := &e.levels[t.level]
	if len(l.open) == 0 {
		i, _ := slices.BinarySearch(e.active, t.level)
		e.active = slices.Insert(e.active, i, t.level)
	}
	l.open = append(l.open, t)
}

// newRoot makes a table that no goal finds, for a statement or query.
func (e *Evaluator) newRoot(p analysis.PredID, m mode, rules []int32, call []value.Value) *table {
	t := e.newTable(p, m, rules, call, 0)
	e.open(t)
	t.hard = p >= 0
	e.push(startRules, t.id, 0)
	return t
}

// oneColumn reports whether goals of a predicate bind its first column alone, so that one table serves all questions about an entity.
func oneColumn(p analysis.PredID) bool { return p == analysis.PredIn || p == analysis.PredParent }

// goal returns the T table of a goal, which it makes and starts where there is none, one level deeper than the table that asks.
func (e *Evaluator) goal(p analysis.PredID, call []value.Value, hard bool) *table {
	t, place := e.findGoal(p, call, hard)
	if t != nil {
		return t
	}
	depth := int32(1)
	if e.asker != nil {
		depth = e.asker.depth + 1
	}
	t = e.newTable(p, modeT, e.preds[p].Rules, call, depth)
	t.hard = hard
	e.addGoal(t, place)
	e.asked++
	e.step(1)
	switch {
	case e.limits.Tables > 0 && e.asked > e.limits.Tables:
		e.exceed(limitTables)
	case e.limits.Depth > 0 && int(depth) > e.limits.Depth:
		e.exceed(limitDepth)
	}
	e.start(t)
	return t
}

// affords reports whether n steps are left to whoever asks. Where they aren't, the limit is exceeded, before anything is done.
func (e *Evaluator) affords(n int) bool {
	if e.asker != nil && e.asker.mode == modeP {
		return e.affordsErrorSteps(n)
	}
	return e.affordsSteps(n)
}

// perhapsTable returns the P table for a T table that is complete and met an error.
func (e *Evaluator) perhapsTable(t *table) *table {
	if t.other != nil {
		return t.other
	}
	p := e.newTable(t.pred, modeP, t.rules, t.call, t.depth)
	t.other, p.other = p, t
	e.errorStep(1)
	for i := range t.n {
		e.add(p, t.row(i))
	}
	if e.gaveUp {
		e.universal(p)
		return p
	}
	e.start(p)
	return p
}

// start queues what fills a new table.
func (e *Evaluator) start(t *table) {
	if e.stop {
		return
	}
	if t.mode == modeT {
		if c := e.takeClosure(t.pred); c != nil {
			e.startClosure(c, t)
			return
		}
	}
	e.open(t)
	switch {
	case t.pred == analysis.PredIn:
		e.startIn(t)
		return
	case t.mode == modeP:
	case t.pred == analysis.PredParent:
		e.startParent(t)
	default:
		e.addFacts(t)
	}
	switch {
	case t.complete:
	case len(t.rules) == 0:
		e.finish(t)
	default:
		e.push(startRules, t.id, 0)
	}
}

// addFacts adds a predicate's facts that agree with a goal.
func (e *Evaluator) addFacts(t *table) {
	if int(t.pred) >= e.db.Len() {
		return
	}
	rel := e.db.Pred(int(t.pred)).Facts
	if rel.Len() == 0 {
		return
	}
	ix, key := e.indexFor(rel, t.call)
	if !e.affords(len(ix.Find(key))) {
		return
	}
	for _, id := range ix.Sorted(e.t, key) {
		e.step(1)
		e.answer(t, rel.Row(id), nil)
	}
}

func (e *Evaluator) push(do action, id, arg int32) {
	e.work = append(e.work, item{do: do, id: id, arg: arg})
}

// drive works until a table is complete or a limit is exceeded. Work that an early answer made needless stays at the bottom of the stack,
// for whoever needs those tables complete.
func (e *Evaluator) drive(t *table) {
	for !t.complete && !e.stop {
		if e.gaveUp && t.mode == modeP {
			e.universal(t)
			return
		}
		if len(e.work) > 0 {
			e.perform()
		} else {
			e.completeUpTo(e.lowestWaited(t.level))
		}
	}
}

// perform does what is on top of the stack.
func (e *Evaluator) perform() {
	n := len(e.work) - 1
	w := e.work[n]
	e.work = e.work[:n]
	switch w.do {
	case startRules:
		e.startRules(e.tables[w.id], w.arg)
	case deliver:
		e.deliver(w.id)
	case resume:
		e.resume(w.id)
	case expand:
		e.expand(e.tables[w.id], w.arg)
	}
	e.asker = nil
}

// universal ends the search for what may hold of a goal, the error steps being used up: anything may.
func (e *Evaluator) universal(t *table) {
	row := e.row[:0]
	for _, v := range t.call {
		if v == value.None {
			v = value.Unknown
		}
		row = append(row, v)
	}
	e.row = row
	if t.grow == nil {
		e.answer(t, row, errSteps)
	}
	if !t.complete {
		e.finish(t)
	}
}

// errSteps is the error of what was still open when the error steps were used up.
var errSteps = &value.Fault{Code: codeErrorSteps, Message: "finding out what an error hides takes more steps than the limit error_steps allows"}

// lowestWaited returns the lowest level, up to most, of which a table is waited for.
func (e *Evaluator) lowestWaited(most int32) int32 {
	for _, l := range e.active {
		if l < most && e.levels[l].waited > 0 {
			return l
		}
	}
	return most
}

// completeUpTo marks the tables up to a level complete: there is no work left, and nobody at these levels waits.
func (e *Evaluator) completeUpTo(most int32) {
	n, _ := slices.BinarySearch(e.active, most+1)
	for i := n - 1; i >= 0; i-- { // so that who waited first goes on first
		l := &e.levels[e.active[i]]
		for j := len(l.open) - 1; j >= 0; j-- {
			e.close(l.open[j])
		}
		l.open = l.open[:0]
	}
	e.active = slices.Delete(e.active, 0, n)
}

// close marks a table complete that no more answers can come to.
func (e *Evaluator) close(t *table) {
	switch {
	case t.complete:
	case e.gaveUp && t.mode == modeP:
		e.universal(t)
	default:
		e.finish(t)
	}
}

// finish marks a table complete and lets those go on that waited for it.
func (e *Evaluator) finish(t *table) {
	t.complete = true
	e.levels[t.level].waited -= len(t.waiters)
	for i := len(t.waiters) - 1; i >= 0; i-- {
		e.push(resume, t.waiters[i], 0)
	}
	t.waiters = t.waiters[:0]
}

// startRules runs one rule of a table and leaves the others for later, when what this one asks has been looked at.
func (e *Evaluator) startRules(t *table, i int32) {
	if t.complete || t.mode == modeP && e.gaveUp {
		return
	}
	if int(i)+1 < len(t.rules) {
		e.push(startRules, t.id, i+1)
	}
	e.asker = t
	e.started++
	if t.mode == modeP {
		e.startP(t, t.rules[i])
		return
	}
	e.startT(t, t.rules[i])
}

// answer adds a row to a table and wakes those that read it.
func (e *Evaluator) answer(t *table, row []value.Value, fault *value.Fault) {
	if t.grow != nil {
		e.growAnswer(t, row, fault)
		return
	}
	if t.complete || !e.add(t, row) {
		return
	}
	e.tuple(t.arity)
	if fault != nil {
		for len(t.faults) < t.n-1 {
			t.faults = append(t.faults, nil)
		}
		t.faults = append(t.faults, fault)
	}
	for i := len(t.consumers) - 1; i >= 0; i-- {
		if f := &e.frames[t.consumers[i]]; !f.queued {
			f.queued = true
			e.push(deliver, t.consumers[i], 0)
		}
	}
	switch {
	case t.hard:
		e.finish(t)
	case t.pred == analysis.PredIn && !e.direct:
		e.push(expand, t.id, int32(t.n-1))
	}
}

// mark notes that an error was met on the way to a table's answers, and so to those of all that read it.
func (e *Evaluator) mark(t *table) {
	if t.errs || t.mode == modeP {
		return
	}
	t.errs = true
	e.marking = append(e.marking[:0], t)
	for len(e.marking) > 0 {
		t := e.marking[len(e.marking)-1]
		e.marking = e.marking[:len(e.marking)-1]
		for _, c := range t.consumers {
			if target := e.frames[c].target; !target.errs && target.mode == modeT {
				target.errs = true
				e.marking = append(e.marking, target)
			}
		}
	}
}
