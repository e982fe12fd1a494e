package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// search is the evaluation of a rule in P, where errors leave variables Unknown. What is known of a variable only grows: None, then perhaps
// Unknown, then perhaps a value; and a literal is taken up when its inputs are known, or, failing that, once they are Unknown. So the
// order of literals can't matter. The order is found anew for each solution; P is rare.
type search struct {
	vars  []value.Value
	done  []value.Value // by literal: True or None
	blame blame
	// want has, by variable, the values that the goal gives for columns that rules bind. They don't bind a variable, which has to pass the
	// tests as what the body makes of it; but a variable that gets another value can't give an answer. Unknown: no value will do.
	want   []value.Value
	args   []value.Value
	faults []*value.Fault // of rows that frames keep
	rows   cursor
	span   source.Span // of the rule that gave the last answer
}

// blame is the error for which a solution may hold: of all, the first in the order of the rule's literals.
type blame struct {
	lit   int32
	fault *value.Fault
}

const codeHidden source.Code = "datalog.error"

// errHidden stands for an error that left no trace of its own.
var errHidden = &value.Fault{Code: codeHidden, Message: "an error hides whether the rule holds"}

func (s *search) accuse(lit int, fault *value.Fault) {
	if fault != nil && (s.blame.fault == nil || int32(lit) < s.blame.lit) {
		s.blame = blame{lit: int32(lit), fault: fault}
	}
}

// bind makes a variable equal to v, if it can be.
func (s *search) bind(variable int32, v value.Value) bool {
	have := s.vars[variable]
	if have.IsValue() {
		return v == value.Unknown || have == v
	}
	if have != value.Unknown || v != value.Unknown {
		s.vars[variable] = v
	}
	want := s.want[variable]
	return !v.IsValue() || want == value.None || want == v
}

func (s *search) bindTerm(a analysis.Term, v value.Value) bool {
	switch a.Var {
	case analysis.TermWildcard:
		return true
	case analysis.TermConst:
		return v == value.Unknown || a.Const == v
	}
	return s.bind(a.Var, v)
}

func (s *search) bindRow(args []analysis.Term, row []value.Value) bool {
	for i, a := range args {
		if !s.bindTerm(a, row[i]) {
			return false
		}
	}
	return true
}

// fill returns s with length n and every element v.
func fill(s []value.Value, n int, v value.Value) []value.Value {
	s = s[:0]
	for range n {
		s = append(s, v)
	}
	return s
}

// setWants prepares for a rule under a goal.
func (e *Evaluator) setWants(c *code, t *table) {
	s := &e.search
	s.want = fill(s.want, c.rule.NumVars, value.None)
	for i, a := range c.rule.HeadArgs {
		v := t.call[i]
		if a.Var < 0 || v == value.None || e.isDemanded(t, i) {
			continue
		}
		if w := s.want[a.Var]; w != value.None && w != v {
			v = value.Unknown
		}
		s.want[a.Var] = v
	}
}

func (e *Evaluator) isDemanded(t *table, column int) bool {
	return t.pred >= 0 && e.preds[t.pred].Demanded != nil && e.preds[t.pred].Demanded[column]
}

// startP runs a rule for a goal.
func (e *Evaluator) startP(t *table, rule int32) {
	c, ok := e.prepareP(t, rule)
	if ok {
		e.runP(c, t)
	}
}

// prepareP sets the search to a rule's start under a goal.
func (e *Evaluator) prepareP(t *table, rule int32) (*code, bool) {
	c, s := e.codeOf(rule), &e.search
	s.vars = fill(s.vars, c.rule.NumVars, value.None)
	s.done = fill(s.done, len(c.lits), value.None)
	s.blame = blame{}
	e.setWants(c, t)
	for i, a := range c.rule.HeadArgs {
		v := t.call[i]
		switch {
		case v == value.None:
		case a.Var == analysis.TermConst:
			if a.Const != v {
				return c, false
			}
		case a.Var >= 0 && e.isDemanded(t, i) && !s.bind(a.Var, v):
			return c, false
		}
	}
	return c, true
}

// runP goes on with the search until it has an answer, fails, or leaves a frame.
func (e *Evaluator) runP(c *code, t *table) {
	s := &e.search
	for {
		e.errorStep(1)
		if e.stop || e.gaveUp || t.complete {
			return
		}
		i, ready := s.nextLiteral(c)
		if i < 0 {
			e.emitP(c, t)
			return
		}
		if !e.literalP(c, t, i, ready) {
			return
		}
		s.done[i] = value.True
	}
}

// nextLiteral picks a literal that can be evaluated soundly; failing that, one that an error has left without its inputs. Ready tells them
// apart. Of those that are ready what narrows the search down comes first; of the others what enumerates, and tests last.
func (s *search) nextLiteral(c *code) (i int, ready bool) {
	best, bestRank := -1, 3*stages
	for i := range c.lits {
		if s.done[i] == value.True {
			continue
		}
		if rank := s.rank(&c.lits[i]); rank < bestRank {
			best, bestRank = i, rank
		}
	}
	return best, bestRank < stages
}

const stages = 5

var (
	knownStage = [...]int{
		analysis.LitTest: 0, analysis.LitEquation: 1, analysis.LitAtom: 2, analysis.LitNot: 3, analysis.LitAggregate: 4, analysis.LitGenerate: 4,
	}
	hiddenStage = [...]int{
		analysis.LitAtom: 0, analysis.LitEquation: 1, analysis.LitAggregate: 1, analysis.LitGenerate: 1, analysis.LitTest: 2, analysis.LitNot: 2,
	}
)

// rank orders literals: those whose inputs have values, then those of which some are Unknown, then the rest.
func (s *search) rank(l *literal) int {
	known := 0
	for _, v := range l.inputs {
		switch have := s.vars[v]; {
		case have == value.None:
			known = 2
		case !have.IsValue():
			known = max(known, 1)
		}
	}
	if known == 0 {
		return knownStage[l.Kind]
	}
	return known*stages + hiddenStage[l.Kind]
}

// literalP evaluates a literal. It reports whether the search goes on at once with the next. What binds variables binds them to Unknown
// where it isn't ready, even if its value doesn't depend on what is Unknown: else it would matter whether it comes before or after others.
func (e *Evaluator) literalP(c *code, t *table, i int, ready bool) bool {
	s, l := &e.search, &c.lits[i]
	if !ready && (l.Kind == analysis.LitAtom || l.Kind == analysis.LitGenerate) { // anything may match
		for _, a := range l.Args {
			s.bindTerm(a, value.Unknown)
		}
		return true
	}
	v, st := value.True, ok
	switch l.Kind {
	case analysis.LitAtom:
		return e.atomP(c, t, i)
	case analysis.LitNot:
		if ready {
			return e.notP(c, t, i)
		}
		return true
	case analysis.LitTest:
		v, st = e.evalP(l.expr)
		if st == ok && v != value.Unknown && v.Kind() != value.KindBool {
			_, st = e.wrongKind("a condition", v)
		}
		if st == ok {
			return v != value.False
		}
	case analysis.LitEquation:
		if v = value.Unknown; ready {
			v, st = e.evalP(l.expr)
		}
	case analysis.LitAggregate:
		if v = value.Unknown; ready {
			v, st = e.withVars(func() (value.Value, status) { return e.aggregate(l.Aggregate) })
		}
	case analysis.LitGenerate:
		return e.generateP(c, t, i)
	}
	switch {
	case st == waits:
		e.awaitP(c, t, i)
		return false
	case st == absent:
		return false
	case st == erred:
		s.accuse(i, e.fault)
		v = value.Unknown
	}
	return l.Kind == analysis.LitTest || s.bind(l.Var, v)
}

// evalP evaluates an expression over the search's variables.
func (e *Evaluator) evalP(x expr) (value.Value, status) {
	return e.withVars(func() (value.Value, status) { return x(e) })
}

func (e *Evaluator) withVars(f func() (value.Value, status)) (value.Value, status) {
	saved := e.vars
	e.vars = e.search.vars
	v, st := f()
	e.vars = saved
	return v, st
}

func (e *Evaluator) awaitP(c *code, t *table, i int) {
	e.await(e.wait, e.frameP(c, t, i))
}

// frameP keeps the search for later.
func (e *Evaluator) frameP(c *code, t *table, i int) frame {
	s := &e.search
	at := e.save(s.vars)
	e.save(s.done)
	return frame{kind: frameP, target: t, code: c, lit: int32(i), saved: at, blame: s.blame, faults: -1}
}

// loadP sets the search to what a frame kept.
func (e *Evaluator) loadP(f *frame) {
	s, n, m := &e.search, f.code.rule.NumVars, len(f.code.lits)
	at := int(f.saved)
	s.vars = append(s.vars[:0], e.saved[at:at+n]...)
	s.done = append(s.done[:0], e.saved[at+n:at+n+m]...)
	s.blame = f.blame
	e.setWants(f.code, f.target)
}

func (e *Evaluator) resumeP(f *frame) {
	e.loadP(f)
	e.runP(f.code, f.target)
}

// deliverP goes on after an atom or generator with one of its rows.
func (e *Evaluator) deliverP(f *frame, i int) {
	e.errorStep(1)
	e.loadP(f)
	s, l := &e.search, &f.code.lits[f.lit]
	var row []value.Value
	var fault *value.Fault
	if f.source != nil {
		row, fault = f.source.row(i), f.source.faultOf(i)
	} else {
		n := len(l.Args)
		row = e.saved[int(f.rows)+i*n : int(f.rows)+(i+1)*n]
		if f.faults >= 0 {
			fault = s.faults[int(f.faults)+i]
		}
	}
	if s.bindRow(l.Args, row) {
		s.accuse(int(f.lit), fault)
		s.done[f.lit] = value.True
		e.runP(f.code, f.target)
	}
}

// emitP adds the answer of a solution.
func (e *Evaluator) emitP(c *code, t *table) {
	s := &e.search
	e.row = e.row[:0]
	for i, a := range c.rule.HeadArgs {
		v := a.Const
		switch {
		case a.Var >= 0:
			v = s.vars[a.Var]
		case a.Var == analysis.TermWildcard:
			v = t.call[i]
		}
		if e.isDemanded(t, i) && t.call[i] != value.None {
			v = t.call[i]
		}
		if v == value.None && a.Var != analysis.TermConst {
			v = value.Unknown
		}
		e.row = append(e.row, v)
	}
	s.span = c.rule.Span
	fault := s.blame.fault
	if fault == nil && t.pred == analysis.PredParent {
		fault = e.program.ParentFault(e.row[0], e.row[1])
	}
	e.answer(t, e.row, fault)
}
