package analysis

import (
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
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

// TypeNames calls f for each entity type that rules name: in declarations, after `is`, and in entities.
func TypeNames(statements []datalog.Statement, f func(typ string, at source.Span)) {}

// Analyse makes a program of a document's rules and facts. It reports all errors that it finds, and returns nil where it can't go on.
func Analyse(in Input) *Program { panic("not yet") }

// Goal parses and checks a query.
func (p *Program) Goal(files *source.Files, text []byte, diags *source.List) *Goal { panic("not yet") }

// Row checks a row of an update and coerces its cells in place to the types of the predicate's columns.
func (p *Program) Row(pred string, cells []value.Value) (PredID, []value.Value, *value.Fault) {
	panic("not yet")
}

// ReadsContext reports whether a rule names a key of the context.
func (p *Program) ReadsContext(key value.Value) bool { return false }

// ReadsWholeContext reports whether a rule uses the context in a way that sees any key.
func (p *Program) ReadsWholeContext() bool { return false }

// AppendType appends a type as a declaration writes it.
func (p *Program) AppendType(dst []byte, t Type) []byte { return dst }
