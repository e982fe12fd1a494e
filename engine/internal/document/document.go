// Package document reads a configuration's files: it joins what they include and turns their sections into texts, facts, defaults and tests.
package document

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Set is a root document and all that it includes.
type Set struct {
	// Name is the root document's file name as users see it, or ".".
	Name string
	// Cedar reports that the root is a .cedar file alone, where errors are treated as Cedar treats them.
	Cedar    bool
	Metadata Metadata
	Defaults Defaults
	// Parts are the texts of rules and policies in statement order.
	Parts []Part
	// Facts are the facts of [data] and of CSV files, in statement order.
	Facts    []Table
	Schemas  []source.Span
	Entities []source.Span
	Tests    []Test
	// Revision names the set's files and their bytes.
	Revision [32]byte

	facts value.Names[*predicate] // the first table of each predicate, for overlays
}

// Metadata says what a configuration is, for people.
type Metadata struct{ Name, Description, Version string }

// Part is the text of one section, or file, of rules or policies. Its span holds whole lines, without the section's header.
type Part struct {
	Policies bool
	Span     source.Span
}

// Table is the facts of one predicate from one key of [data] or one CSV file.
type Table struct {
	Pred string
	// Span is the key, or an empty span at the start of the CSV file.
	Span  source.Span
	Width int
	// Rows holds the rows one after the other, Width cells each: values as [data] has them, and strings alone from CSV.
	Rows []value.Value
	// Spans has one span a row, for facts of [data] alone: see [Table.Places].
	Spans []source.Span
	// CellSpans has one span a cell, for facts of [data] alone.
	CellSpans []source.Span
	// CSV reports that the cells are untyped text and Header names the columns.
	CSV        bool
	Header     []string
	HeaderSpan source.Span
	// Scalar reports that the fact is a key's one value, which no other file may add to.
	Scalar bool
}

// Len returns the number of rows.
func (t *Table) Len() int {
	if t.CSV && t.Width > 0 {
		return len(t.Rows) / t.Width
	}
	return len(t.Spans)
}

// Row returns the cells of row i.
func (t *Table) Row(i int) []value.Value { return t.Rows[i*t.Width : (i+1)*t.Width] }

// Defaults are the root document's [defaults]. Principal, Action and Resource are filled in where the document is silent; Combine, OnError
// and Validation are empty there.
type Defaults struct {
	Principal, Action, Resource  string // entity types of bare names
	Combine, OnError, Validation string
	Quoted                       bool // entity text knows no type:id
	HostContext                  []string
	ProtectedTypes               []string
	Limits                       Limits
	// Spans has the values' places by key; an element's of a list under "key/element".
	Spans map[string]source.Span
}

// Limits are limits that a document sets; 0 is one that it doesn't.
type Limits struct {
	Steps, ErrorSteps, Tuples, Tables, ArenaBytes, Depth, StringBytes, Collect uint64
}

// Test is a test of the root document's [tests]: of a decision, or of a query.
type Test struct {
	Name string
	Span source.Span // of the name

	IsQuery   bool
	Query     string
	QuerySpan source.Span

	// Principal, Action and Resource are JSON: a string, or an object of type and id. They are nil in a query without a request.
	Principal, Action, Resource []byte
	HasRequest                  bool
	// Context, Entities and Rows are JSON, with values as Cedar writes them; nil where they aren't given.
	Context, Entities, Rows []byte

	Expect                string // "permit" or "deny"
	Reasons, Errors       []string
	HasReasons, HasErrors bool

	Overlay     *string
	OverlaySpan source.Span
	Restrict    bool
}
