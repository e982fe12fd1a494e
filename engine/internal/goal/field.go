package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// The errors of an attribute or tag that has two values, and of a derived one that isn't what the schema says.
const (
	CodeConflict  source.Code = "entity.conflict"
	CodeFieldType source.Code = "entity.type"
)

// gathered is what [Evaluator.gather] found: rows, and for those that only may hold, the error for which.
type gathered struct {
	rows   []value.Value
	n      int
	faults []*value.Fault
	names  []value.Value
}

func (g *gathered) add(fault *value.Fault, row ...value.Value) {
	g.rows = append(g.rows, row...)
	g.faults = append(g.faults, fault)
	g.n++
}

// gather collects the rows that agree with args of a predicate that has neither table nor relation.
func (e *Evaluator) gather(p analysis.PredID, args []value.Value) status {
	g := &e.gathered
	g.rows, g.faults, g.n = g.rows[:0], g.faults[:0], 0
	e.ops++
	switch e.accessOf(p) {
	case viaRequest:
		v := [...]value.Value{e.request.Principal, e.request.Action, e.request.Resource}[p-analysis.PredPrincipal]
		if v != value.None && agrees([]value.Value{v}, args) {
			g.add(nil, v)
		}
	case viaContext:
		for f := e.t.Fields(e.request.Context); len(f) > 0; f = f[2:] {
			e.ops++
			if agrees(f[:2], args) {
				g.add(nil, f[0], f[1])
			}
		}
	case viaField:
		return e.gatherFields(&e.preds[p], args)
	}
	return ok
}

// gatherFields collects attributes or tags of an entity.
func (e *Evaluator) gatherFields(p *analysis.Predicate, args []value.Value) status {
	g, x := &e.gathered, args[0]
	g.names = g.names[:0]
	var unnamed *value.Fault
	switch {
	case p.Attr.IsValue():
		g.names = append(g.names, p.Attr)
	case args[1].IsValue():
		g.names = append(g.names, args[1])
	default:
		var st status
		if unnamed, st = e.fieldNames(x, p.IsTag); st != ok {
			return st
		}
	}
	for i := 0; i < len(g.names); i++ {
		v, st := e.field(x, g.names[i], p.IsTag)
		switch {
		case st == waits:
			return st
		case st == erred:
			g.add(e.fault, x, g.names[i], value.Unknown)
		case st == ok && (!args[2].IsValue() || args[2] == v):
			g.add(nil, x, g.names[i], v)
		}
	}
	if unnamed != nil {
		g.add(unnamed, x, value.Unknown, value.Unknown)
	}
	return ok
}

// fieldNames collects the names that an entity may have values for, and the error that hides a name, if one does.
func (e *Evaluator) fieldNames(x value.Value, tag bool) (unnamed *value.Fault, st status) {
	g := &e.gathered
	if record := e.storedFields(x, tag); record != value.None {
		for f := e.t.Fields(record); len(f) > 0; f = f[2:] {
			g.names = append(g.names, f[0])
		}
	}
	general := generalField(tag)
	facts := e.db.Pred(int(general)).Facts
	ix, key := e.indexFor(facts, []value.Value{x})
	for _, id := range ix.Sorted(e.t, key) {
		g.names = append(g.names, facts.Row(id)[1])
	}
	if len(e.preds[general].Rules) > 0 {
		t := e.goal(general, []value.Value{x, value.None, value.None}, false)
		if t, st = e.settle(t); st != ok {
			return nil, st
		}
		for i := range t.n {
			if name := t.row(i)[1]; name != value.Unknown {
				g.names = append(g.names, name)
			} else if unnamed == nil {
				unnamed = t.faultOf(i)
			}
		}
	}
	if e.fields[tagIndex(tag)] {
		for _, p := range e.named[tagIndex(tag)] {
			g.names = append(g.names, e.preds[p].Attr)
		}
	}
	slices.SortFunc(g.names, e.t.Compare)
	g.names = slices.Compact(g.names)
	return unnamed, ok
}

func generalField(tag bool) analysis.PredID {
	if tag {
		return analysis.PredTag
	}
	return analysis.PredAttribute
}

// settle returns the table with all that holds or may hold: the P table where an error was met, else the T table. The rows from T stand first.
func (e *Evaluator) settle(t *table) (*table, status) {
	if !t.complete {
		e.wait = t
		return t, waits
	}
	if !t.errs {
		return t, ok
	}
	p := e.perhapsTable(t)
	if !p.complete {
		e.wait = p
		return p, waits
	}
	return p, ok
}

func (e *Evaluator) storedFields(x value.Value, tag bool) value.Value {
	if tag {
		return e.view.StoredTags(x)
	}
	return e.view.StoredAttrs(x)
}

// field reads an attribute or tag: what is stored united with what facts and rules add.
func (e *Evaluator) field(x, name value.Value, tag bool) (value.Value, status) {
	found := value.None
	if record := e.storedFields(x, tag); record != value.None {
		found = e.t.Field(record, name)
	}
	if e.fields[tagIndex(tag)] {
		return e.derivedField(x, name, tag, found)
	}
	if found == value.None {
		return found, absent
	}
	return found, ok
}

func (e *Evaluator) derivedField(x, name value.Value, tag bool, stored value.Value) (value.Value, status) {
	general := generalField(tag)
	p, named := e.program.Named[analysis.NamedKey{Tag: tag, Name: name}]
	values := e.parts[:0]
	if stored != value.None {
		values = append(values, stored)
	}
	values = e.factValues(values, general, x, name)
	if !named {
		p = general
	} else {
		values = e.factValues(values, p, x, name)
	}
	e.parts = values
	if len(e.preds[p].Rules) > 0 {
		t := e.goal(p, []value.Value{x, name, value.None}, false)
		all, st := e.settle(t)
		if st != ok {
			return value.None, st
		}
		for i := range t.n {
			values = append(values, t.row(i)[2])
		}
		e.parts = values
		for i := t.n; i < all.n; i++ {
			e.ops++
			if !slices.Contains(values, all.row(i)[2]) {
				return e.raise(all.faultOf(i))
			}
		}
	}
	v, st := e.oneValue(x, name, tag, values)
	if st != ok {
		return v, st
	}
	if want := e.program.FieldType(x, name, v, tag); want != "" {
		return e.raiseBy(CodeFieldType, func() string {
			return "the " + fieldKind(tag) + e.show(name) + " of " + e.show(x) + " is " + e.show(v) + ", and the schema has a value of type " + want + " here"
		})
	}
	return v, st
}

func fieldKind(tag bool) string {
	if tag {
		return "tag "
	}
	return "attribute "
}

func (e *Evaluator) factValues(dst []value.Value, p analysis.PredID, x, name value.Value) []value.Value {
	facts := e.db.Pred(int(p)).Facts
	if facts.Len() == 0 {
		return dst
	}
	ix, key := e.indexFor(facts, []value.Value{x, name})
	ids := ix.Sorted(e.t, key)
	e.ops += max(1, len(ids))
	for _, id := range ids {
		dst = append(dst, facts.Row(id)[2])
	}
	return dst
}

// oneValue raises where there are two values.
func (e *Evaluator) oneValue(x, name value.Value, tag bool, values []value.Value) (value.Value, status) {
	if len(values) == 0 {
		return value.None, absent
	}
	least := values[0]
	for _, v := range values[1:] {
		if e.t.Compare(v, least) < 0 {
			least = v
		}
	}
	second := value.None
	for _, v := range values {
		if v != least && (second == value.None || e.t.Compare(v, second) < 0) {
			second = v
		}
	}
	if second == value.None {
		return least, ok
	}
	return e.raiseBy(CodeConflict, func() string {
		return "the " + fieldKind(tag) + e.show(name) + " of " + e.show(x) + " has two values, " + e.show(least) + " and " + e.show(second)
	})
}
