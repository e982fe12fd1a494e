package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// adjacency returns each predicate's edges as ranges of a.edges, which are sorted by where they start.
func (a *analysis) adjacency() [][]edge {
	out := make([][]edge, len(a.preds))
	for lo := 0; lo < len(a.edges); {
		hi := lo
		for hi < len(a.edges) && a.edges[hi].from == a.edges[lo].from {
			hi++
		}
		if from := a.edges[lo].from; from >= 0 {
			out[from] = a.edges[lo:hi]
		}
		lo = hi
	}
	return out
}

// stratify numbers the strongly connected components so that every predicate comes after those it uses, and reports cycles that
// a negative edge is part of.
func (a *analysis) stratify() {
	t := tarjan{next: a.adjacency(), first: a.first, index: make([]int32, len(a.preds)), low: make([]int32, len(a.preds)),
		onStack: make([]bool, len(a.preds))}
	stratum := a.strata
	if a.first > 0 {
		stratum++
	}
	t.emit = func(members []PredID) {
		for _, p := range members {
			a.preds[p].Stratum = stratum
			a.preds[p].Recursive = len(members) > 1 || slices.ContainsFunc(t.next[p], func(e edge) bool { return e.to == p })
		}
		a.component(t.next, members)
		stratum++
	}
	for p := a.first; int(p) < len(a.preds); p++ {
		t.visit(p)
	}
}

// tarjan finds strongly connected components without recursion.
type tarjan struct {
	next       [][]edge
	first      PredID // edges to predicates before it lead out of the graph
	index, low []int32
	onStack    []bool
	count      int32
	stack      []PredID
	emit       func(members []PredID)
}

type frame struct {
	p    PredID
	edge int
}

func (t *tarjan) visit(root PredID) {
	if t.index[root] != 0 {
		return
	}
	t.enter(root)
	frames := []frame{{p: root}}
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if f.edge < len(t.next[f.p]) {
			to := t.next[f.p][f.edge].to
			f.edge++
			switch {
			case to < t.first:
			case t.index[to] == 0:
				t.enter(to)
				frames = append(frames, frame{p: to})
			case t.onStack[to]:
				t.low[f.p] = min(t.low[f.p], t.index[to])
			}
			continue
		}
		p := f.p
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			up := frames[len(frames)-1].p
			t.low[up] = min(t.low[up], t.low[p])
		}
		if t.low[p] == t.index[p] {
			t.pop(p)
		}
	}
}

func (t *tarjan) enter(p PredID) {
	t.count++
	t.index[p], t.low[p], t.onStack[p] = t.count, t.count, true
	t.stack = append(t.stack, p)
}

func (t *tarjan) pop(p PredID) {
	at := slices.Index(t.stack, p)
	members := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, m := range members {
		t.onStack[m] = false
	}
	t.emit(members)
}

// component reports a negative edge between members of one component, with the cycle that it is part of.
func (a *analysis) component(next [][]edge, members []PredID) {
	in := map[PredID]bool{}
	for _, m := range members {
		in[m] = true
	}
	if in[PredPermit] || in[PredForbid] {
		return // reported as a decision that is used
	}
	var worst *edge
	for _, m := range members {
		for i := range next[m] {
			e := &next[m][i]
			if e.negative && in[e.to] && (worst == nil || cmp.Or(cmp.Compare(e.at.File, worst.at.File), cmp.Compare(e.at.Start, worst.at.Start)) < 0) {
				worst = e
			}
		}
	}
	if worst != nil {
		a.reportCycle(a.visible(append([]edge{*worst}, path(next, in, worst.to, worst.from)...)))
	}
}

// path is the shortest way from one member of a component to another.
func path(next [][]edge, in map[PredID]bool, from, to PredID) []edge {
	came := map[PredID]edge{}
	for queue := []PredID{from}; len(queue) > 0 && from != to; queue = queue[1:] {
		if _, found := came[to]; found {
			break
		}
		for _, e := range next[queue[0]] {
			if _, seen := came[e.to]; !seen && in[e.to] && e.to != from {
				came[e.to] = e
				queue = append(queue, e.to)
			}
		}
	}
	var out []edge
	for at := to; at != from; at = came[at].from {
		out = append(out, came[at])
	}
	slices.Reverse(out)
	return out
}

// visible joins the edges of a cycle that lead through auxiliary predicates, which no document names.
func (a *analysis) visible(cycle []edge) []edge {
	start := slices.IndexFunc(cycle, func(e edge) bool { return a.preds[e.from].Kind != PredAux })
	cycle = append(slices.Clone(cycle[start:]), cycle[:start]...)
	var out []edge
	for i := 0; i < len(cycle); i++ {
		e := cycle[i]
		for a.preds[e.to].Kind == PredAux {
			i++
			e.to, e.at = cycle[i].to, cycle[i].at
			e.negative = e.negative || cycle[i].negative
		}
		out = append(out, e)
	}
	return out
}

func (a *analysis) reportCycle(cycle []edge) {
	names := []string{a.preds[cycle[0].from].Name}
	var related []source.Related
	negative := -1
	for i, e := range cycle {
		names = append(names, a.preds[e.to].Name)
		if !e.at.IsZero() {
			related = append(related, source.Related{Span: e.at, Message: a.preds[e.from].Name + " " + fmt.Sprintf(e.how, a.preds[e.to].Name)})
		}
		if e.negative && negative < 0 {
			negative = i
		}
	}
	d := a.diags.Errorf(cycle[negative].at, codeNegativeCycle, "%s depends on itself through %s: %s", names[0], kindOf(cycle[negative].how), strings.Join(names, " → "))
	d.Related = related
	d.Help = "what is negated, aggregated or read as an attribute must be complete first: break the circle, with a predicate that doesn't depend on " + names[0]
}

func kindOf(how string) string {
	switch how {
	case howNot:
		return "a negation"
	case howAggregate:
		return "an aggregate"
	case howIn:
		return "a membership within an expression"
	}
	return "a read"
}
