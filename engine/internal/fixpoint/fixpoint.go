// Package fixpoint keeps a program's facts and what follows from them without a request.
package fixpoint

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Options bound the work of a load and of each update.
type Options struct {
	Limits goal.Limits
	Yield  func()
}

// Model is a program's facts and materialised predicates.
type Model struct{}

// New loads the program's facts and materialises what is static.
func New(t *value.Table, p *analysis.Program, store *entity.Store, o Options) (*Model, *value.Fault) {
	panic("not yet")
}

// DB returns the rows.
func (m *Model) DB() *relation.Database { return nil }

// Warnings tell of static rows that err.
func (m *Model) Warnings() []source.Diagnostic { return nil }

// Update deletes and then inserts facts as one transaction, and changes nothing where it returns a fault.
func (m *Model) Update(insert, delete []analysis.Facts) *value.Fault { return nil }
