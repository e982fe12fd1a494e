package goal

import (
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Scan is a literal that requests read by going through a whole relation.
type Scan struct {
	Pred analysis.PredID
	Rows int
	Span source.Span // of the literal
}

// mindedRows is the size from which on it is worth telling that a relation is gone through.
const mindedRows = 1000

// Prepare makes the plans for what requests ask, and the indexes that these need, so that no request has to. It returns the literals that
// no index helps, in the order of rules and literals.
func (e *Evaluator) Prepare() []Scan {
	s := scanner{Evaluator: e, seen: map[string]bool{}}
	e.patched = false
	for i := range e.program.Statements {
		for _, r := range e.program.Statements[i].Rules {
			s.rule(r, e.preds[e.rules[r].Head].Demanded)
		}
	}
	s.ask(analysis.PredParent, []bool{true, false})
	for _, p := range slices.Concat([]analysis.PredID{analysis.PredAttribute, analysis.PredTag}, e.named[0], e.named[1]) {
		s.ask(p, []bool{true, true, false})
	}
	for len(s.goals) > 0 {
		g := s.goals[len(s.goals)-1]
		s.goals = s.goals[:len(s.goals)-1]
		s.goal(g)
	}
	slices.SortFunc(s.found, func(a, b found) int {
		if a.rule != b.rule {
			return int(a.rule - b.rule)
		}
		return a.literal - b.literal
	})
	var out []Scan
	for _, f := range s.found {
		if !slices.Contains(out, f.Scan) { // it may stand in alternatives
			out = append(out, f.Scan)
		}
	}
	return out
}

// scanner goes through the goals that requests may ask.
type scanner struct {
	*Evaluator
	seen  map[string]bool
	goals []adorned
	found []found
}

// adorned is a predicate with the columns that whoever asks has values for.
type adorned struct {
	pred  analysis.PredID
	bound []bool
}

type found struct {
	Scan
	rule    int32
	literal int
}

// ask notes a goal that is answered by rules.
func (s *scanner) ask(p analysis.PredID, bound []bool) {
	if p == analysis.PredIn || s.accessOf(p) == viaRelation {
		return
	}
	if key := fmt.Sprint(p, bound); !s.seen[key] {
		s.seen[key] = true
		s.goals = append(s.goals, adorned{pred: p, bound: bound})
	}
}

func (s *scanner) goal(g adorned) {
	if c := s.takeClosure(g.pred); c != nil {
		for i := range c.hops {
			for end, b := range g.bound {
				if h := &c.hops[i]; b && h.rel.Len() > 0 {
					s.hopKey(h, end, value.False)
					h.rel.Index(s.columns)
				}
			}
		}
		return
	}
	for _, r := range s.preds[g.pred].Rules {
		s.rule(r, g.bound)
	}
}

// rule plans a rule for a goal and looks at how each literal is reached.
func (s *scanner) rule(r int32, bound []bool) {
	head := s.rules[r].Head
	call := make([]value.Value, len(s.rules[r].HeadArgs))
	for i := range call {
		if call[i] = value.None; i < len(bound) && bound[i] {
			call[i] = value.False // what value doesn't matter
		}
	}
	p := s.planFor(s.codeOf(r), call, s.preds[head].Demanded, -1)
	for i := range p.steps {
		s.step(r, &p.steps[i])
	}
}

func (s *scanner) step(r int32, st *step) {
	if (st.Kind == analysis.LitAtom || st.Kind == analysis.LitNot) && st.via == viaRelation && st.index == nil {
		s.relationOf(st.Pred).Prepare()
	}
	switch st.Kind {
	case analysis.LitAggregate:
		bound := make([]bool, s.preds[st.Aggregate.Pred].Arity)
		for i := range st.Aggregate.Group {
			bound[i] = true
		}
		s.ask(st.Aggregate.Pred, bound)
	case analysis.LitNot:
		var bound []bool
		for _, a := range st.Args {
			bound = append(bound, a.Var != analysis.TermWildcard)
		}
		s.ask(st.Pred, bound)
	case analysis.LitAtom:
		bound := boundColumns(st.cols)
		if st.via == viaRelation && st.binds && !slices.Contains(bound, true) {
			s.scan(r, st)
		} else if st.via == viaTable {
			s.ask(st.Pred, bound)
		}
	}
}

func boundColumns(cols []operand) []bool {
	var out []bool
	for _, o := range cols {
		out = append(out, o.kind == isConst || o.kind == isVar)
	}
	return out
}

func (s *scanner) scan(r int32, st *step) {
	n := st.index.Relation().Len()
	if n < mindedRows {
		return
	}
	literal := slices.IndexFunc(s.rules[r].Body, func(l analysis.Literal) bool { return l.Span == st.Span })
	s.found = append(s.found, found{Scan: Scan{Pred: st.Pred, Rows: n, Span: st.Span}, rule: r, literal: literal})
}
