// Package analysis turns the statements of documents into a typed, stratified program that evaluators run.
package analysis

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// PredID indexes Program.Preds. The first ones are fixed, see the constants.
type PredID int32

// Predicates that every program has, at these indices.
const (
	PredPrincipal PredID = iota // principal(P): one row, from the request
	PredAction                  // action(A)
	PredResource                // resource(R)
	PredContext                 // context(Key, Value): the fields of the request's context
	PredParent                  // parent(X, Y): stored, derived and request parents; column 0 demanded
	PredIn                      // X in Y: reflexive transitive closure of parent; column 0 demanded. Never written as an atom
	PredAttribute               // attribute(X, Name, Value), any name; column 0 demanded
	PredTag                     // tag(X, Name, Value), any name; column 0 demanded
	PredPermit                  // permit(P, A, R): the relation of the permit rules; all columns demanded
	PredForbid                  // forbid(P, A, R)
	FirstUserPred
)

// PredKind says where the rows of a predicate come from.
type PredKind uint8

// The kinds of predicates.
const (
	// PredUser rows come from facts and rules.
	PredUser PredKind = iota
	// PredRequest rows come from the request alone: principal, action, resource, context.
	PredRequest
	// PredStore rows come from the entity store, from facts, and from rules: parent, attribute, tag and their named forms.
	PredStore
	// PredHierarchy is `in`.
	PredHierarchy
	// PredStatement is permit and forbid: the union of the statements of that effect.
	PredStatement
	// PredAux is made by the analysis from `not (…)` and from an aggregate's braces.
	PredAux
)

// Predicate describes one predicate. Rules with a variable as attribute or tag name stand in Rules of the general predicate
// and of every named one.
type Predicate struct {
	Name    string // "has_role"; "attribute/\"level\"" for a named attribute predicate
	Kind    PredKind
	Arity   int
	Columns []Type
	// Demanded columns must be bound by whoever asks; rules don't bind them.
	Demanded []bool
	// Attr is the name (a string value) of a named attribute or tag predicate, else value.None. Named predicates keep arity 3.
	Attr value.Value
	// IsTag tells tag/"a" from attribute/"a".
	IsTag bool
	Rules []int32 // indices into Program.Rules, ascending
	// RequestDependent: its rows depend on principal, action, resource or context, directly or not.
	RequestDependent bool
	// StoreDependent: its rows depend on the entity store (parent, in, attribute, tag, has), directly or not, so that a
	// request's own entities may change them.
	StoreDependent bool
	// Materialize: static, no demanded columns in its component; evaluated at load.
	Materialize bool
	// Pinned: an annotation asks that it be materialised.
	Pinned bool
	// Stratum numbers the strongly connected components in an order where every predicate comes after those it uses.
	Stratum int32
	// Recursive: its component has more than one member or an edge to itself.
	Recursive bool
	Span      source.Span // declaration or first use, for messages
}

// Type is the static type of a column or expression.
type Type struct {
	Kind TypeKind
	// Entity is the entity type's name (a string value) for TypeEntity, value.None for any entity type.
	Entity value.Value
	Elem   *Type // TypeSet: the element's type, nil for any
}

// TypeKind is the kind part of a Type.
type TypeKind uint8

// The kinds of types; the value kinds in their order, after any.
const (
	TypeAny TypeKind = iota
	TypeBool
	TypeLong
	TypeDecimal
	TypeString
	TypeDatetime
	TypeDuration
	TypeIP
	TypeEntity
	TypeSet
	TypeRecord
)

// Rule is one conjunctive rule: disjunctions are expanded, nested expressions in atoms are equations of their own.
// Literals stand in source order.
type Rule struct {
	Head     PredID // for a rule of attribute or tag with a literal name, the named predicate
	HeadArgs []Term // as many as the predicate has columns; a permit or forbid head is padded with wildcards
	Body     []Literal
	// NumVars variables are numbered from 0; VarNames are their names in the source, "_" and "" for made ones.
	NumVars  int
	VarNames []string
	// Statement indexes Program.Statements, or is -1.
	Statement int32
	Span      source.Span
}

// Term is an argument of an atom or head: a variable (Var >= 0), a constant (Var == TermConst) or a wildcard.
type Term struct {
	Var   int32
	Const value.Value
}

// Values of Term.Var that are no variables.
const (
	TermConst    int32 = -1
	TermWildcard int32 = -2 // in a body literal: any value, fresh each time; in a head: any value of a demanded column
)

// LiteralKind says what a Literal does.
type LiteralKind uint8

// The kinds of literals.
const (
	// LitAtom: Pred(Args…) holds. Binds the unbound variables of Args.
	LitAtom LiteralKind = iota
	// LitNot: no row of Pred matches Args. All variables in Args are bound; a wildcard means any.
	LitNot
	// LitTest: Expr is true.
	LitTest
	// LitEquation: Var = Expr. Binds Var, or tests equality where it is bound.
	LitEquation
	// LitAggregate: Var = Aggregate. Binds or tests Var.
	LitAggregate
	// LitGenerate: Generator of Expr's values; binds or tests Args, whose number is the generator's.
	LitGenerate
)

// Literal is one conjunct. Variables that an evaluator must have bound before it: all in Expr, in Aggregate.Group, in the Args
// of a LitNot, in demanded columns of Pred and in Separator; analysis has proved that such an order exists.
type Literal struct {
	Kind      LiteralKind
	Pred      PredID // LitAtom, LitNot
	Args      []Term // LitAtom, LitNot, LitGenerate
	Expr      *Expr  // LitTest, LitEquation, LitGenerate (the text, set or record)
	Separator *Expr  // LitGenerate with GenSplit
	Generator Generator
	Var       int32 // LitEquation, LitAggregate
	Aggregate *Aggregate
	Span      source.Span
}

// Generator is a built-in relation that enumerates parts of a value.
type Generator uint8

// The generators, with what Args hold.
const (
	GenArgv       Generator = iota // argv(S, I, Word): Args = I, Word
	GenSplit                       // split(S, Sep, I, Part): Args = I, Part
	GenEach                        // each(Set, X): Args = X
	GenEachRecord                  // each(Record, Key, Value): Args = Key, Value
)

// AggregateOp is the function of an aggregate.
type AggregateOp uint8

// The aggregate functions.
const (
	AggCount AggregateOp = iota
	AggSum
	AggMin
	AggMax
	AggCollect
)

// Aggregate is a function over the distinct rows of an auxiliary predicate whose first len(Group) columns equal Group. Those
// columns are demanded of Pred; the rest are the variables in the braces, each `_` included (an alternative that lacks one gives a
// constant that no document can write).
// The value aggregated is the last column where HasValue; it is not among the variables: rows that differ in it alone can't be.
type Aggregate struct {
	Op       AggregateOp
	Pred     PredID
	Group    []Term // variables or constants, bound outside
	HasValue bool   // count(e), sum(e), …: the last column of Pred is the value of e
	Span     source.Span
}

// Expr is a typed expression over a rule's variables.
type Expr struct {
	Op      Op
	Type    Type
	Args    []*Expr
	Const   value.Value   // OpConst; OpAttr, OpHas: the name, a string; OpIs: the type's name, a string
	Var     int32         // OpVar
	Keys    []value.Value // OpRecord: the keys, strings
	Pattern []string      // OpLike: the literal parts between stars
	Fn      value.Op      // OpCall: the operation
	// Required: an OpAttr that needs no guard because the schema requires it. Where it is absent all the same, since the entity isn't
	// there, the read raises: its not matching could help to permit.
	Required bool
	Span     source.Span

	size int       // nodes, shared ones counted each time
	sure certainty // of Type
}

// Op is the operator of an Expr.
type Op uint8

// The operators. All but OpIf, OpAnd and OpOr evaluate every argument. An argument that is absent makes the whole absent, else
// one that errs makes it err; OpAnd is false where either side is, OpOr true where either side is, whatever the other gives;
// OpIf evaluates the condition and the side chosen.
const (
	OpConst Op = iota
	OpVar
	OpContext // the request's context record
	OpAttr    // Args[0].Const: of an entity the stored or derived attribute, of a record the field; absent where it isn't there
	OpHas     // Args[0] has Const
	OpGetTag  // Args[0].getTag(Args[1]); absent where it isn't there
	OpHasTag  // Args[0].hasTag(Args[1])
	OpIn      // Args[0] in Args[1]; Args[1] an entity or a set of entities
	OpIs      // Args[0] is Const
	OpLike    // Args[0] like Pattern
	OpSet     // [Args…]
	OpRecord  // {Keys: Args…}
	OpIf      // if Args[0] then Args[1] else Args[2]
	OpAnd     // Args[0] && Args[1]
	OpOr      // Args[0] || Args[1]
	OpCall    // Fn(Args…): everything that depends on its arguments' values alone
)

// Effect is what a statement does.
type Effect uint8

// The effects.
const (
	Permit Effect = iota
	Forbid
)

// Statement is one permit or forbid statement of [rules]: a fact or rule, with all alternatives of its body.
type Statement struct {
	Effect     Effect
	ID         string // @id, or "ruleN"
	Message    string // @reason
	HasMessage bool
	Rules      []int32 // its alternatives in Program.Rules
	Span       source.Span
}

// Facts are the rows of one predicate from one place.
type Facts struct {
	Pred  PredID
	Count int           // the number of rows
	Rows  []value.Value // row after row
	// Origin gives each row's place where the rows stand in a document; for a table file, one span for the whole.
	Origin []source.Span
}

// Program is what evaluators run. It is read-only after the analysis.
type Program struct {
	Preds      []Predicate
	Rules      []Rule
	Statements []Statement
	Facts      []Facts
	// ByName finds user predicates and reserved ones by their names in the source (allow and deny included).
	ByName value.Names[PredID]
	// Named finds attribute/"a" (false) and tag/"a" (true) by name; a name that isn't here has no rules of its own, so that
	// only the store and, where they exist, the rules of the general predicate with a variable name tell.
	Named map[NamedKey]PredID
	// DerivesParents, DerivesAttributes, DerivesTags: rules or facts of the kind exist.
	DerivesParents, DerivesAttributes, DerivesTags bool
	// Bases says, of a program that extends another, which predicates are the other's: its number there, or -1. Such a predicate has the
	// other's facts, and, where it is to be materialised, the other's rows.
	Bases []PredID

	env      *environment // for goals and updates
	contexts map[value.Value]bool
	whole    bool
}

// NamedKey names an attribute or tag predicate.
type NamedKey struct {
	Tag  bool
	Name value.Value
}

// Goal is a query: a made rule whose head has one argument a variable of the goal, in order of first occurrence.
type Goal struct {
	Columns []string // the variables' names
	Types   []Type   // and what is known of their types
	Rule    Rule     // Head is -1
	// Extra are auxiliary predicates and rules that the goal's `not (…)` and aggregates need; their ids go on from the program's.
	ExtraPreds []Predicate
	ExtraRules []Rule
}
