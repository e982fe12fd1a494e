package fixpoint

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
)

// Extension is the rows of a program that extends a model's. The model's facts are its facts too, and so are the rows of predicates that the
// extension doesn't reach; everything else that is static is left to demand.
type Extension struct {
	base    *Model
	program *analysis.Program
	db      *relation.Database
	version int // of the base's database
}

// Extend returns the rows of a program that extends the model's.
func (m *Model) Extend(p *analysis.Program) *Extension {
	x := &Extension{base: m, program: p, db: newDatabase(m.t, p)}
	x.share()
	load(x.db, p.Facts, false)
	return x
}

// DB returns the rows as they are: what updates have changed in the model has changed here, once Follow was called.
func (x *Extension) DB() *relation.Database { return x.db }

// Follow takes over the relations that updates have given the model. Yield is called in pauses of work on what is the model's.
func (x *Extension) Follow(yield func()) {
	x.base.db.Pauses.Call(yield)
	if x.version != x.base.db.Version() {
		x.share()
	}
}

func (x *Extension) share() {
	x.version = x.base.db.Version()
	for i, base := range x.program.Bases {
		if base < 0 {
			continue
		}
		with := *x.base.db.Pred(int(base))
		if !x.program.Preds[i].Materialize {
			with.Rows, with.Erring = nil, nil
		}
		x.db.Share(i, with)
	}
}
