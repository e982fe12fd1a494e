package analysis

import (
	"strings"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Codes of what is wrong with rules and facts.
const (
	codeUnknownPredicate  source.Code = "datalog.unknown_predicate"
	codeReserved          source.Code = "datalog.reserved_predicate"
	codeArity             source.Code = "datalog.arity"
	codeDeclared          source.Code = "datalog.declared_twice"
	codeUnknownType       source.Code = "datalog.unknown_type"
	codeType              source.Code = "datalog.type"
	codeUnknownMethod     source.Code = "datalog.unknown_method"
	codeArguments         source.Code = "datalog.arguments"
	codeConstant          source.Code = "datalog.constant"
	codeUnsafe            source.Code = "datalog.unsafe_variable"
	codeWildcard          source.Code = "datalog.wildcard"
	codeUnboundGoal       source.Code = "datalog.unbound_goal"
	codeNegativeCycle     source.Code = "datalog.negative_cycle"
	codeUnguarded         source.Code = "datalog.unguarded_attribute"
	codeDecisionUsed      source.Code = "datalog.decision_used"
	codeComplex           source.Code = "datalog.too_many_alternatives"
	codeAnnotation        source.Code = "datalog.annotation_use"
	codeColumnName        source.Code = "csv.column_name"
	codeEmptyCell         source.Code = "csv.empty_cell"
	codeUnknownField      source.Code = "datalog.unknown_attribute"
	codeBareWord          source.Code = "datalog.bare_word"
	codeSingleUse         source.Code = "datalog.single_use"
	codeDecidesNothing    source.Code = "datalog.decides_nothing"
	codeUnboundedValues   source.Code = "datalog.unbounded_recursion"
	codeNoEffect          source.Code = "datalog.annotation_without_effect"
	codeDerivedPredicate  source.Code = "update.derived_predicate"
	codeUpdatePredicate   source.Code = "update.unknown_predicate"
	codeUpdateReserved    source.Code = "update.reserved_predicate"
	codeUpdateArity       source.Code = "update.arity"
	codeUpdateType        source.Code = "update.type"
	codePredicateNotBuilt source.Code = "datalog.not_materialized"
)

// Input is what an analysis starts from.
type Input struct {
	Table      *value.Table
	Files      *source.Files
	Diags      *source.List
	Statements []datalog.Statement // in statement order
	Facts      []document.Table    // the analysis keeps and changes their rows
	Defaults   *document.Defaults
	Schema     *schema.Schema
	Text       *value.EntityText // knows the types that the documents name
}

// environment is what the analysis of goals and updates shares with that of the documents. It doesn't change after the load.
type environment struct {
	table  *value.Table
	text   *value.EntityText
	schema *schema.Schema // nil where there is none, or nothing is validated by it
	// defaults are the types of bare names: of principals, actions and resources.
	defaults [3]value.Value
	missing  value.Value // pads the rows of an aggregate's alternatives; no document can write it
	byName   value.Names[PredID]
	named    map[NamedKey]PredID
	infos    []predicate
	strata   int32
	seed     seed
}

// analysis is one analysis: of a program, or of a goal over one.
type analysis struct {
	*environment
	files *source.Files
	diags *source.List

	preds      []Predicate
	infos      []predicate // parallel to preds
	clauses    []*clause
	users      map[PredID][]int // clauses that use a predicate
	statements []Statement
	phantoms   value.Names[PredID]
	unknowns   []source.Span // names of predicates that nothing is like: see declareUnknown
	// tolerant: texts didn't parse, so that a predicate may be known by a statement that isn't here.
	tolerant bool
	goal     bool
	extends  bool   // a program
	first    PredID // the first predicate of this analysis: those before it are a program's
	edges    []edge
	contexts map[value.Value]bool // keys of the context that rules read
	whole    bool                 // rules read the context as a whole
	base     int                  // clauses before the statement at hand
}

// Analyse makes a program of the documents' rules and facts. It reports all errors that it finds, and then returns nil.
func Analyse(in Input) *Program {
	a := &analysis{
		environment: newEnvironment(in), files: in.Files, diags: in.Diags, tolerant: brokenRules(in.Diags),
		users: map[PredID][]int{}, phantoms: value.NewNames[PredID](in.Table), contexts: map[value.Value]bool{},
	}
	a.builtins()
	a.collect(in)
	facts := a.facts(in)
	a.plant(in.Statements)
	a.desugar(in.Statements)
	a.annotations(in.Statements)
	a.analyse()
	a.warn(in.Statements)
	if in.Diags.Failed() {
		return nil
	}
	a.ripen()
	return a.program(facts)
}

// analyse runs the phases that programs and goals share.
func (a *analysis) analyse() {
	a.bind()
	a.infer()
	a.checkTypes()
	a.assertKinds()
	a.hierarchy()
	a.graph()
	a.stratify()
	a.guard()
	a.decisionsUsed()
	a.depend()
}

func newEnvironment(in Input) *environment {
	t := in.Table
	env := &environment{table: t, text: in.Text, byName: value.NewNames[PredID](t), named: map[NamedKey]PredID{},
		missing: t.EntityOf("", "")}
	d := in.Defaults
	if d.Validation != "off" {
		env.schema = in.Schema
	}
	env.defaults = [3]value.Value{t.String(d.Principal), t.String(d.Action), t.String(d.Resource)}
	return env
}

// brokenRules reports whether rules or facts have failed to parse.
func brokenRules(diags *source.List) bool {
	for _, d := range diags.All() {
		area, _, _ := strings.Cut(string(d.Code), ".")
		if d.Severity == source.Error && area != "policy" && area != "cedar" && area != "schema" && area != "entity" {
			return true
		}
	}
	return false
}

// program puts a program together.
func (a *analysis) program(facts []Facts) *Program {
	p := &Program{Preds: a.preds, Statements: a.statements, Facts: facts, ByName: a.byName, Named: a.named, env: a.environment}
	p.Rules = a.rules()
	a.environment.infos = a.infos
	a.environment.strata = a.topStratum()
	for i := range facts {
		p.derives(&a.preds[facts[i].Pred], facts[i].Pred)
	}
	for i := range a.preds {
		if len(a.preds[i].Rules) > 0 {
			p.derives(&a.preds[i], PredID(i))
		}
	}
	p.contexts, p.whole = a.contexts, a.whole
	return p
}

// derives notes that rules or facts give a predicate rows.
func (p *Program) derives(pred *Predicate, id PredID) {
	switch {
	case pred.Kind != PredStore:
	case id == PredParent:
		p.DerivesParents = true
	case pred.IsTag:
		p.DerivesTags = true
	default:
		p.DerivesAttributes = true
	}
}

// rules returns the clauses as rules, numbered in the order in which they were made.
func (a *analysis) rules() []Rule {
	out := make([]Rule, len(a.clauses))
	for i, c := range a.clauses {
		out[i] = c.Rule
	}
	return out
}

func (a *analysis) topStratum() int32 {
	top := int32(0)
	for i := range a.preds {
		top = max(top, a.preds[i].Stratum)
	}
	return top
}

// ReadsContext reports whether a rule reads a key of the context by its name.
func (p *Program) ReadsContext(key value.Value) bool { return p.contexts[key] }

// ReadsWholeContext reports whether a rule uses the context in a way that sees any key, such as context(K, V).
func (p *Program) ReadsWholeContext() bool { return p.whole }
