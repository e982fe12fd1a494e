package analysis

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// declare defines a predicate by its declaration.
func (a *analysis) declare(d *datalog.Decl, statements []datalog.Statement) {
	if slices.Contains(reserved, d.Pred) {
		a.diags.Errorf(d.PredSpan, codeReserved, "%q is reserved: its columns are fixed", d.Pred)
		return
	}
	if id, ok := a.byName.Get(d.Pred); ok {
		err := a.diags.Errorf(d.PredSpan, codeDeclared, "%s is declared twice", d.Pred)
		err.Related = append(err.Related, source.Related{Span: a.infos[id].at, Message: "it is declared here first"})
		if a.infos[id].decl == nil { // of a program that is extended
			err.Message, err.Related[0].Message = "the base defines "+d.Pred+", whose columns are its to declare", "it is defined here"
		}
		return
	}
	columns := make([]column, len(d.Columns))
	for i := range d.Columns {
		c := &d.Columns[i]
		t := a.declaredType(&c.Type, statements)
		columns[i] = column{Type: t, sure: sure, known: true, declared: true, bare: t.Entity, name: c.Name, at: c.Span}
		columns[i].action = isAction(a.table, t)
		if earlier := slices.IndexFunc(d.Columns[:i], func(e datalog.Column) bool { return e.Name != "" && e.Name == c.Name }); earlier >= 0 {
			a.diags.Errorf(c.Span, codeDeclared, "two columns of %s are named %q", d.Pred, c.Name)
		}
	}
	id := a.addPredicate(d.Pred, PredUser, columns, d.PredSpan)
	a.infos[id].decl, a.infos[id].sized = d, true
	a.byName.Set(d.Pred, id)
}

// isAction reports whether a type is one of actions, whose text has a form of its own.
func isAction(t *value.Table, typ Type) bool {
	if typ.Kind != TypeEntity || typ.Entity == value.None {
		return false
	}
	return isActionType(t.Text(typ.Entity))
}

func isActionType(name []byte) bool {
	return string(name) == "Action" || bytes.HasSuffix(name, []byte("::Action"))
}

// declaredType is the type that a declaration names.
func (a *analysis) declaredType(t *datalog.Type, statements []datalog.Statement) Type {
	if i := slices.Index(typeNames[:], t.Name); i >= 0 {
		if TypeKind(i) != TypeSet {
			return Type{Kind: TypeKind(i), Entity: value.None}
		}
		// Nested sets are declared as deep as they are written.
		e := a.declaredType(t.Elem, statements)
		s := Type{Kind: TypeSet, Entity: value.None}
		if e.Kind != TypeAny {
			s.Elem = &e
		}
		return s
	}
	lower := t.Name[0] >= 'a' && t.Name[0] <= 'z' && !strings.Contains(t.Name, "::")
	if lower && !a.namesType(t.Name, statements) {
		d := a.diags.Errorf(t.Span, codeUnknownType, "there is no type %q", t.Name)
		if near := source.Nearest(t.Name, typeNames[:]); near != "" {
			d.Help = "did you mean " + near + "?"
		} else {
			d.Help = "types are " + strings.Join(typeNames[:9], ", ") + ", Set<type>, Record, and entity types, such as User"
		}
		return anyType
	}
	a.checkTypeName(t.Name, t.Span)
	return Type{Kind: TypeEntity, Entity: a.table.String(t.Name)}
}

// namesType reports whether rules or a schema name an entity type other than by a declaration.
func (a *analysis) namesType(name string, statements []datalog.Statement) bool {
	if a.schema.EntityType(a.table.String(name)) != nil || a.extends && a.text.Known([]byte(name)) {
		return true
	}
	found := false
	walkTypes(statements, func(typ string, _ source.Span, declared bool) { found = found || !declared && typ == name })
	return found
}

// knowsType reports whether a name can be an entity type: there is no schema, or it has the type.
func (env *environment) knowsType(name value.Value) bool {
	return env.schema == nil || env.schema.EntityType(name) != nil || isActionType(env.table.Text(name))
}

// unknownEntity reports whether a value is an entity of a type that the schema doesn't have.
func (env *environment) unknownEntity(v value.Value) bool {
	return env.schema != nil && v.Kind() == value.KindEntity && v != env.missing && !env.knowsType(env.table.EntityType(v))
}

// checkTypeName reports an entity type that the schema doesn't have.
func (a *analysis) checkTypeName(name string, at source.Span) {
	if a.knowsType(a.table.String(name)) {
		return
	}
	d := a.diags.Errorf(at, codeUnknownType, "the schema has no entity type %q", name)
	var names []string
	for _, t := range a.schema.EntityTypes() {
		names = append(names, a.table.TextString(t.Name))
	}
	if near := source.Nearest(name, names); near != "" {
		d.Help = "did you mean " + near + "?"
	}
}

// TypeNames calls f for each entity type that rules name: in declarations, after `is`, and in entities.
func TypeNames(statements []datalog.Statement, f func(typ string, at source.Span)) {
	walkTypes(statements, func(typ string, at source.Span, declared bool) {
		if !declared || typ[0] < 'a' || typ[0] > 'z' || strings.Contains(typ, "::") {
			f(typ, at)
		}
	})
}

// walkTypes calls f for each name of an entity type, and for each name in a declaration that is no other type's.
func walkTypes(statements []datalog.Statement, f func(typ string, at source.Span, declared bool)) {
	w := walker{expr: func(e *datalog.Expr) {
		if e.Kind == datalog.ExprEntity || e.Kind == datalog.ExprIs {
			f(e.Name, e.NameSpan, false)
		}
	}}
	for i := range statements {
		st := &statements[i]
		if st.Decl != nil {
			for j := range st.Decl.Columns {
				t := &st.Decl.Columns[j].Type
				for t.Elem != nil {
					t = t.Elem
				}
				if !slices.Contains(typeNames[:], t.Name) {
					f(t.Name, t.Span, true)
				}
			}
			continue
		}
		w.statement(st)
	}
}

// plural writes a number of things.
func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
