package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// reach returns the predicates that can be reached from roots over edges, and for each the edge by which it was.
func reach(next [][]edge, roots []PredID) map[PredID]*edge {
	came := map[PredID]*edge{}
	queue := slices.Clone(roots)
	for _, r := range roots {
		came[r] = nil
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for i := range next[queue[0]] {
			e := &next[queue[0]][i]
			if _, seen := came[e.to]; !seen {
				came[e.to] = e
				queue = append(queue, e.to)
			}
		}
	}
	return came
}

// storeRoots are the predicates whose rules policies and decisions ask for.
func (a *analysis) storeRoots() []PredID {
	out := []PredID{PredPermit, PredForbid}
	for id := range a.preds {
		if k := a.preds[id].Kind; k == PredStore || k == PredHierarchy {
			out = append(out, PredID(id))
		}
	}
	return out
}

// decisionsUsed reports permit and forbid in the bodies of rules that decisions reach.
func (a *analysis) decisionsUsed() {
	if a.goal {
		return
	}
	next := a.adjacency()
	came := reach(next, a.storeRoots())
	for i := range a.edges {
		e := &a.edges[i]
		if _, reached := came[e.from]; !reached || e.to != PredPermit && e.to != PredForbid {
			continue
		}
		d := a.diags.Errorf(e.at, codeDecisionUsed, "%s is used by a rule that decisions themselves depend on", a.preds[e.to].Name)
		var chain []source.Related
		for at := e; at != nil; at = came[at.from] {
			if !at.at.IsZero() {
				chain = append(chain, source.Related{Span: at.at, Message: a.preds[at.from].Name + " uses " + a.preds[at.to].Name + " here"})
			}
		}
		slices.Reverse(chain)
		d.Related = chain
		d.Help = "use the predicates that the " + a.preds[e.to].Name + " rules use; permit and forbid may stand in queries and in rules for reports"
	}
}

// depend finds what depends on the request and on the entity store, and what is evaluated at load.
func (a *analysis) depend() {
	next := a.adjacency()
	order := make([]PredID, 0, len(a.preds))
	for id := a.first; int(id) < len(a.preds); id++ {
		order = append(order, id)
	}
	slices.SortStableFunc(order, func(x, y PredID) int { return int(a.preds[x].Stratum) - int(a.preds[y].Stratum) })
	for i, c := range a.clauses {
		if c.Head < 0 {
			continue
		}
		p := &a.preds[c.Head]
		p.RequestDependent, p.StoreDependent = p.RequestDependent || c.request, p.StoreDependent || c.store
		a.addRule(c, int32(i))
	}
	for _, id := range order {
		p := &a.preds[id]
		p.RequestDependent = p.RequestDependent || p.Kind == PredRequest
		p.StoreDependent = p.StoreDependent || p.Kind == PredStore || p.Kind == PredHierarchy
	}
	for lo := 0; lo < len(order); {
		hi := lo
		for hi < len(order) && a.preds[order[hi]].Stratum == a.preds[order[lo]].Stratum {
			hi++
		}
		a.dependComponent(next, order[lo:hi])
		lo = hi
	}
}

// addRule files a clause under its predicate, and one of attribute or tag with a variable name under every named one too.
func (a *analysis) addRule(c *clause, i int32) {
	a.preds[c.Head].Rules = append(a.preds[c.Head].Rules, i)
	if c.Statement >= 0 {
		s := &a.statements[c.Statement]
		s.Rules = append(s.Rules, i)
	}
	if c.Head == PredAttribute || c.Head == PredTag {
		for id := range a.preds {
			if p := &a.preds[id]; p.Attr != value.None && p.IsTag == (c.Head == PredTag) {
				p.Rules = append(p.Rules, i)
			}
		}
	}
}

// dependComponent spreads dependence to a component from what it uses.
func (a *analysis) dependComponent(next [][]edge, members []PredID) {
	request, store, demanded, makes, materialize, demand := false, false, false, false, false, false
	for _, id := range members {
		p := &a.preds[id]
		request, store = request || p.RequestDependent, store || p.StoreDependent
		demanded = demanded || slices.Contains(p.Demanded, true)
		makes = makes || p.Recursive && a.makesValues(id)
		materialize, demand = materialize || a.infos[id].static, demand || a.infos[id].demand
		for _, e := range next[id] {
			request = request || a.preds[e.to].RequestDependent
			store = store || a.preds[e.to].StoreDependent
			makes = makes || a.infos[e.to].makes
		}
	}
	for _, id := range members {
		p := &a.preds[id]
		p.RequestDependent, p.StoreDependent = request, store
		a.infos[id].makes = makes
		p.Materialize = (p.Kind == PredUser || p.Kind == PredAux) && len(p.Rules) > 0 && !request && !demanded && !makes && !demand
		p.Pinned = p.Materialize && a.infos[id].static
		if a.infos[id].static && (request || demanded || makes) {
			a.notMaterialized(id, request, makes)
		}
	}
}

func (a *analysis) notMaterialized(id PredID, request, makes bool) {
	d := a.diags.Warnf(a.infos[id].at, codePredicateNotBuilt, "%s can't be materialized", a.preds[id].Name)
	switch {
	case request:
		d.Help = "it depends on the request"
	case makes:
		d.Help = "its recursion makes new values, so it runs under a request's limits"
	default:
		d.Help = "it is part of the hierarchy's recursion, which is evaluated on demand"
	}
}

// makesValues reports whether a recursive rule of a predicate may give values that were nowhere before.
func (a *analysis) makesValues(id PredID) bool {
	for _, r := range a.preds[id].Rules {
		if c := a.clauses[r]; a.recursive(c) && len(a.makers(c)) > 0 {
			return true
		}
	}
	return false
}

// recursive reports whether a clause uses its own component.
func (a *analysis) recursive(c *clause) bool {
	return slices.ContainsFunc(c.Body, func(l Literal) bool {
		return l.Kind == LitAtom && l.Pred >= a.first && a.preds[l.Pred].Stratum == a.preds[c.Head].Stratum
	})
}

// makers returns the literals of a clause that may make values.
func (a *analysis) makers(c *clause) []int {
	var out []int
	for i := range c.Body {
		l := &c.Body[i]
		if l.Kind == LitGenerate && l.Generator <= GenSplit || l.Kind == LitEquation && makes(l.Expr) {
			out = append(out, i)
		}
	}
	return out
}

// makes reports whether an expression may have a value that nothing in it holds.
func makes(e *Expr) bool {
	switch e.Op {
	case OpCall:
		if e.Fn.Signature().Makes {
			return true
		}
	case OpSet, OpRecord:
		return true
	}
	return slices.ContainsFunc(e.Args, makes)
}
