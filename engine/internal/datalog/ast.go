// Package datalog is the syntax of rules: scanner, parser, syntax tree and printer.
package datalog

import "github.com/rune-authz/rune/engine/internal/source"

// Statement is a fact, a rule or a declaration, with the annotations before it.
type Statement struct {
	Annotations []Annotation
	Decl        *Decl // set: a declaration; Head and Body are empty
	Head        Atom
	Body        *Body       // nil: a fact
	Span        source.Span // annotations and final period included
}

// Annotation is @name or @name("value").
type Annotation struct {
	Name     string
	Value    string
	HasValue bool
	Span     source.Span
}

// Decl declares a predicate's columns.
type Decl struct {
	Pred     string
	PredSpan source.Span
	Columns  []Column
}

// Column is one column of a Decl. Name may be empty.
type Column struct {
	Name string
	Type Type
	Span source.Span
}

// Type is a column type as written: Name is "bool", "long", "string", "decimal", "ip", "datetime", "duration", "entity",
// "any", "Set", "Record", or the path of an entity type, "App::User". Elem is set for a Set alone.
type Type struct {
	Name string
	Elem *Type
	Span source.Span
}

// Atom is a predicate applied to arguments. p and p() are the same.
type Atom struct {
	Pred     string // words joined by '.'
	PredSpan source.Span
	Args     []*Expr
	Span     source.Span
}

// Body is a disjunction of conjunctions; it has at least one, each with at least one literal.
type Body struct {
	Alternatives [][]Literal
	Span         source.Span
}

// LiteralKind says what a Literal is.
type LiteralKind uint8

// The kinds of literals. Assign is `Var = expr`, and `expr = Var` is a syntax error whose help turns it round.
const (
	LitAtom      LiteralKind = iota // Atom
	LitTest                         // Expr, a boolean expression
	LitBody                         // Body in parentheses
	LitAssign                       // Var, Expr
	LitAggregate                    // Var, Aggregate
)

// Literal is one element of a conjunction. Negated occurs with LitAtom, LitTest and LitBody.
type Literal struct {
	Kind      LiteralKind
	Negated   bool
	Atom      *Atom
	Expr      *Expr // LitTest: the test; LitAssign: the right side
	Body      *Body
	Var       *Expr // ExprVar: the left side of LitAssign and LitAggregate
	Aggregate *Aggregate
	Span      source.Span
}

// Aggregate is count, sum, min, max or collect over the bindings of a body. Value is nil only for count without one.
type Aggregate struct {
	Op    string
	Value *Expr
	Body  *Body
	Span  source.Span
}

// ExprKind says what an Expr is.
type ExprKind uint8

// The kinds of expressions, with the fields that each uses beside Span.
const (
	ExprWildcard    ExprKind = iota // _
	ExprVar                         // Text: the variable's name
	ExprWord                        // Text: a bare lower-case word, a string
	ExprBool                        // Bool
	ExprLong                        // Long
	ExprString                      // Text: the string's value, escapes resolved
	ExprEntity                      // Name: the type's path, Text: the id, escapes resolved
	ExprConstructor                 // Name: decimal, ip, datetime, duration; Text: its argument
	ExprContext                     // the record `context`
	ExprEntityID                    // Args[0]: entityId(x)
	ExprEntityType                  // Args[0]: entityType(x)
	ExprSet                         // Args: the elements
	ExprRecord                      // Names: the keys, Args: the values
	ExprAttr                        // Args[0].Name, or Args[0]["Name"] with Quoted
	ExprMethod                      // Args[0].Name(Args[1:])
	ExprUnary                       // Name: "-" or "!"; Args[0]
	ExprBinary                      // Name: + - * / % == != < <= > >= in && ||; Args[0], Args[1]
	ExprIs                          // Args[0] is Name [in Args[1]]
	ExprHas                         // Args[0] has Names[0].Names[1]…, or has "Names[0]" with Quoted
	ExprLike                        // Args[0] like Pattern; Text holds the pattern as written between the quotes
	ExprIf                          // if Args[0] then Args[1] else Args[2]
)

// Expr is a node of an expression.
type Expr struct {
	Kind   ExprKind
	Bool   bool
	Quoted bool
	Long   int64
	Text   string
	Name   string
	Names  []string
	Args   []*Expr
	// Pattern is the like pattern's literal parts: between each two stands one '*' that matches any text.
	Pattern []string
	Span    source.Span
	// NameSpan is the member's, operator's or type's name.
	NameSpan source.Span

	height int // of the tree below
}
