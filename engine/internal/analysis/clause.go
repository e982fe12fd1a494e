package analysis

import (
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// clause is a rule while it is analysed.
type clause struct {
	Rule
	index value.Names[int32] // variables by name
	vars  []variable
	notes []note // parallel to Body
	heads []source.Span
	// wild has the variables of the wildcards in positive atoms, in an aggregate's braces: there each is a variable that counts.
	wild map[*datalog.Expr]int32
	// outer is the clause that an auxiliary one belongs to, and inputs the outer's variables of its demanded columns.
	outer   *clause
	inputs  []int32
	dead    bool // a literal has no rows yet, as far as inference knows
	broken  bool // a variable can't be bound, which has been reported
	request bool // an expression reads the context
	store   bool // an expression reads entities
}

// variable is what the analysis knows of a rule's variable.
type variable struct {
	Type
	sure   certainty
	known  bool
	given  bool        // bound by whoever asks
	blamed bool        // nothing binds it, which has been reported
	is     value.Value // the entity type that a test of the conjunction gives it, or None
	at     source.Span // where it stands first
	place  source.Span // what gave it its type
	role   int         // 1 + the column of permit or forbid whose value it is; 0: none
}

// note is what the analysis knows of a literal beyond Literal.
type note struct {
	spans []source.Span // of the arguments
	// below: the literal stands below a `not`, so that its not matching could help to permit.
	below   bool
	written bool // a variable stands on the left as written, not one made for an argument
}

func (a *analysis) newClause(head PredID, at source.Span) *clause {
	return &clause{Rule: Rule{Head: head, Statement: -1, Span: at}, index: value.NewNames[int32](a.table)}
}

// named returns the variable of a name.
func (c *clause) named(name string, at source.Span) int32 {
	if v, ok := c.index.Get(name); ok {
		return v
	}
	v := c.made(name, at)
	c.index.Set(name, v)
	return v
}

// made returns a new variable that no name finds.
func (c *clause) made(name string, at source.Span) int32 {
	v := int32(len(c.vars))
	c.vars = append(c.vars, variable{at: at, is: value.None, Type: anyType})
	c.VarNames = append(c.VarNames, name)
	c.NumVars++
	return v
}

func (c *clause) add(l Literal, n note) {
	c.Body = append(c.Body, l)
	c.notes = append(c.notes, n)
}

// name is how a message calls a variable.
func (c *clause) name(v int32) string {
	if c.VarNames[v] == "" {
		return "the argument"
	}
	return c.VarNames[v]
}
