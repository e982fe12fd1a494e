package analysis

import (
	"maps"
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/value"
)

// seed is what the analysis of an extension starts from: a program's predicates, with what its facts and declarations say of them and
// nothing that rules do, and its statements without the facts.
type seed struct {
	preds      []Predicate
	infos      []predicate
	statements []datalog.Statement
}

// plant notes the seed, once facts are known and before rules are.
func (a *analysis) plant(statements []datalog.Statement) {
	a.seed.preds, a.seed.infos = clonePredicates(a.preds), cloneInfos(a.infos)
	for i := range statements {
		if st := &statements[i]; st.Decl == nil && (st.Body != nil || isStatementHead(a, st) || !a.constantHead(&st.Head)) {
			a.seed.statements = append(a.seed.statements, *st)
		}
	}
}

func isStatementHead(a *analysis, st *datalog.Statement) bool {
	id, ok := a.byName.Get(st.Head.Pred)
	return ok && a.preds[id].Kind == PredStatement
}

// ripen takes over what rules and uses said of predicates that updates fill: an extension must reckon with each row that these may bring.
func (a *analysis) ripen() {
	for id := range a.seed.preds {
		from, to := &a.infos[id], &a.seed.infos[id]
		p := &a.seed.preds[id]
		if p.Arity != a.preds[id].Arity {
			p.Arity, p.Demanded, to.columns = a.preds[id].Arity, slices.Clone(a.preds[id].Demanded), make([]column, a.preds[id].Arity)
		}
		to.sized = true // relations have that many columns
		if p.Kind == PredUser && (to.facts || !from.rules) {
			to.columns = slices.Clone(from.columns)
		}
	}
}

func clonePredicates(preds []Predicate) []Predicate {
	out := slices.Clone(preds)
	for i := range out {
		out[i].Demanded = slices.Clone(out[i].Demanded)
	}
	return out
}

func cloneInfos(infos []predicate) []predicate {
	out := slices.Clone(infos)
	for i := range out {
		out[i].columns = slices.Clone(out[i].columns)
	}
	return out
}

// Extend makes the program of p's documents and those of in, as if they were one. Its facts are those of in alone: a predicate of p that
// they add to has a rule that takes them from a predicate of their own, so that p's relations serve both programs. Defaults, Schema and Text
// are p's. It reports all errors that it finds, and then returns nil; p stays as it is.
func (p *Program) Extend(in Input) *Program {
	env := *p.env
	env.byName, env.named, env.infos, env.strata = p.ByName.Clone(), maps.Clone(p.Named), nil, 0
	a := &analysis{
		environment: &env, files: in.Files, diags: in.Diags, tolerant: brokenRules(in.Diags), extends: true,
		preds: clonePredicates(p.env.seed.preds), infos: cloneInfos(p.env.seed.infos),
		users: map[PredID][]int{}, phantoms: value.NewNames[PredID](in.Table), contexts: map[value.Value]bool{},
	}
	shared := len(a.preds)
	a.collect(in)
	facts := a.facts(in)
	added := len(a.preds) - shared
	statements := slices.Concat(p.env.seed.statements, in.Statements)
	a.desugar(statements)
	a.join(facts, PredID(shared))
	a.annotations(in.Statements)
	a.analyse()
	a.warn(in.Statements)
	if in.Diags.Failed() {
		return nil
	}
	a.seed = seed{}
	out := a.program(facts)
	out.Bases = a.bases(p, shared, added)
	a.detach(p, out)
	return out
}

// join gives facts of the predicates below a number a predicate of their own, and a rule that takes them from there.
func (a *analysis) join(facts []Facts, shared PredID) {
	own := map[PredID]PredID{}
	for i := range facts {
		id := facts[i].Pred
		if id >= shared {
			continue
		}
		if _, ok := own[id]; !ok {
			own[id] = a.joined(id)
		}
		facts[i].Pred = own[id]
	}
}

func (a *analysis) joined(id PredID) PredID {
	p := a.preds[id]
	own := a.addPredicate(p.Name, PredUser, slices.Clone(a.infos[id].columns), p.Span)
	a.infos[own].facts, a.infos[own].sized = true, true
	c := a.newClause(id, p.Span)
	lit := Literal{Kind: LitAtom, Pred: own, Span: p.Span}
	for i := range p.Arity {
		term := Term{Var: c.made("", p.Span)}
		c.vars[term.Var].given = p.Demanded[i]
		c.HeadArgs, c.heads, lit.Args = append(c.HeadArgs, term), append(c.heads, p.Span), append(lit.Args, term)
	}
	c.add(lit, note{spans: c.heads})
	a.clauses = append(a.clauses, c)
	return own
}

// bases says which predicates of an extension are p's. Those that documents name have the same numbers, and those that rules needed
// follow in the same order, after what the extension's documents added.
func (a *analysis) bases(p *Program, shared, added int) []PredID {
	out := make([]PredID, len(a.preds))
	for i := range out {
		out[i] = -1
		switch base := i - added; {
		case i < shared:
			out[i] = PredID(i)
		case base >= shared && base < len(p.Preds) && a.preds[i].Kind == PredAux && a.preds[i].Span == p.Preds[base].Span:
			out[i] = PredID(base)
		}
	}
	return out
}

// detach leaves to demand what isn't p's, and what depends on a predicate of p that the extension adds rules to.
func (a *analysis) detach(p, out *Program) {
	before := make([][]edge, len(a.preds)) // edges backwards
	for _, e := range a.edges {
		if e.from >= 0 {
			before[e.to] = append(before[e.to], edge{from: e.to, to: e.from})
		}
	}
	var roots []PredID
	for i, c := range a.clauses {
		if i >= len(p.Rules) {
			roots = append(roots, c.Head)
		}
	}
	reached := reach(before, roots)
	for i := range out.Preds {
		if _, ok := reached[PredID(i)]; ok || out.Bases[i] < 0 {
			out.Preds[i].Materialize = false
		}
	}
}
