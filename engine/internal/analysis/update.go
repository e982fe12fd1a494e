package analysis

import (
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Row checks a row of an update and coerces its cells in place to the types of the predicate's columns. A fact of attribute or tag whose
// name rules derive belongs to the predicate of that name.
func (p *Program) Row(pred string, cells []value.Value) (PredID, []value.Value, *value.Fault) {
	id, fault := p.updated(pred)
	if fault != nil {
		return 0, nil, fault
	}
	if len(cells) != p.Preds[id].Arity {
		return 0, nil, updateFault(codeUpdateArity, "a row of %s has %s, not %d", pred, plural(p.Preds[id].Arity, "cell"), len(cells))
	}
	for i := range cells {
		v, f := p.updateCell(pred, i, &p.env.infos[id].columns[i], cells[i], fromData)
		if f != nil {
			return 0, nil, f
		}
		cells[i] = v
	}
	if id == PredParent {
		if f := p.env.parentFault(cells[0], cells[1]); f != nil {
			return 0, nil, f
		}
	}
	if id == PredAttribute || id == PredTag {
		if want, ok := p.env.fieldFits(cells, id == PredTag); !ok {
			return 0, nil, p.fieldFault(want, cells[2])
		}
		id = p.env.fieldOf(id, cells[1])
	}
	return id, cells, nil
}

// Updatable says why a predicate has no facts that updates may change, or is nil.
func (p *Program) Updatable(pred string) *value.Fault {
	_, fault := p.updated(pred)
	return fault
}

// updated finds the predicate whose facts an update changes.
func (p *Program) updated(pred string) (PredID, *value.Fault) {
	id, ok := p.ByName.Get(pred)
	if !ok {
		return 0, p.unknownPredicate(pred)
	}
	switch kind := p.Preds[id].Kind; {
	case kind != PredUser && kind != PredStore:
		return 0, updateFault(codeUpdateReserved, "%s isn't made of facts", pred)
	case kind == PredUser && p.env.infos[id].rules && !p.env.infos[id].facts:
		return 0, updateFault(codeDerivedPredicate, "%s is derived by rules, and can't be updated", pred)
	}
	return id, nil
}

// updateCell coerces and checks the cell of a row.
func (p *Program) updateCell(pred string, i int, col *column, v value.Value, from origin) (value.Value, *value.Fault) {
	if col.declared {
		var f *value.Fault
		if v, f = p.env.coerce(col, col.Type, v, from); f != nil {
			return v, f
		}
	}
	if p.env.unknownEntity(v) {
		return v, updateFault(codeUnknownType, "the schema has no entity type %q", p.env.table.Text(p.env.table.EntityType(v)))
	}
	if !fits(p.env.table, v, col.Type) {
		return v, updateFault(codeUpdateType, "column %d of %s is of type %s, and this is a value of type %s", i+1, pred,
			p.AppendType(nil, col.Type), p.AppendType(nil, typeOf(p.env.table, v)))
	}
	return v, nil
}

// fieldFault says that an attribute or tag isn't of the type that the schema gives it.
func (p *Program) fieldFault(want Type, v value.Value) *value.Fault {
	return updateFault(codeUpdateType, "the schema has a value of type %s here, and this is a value of type %s", p.AppendType(nil, want),
		p.AppendType(nil, typeOf(p.env.table, v)))
}

// fieldOf returns the predicate of a name's attribute or tag, or the general one.
func (env *environment) fieldOf(general PredID, name value.Value) PredID {
	if id, ok := env.named[NamedKey{Tag: general == PredTag, Name: name}]; ok {
		return id
	}
	return general
}

func updateFault(code source.Code, format string, args ...any) *value.Fault {
	return &value.Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (p *Program) unknownPredicate(pred string) *value.Fault {
	f := updateFault(codeUpdatePredicate, "there is no predicate %q", pred)
	var names []string
	for name := range p.ByName.All() {
		names = append(names, name)
	}
	slices.Sort(names)
	if near := source.Nearest(pred, names); near != "" {
		f.Message += ": did you mean " + near + "?"
	}
	return f
}
