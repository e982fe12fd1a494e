package analysis

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// reserved are the names that no document may declare.
var reserved = []string{"principal", "action", "resource", "context", "parent", "attribute", "tag", "permit", "forbid", "allow", "deny",
	"argv", "split", "each"}

// predicate is what the analysis knows of a predicate beyond Predicate.
type predicate struct {
	columns []column
	decl    *datalog.Decl
	facts   bool // documents hold facts
	rules   bool // documents hold rules
	used    bool // in a body
	plain   bool // auxiliary, and neither negated nor aggregated
	phantom bool // was never defined; an error has been reported
	sized   bool // the arity is certain; an empty array says nothing of it
	static  bool // @materialize
	demand  bool // @demand
	makes   bool // recursion makes values, here or in what it depends on: a load, which has no limits, must not ask for its rows
	at      source.Span
}

// certainty says how far a column's or variable's type can be relied on, not just expected: declared columns of derived predicates hold
// what rules give them.
type certainty uint8

const (
	expected certainty = iota
	sureKind           // the kind is certain, the entity type isn't
	sure
)

// column is a predicate's column.
type column struct {
	Type
	sure     certainty
	known    bool // something can be in it
	declared bool // text in facts and rules is read as of this type
	open     bool // nothing but updates fills it
	// bare is the entity type of bare names, action that the text is an action's.
	bare   value.Value
	action bool
	name   string
	at     source.Span // what gave it its type
	// first is the type of the first fact, whose place is at; of a column without a declaration.
	first Type
}

// columnsOf returns columns of declared types.
func columnsOf(types ...Type) []column {
	out := make([]column, len(types))
	for i, t := range types {
		out[i] = column{Type: t, sure: sure, known: true, declared: true, bare: t.Entity}
	}
	return out
}

// builtins adds the predicates that every program has.
func (a *analysis) builtins() {
	statement := []Type{entityType, entityType, entityType}
	field := []Type{entityType, stringType, anyType}
	for _, b := range []struct {
		name     string
		kind     PredKind
		columns  []column
		demanded int
	}{
		{"principal", PredRequest, columnsOf(entityType), 0},
		{"action", PredRequest, columnsOf(entityType), 0},
		{"resource", PredRequest, columnsOf(entityType), 0},
		{"context", PredRequest, columnsOf(stringType, anyType), 0},
		{"parent", PredStore, columnsOf(entityType, entityType), 1},
		{"in", PredHierarchy, columnsOf(entityType, entityType), 1},
		{"attribute", PredStore, columnsOf(field...), 1},
		{"tag", PredStore, columnsOf(field...), 1},
		{"permit", PredStatement, columnsOf(statement...), 3},
		{"forbid", PredStatement, columnsOf(statement...), 3},
	} {
		id := a.addPredicate(b.name, b.kind, b.columns, source.Span{})
		for i := range b.demanded {
			a.preds[id].Demanded[i] = true
		}
		a.infos[id].sized = true
		if b.kind != PredHierarchy {
			a.byName.Set(b.name, id)
		}
	}
	a.byName.Set("allow", PredPermit)
	a.byName.Set("deny", PredForbid)
	a.preds[PredTag].IsTag = true
	for i := range 3 {
		for _, c := range []*column{&a.infos[PredPrincipal+PredID(i)].columns[0], &a.infos[PredPermit].columns[i], &a.infos[PredForbid].columns[i]} {
			c.bare, c.action = a.defaults[i], i == 1
		}
	}
}

func (a *analysis) addPredicate(name string, kind PredKind, columns []column, at source.Span) PredID {
	n := len(columns)
	a.preds = append(a.preds, Predicate{Name: name, Kind: kind, Arity: n, Demanded: make([]bool, n), Attr: value.None, Span: at})
	a.infos = append(a.infos, predicate{columns: columns, at: at})
	return PredID(len(a.preds) - 1)
}

// collect finds the predicates that tables, statements and declarations define.
func (a *analysis) collect(in Input) {
	for i := range in.Statements {
		if d := in.Statements[i].Decl; d != nil {
			a.declare(d, in.Statements)
		}
	}
	for i := range in.Facts {
		a.defineTable(&in.Facts[i])
	}
	for i := range in.Statements {
		in.Table.Spend(128)
		if in.Statements[i].Decl == nil {
			a.defineHead(&in.Statements[i])
		}
	}
}

// define finds or adds the predicate of a fact or rule. It returns false after an error.
func (a *analysis) define(name string, arity int, sized bool, at source.Span) (PredID, bool) {
	id, ok := a.byName.Get(name)
	if !ok {
		id = a.addPredicate(name, PredUser, make([]column, arity), at)
		a.infos[id].sized = sized
		a.byName.Set(name, id)
		return id, true
	}
	info := &a.infos[id]
	if !info.sized && sized {
		a.resize(id, arity)
	}
	if sized && a.preds[id].Arity != arity {
		a.wrongArity(id, name, arity, at)
		return id, false
	}
	return id, true
}

// resize gives a predicate that only an empty array names its number of columns.
func (a *analysis) resize(id PredID, arity int) {
	a.preds[id].Arity, a.preds[id].Demanded = arity, make([]bool, arity)
	a.infos[id].columns, a.infos[id].sized = make([]column, arity), true
}

func (a *analysis) wrongArity(id PredID, name string, arity int, at source.Span) {
	d := a.diags.Errorf(at, codeArity, "%s has %s, not %d", name, plural(a.preds[id].Arity, "argument"), arity)
	if at := a.infos[id].at; !at.IsZero() {
		d.Related = append(d.Related, source.Related{Span: at, Message: name + " is defined here"})
	}
}

// defineTable defines the predicate of a table of facts.
func (a *analysis) defineTable(t *document.Table) {
	id, known := a.byName.Get(t.Pred)
	if known && a.preds[id].Kind != PredUser || slices.Contains(reserved, t.Pred) {
		if t.CSV && a.preds[id].Kind == PredStore {
			a.define(t.Pred, t.Width, true, t.Span)
		}
		return // others are reported where documents are read
	}
	id, _ = a.define(t.Pred, max(t.Width, 1), t.Width > 0, t.Span)
	a.infos[id].facts = true
}

// defineHead defines the predicate of a fact's or rule's head, and the named predicate of an attribute or tag.
func (a *analysis) defineHead(st *datalog.Statement) {
	head := &st.Head
	id, known := a.byName.Get(head.Pred)
	switch {
	case slices.Contains([]string{"principal", "action", "resource", "context", "argv", "split", "each"}, head.Pred):
		a.diags.Errorf(head.PredSpan, codeReserved, "%q is reserved: rules and facts can't define it", head.Pred).Help = "give the predicate another name"
		return
	case known && a.preds[id].Kind == PredStatement:
		if len(head.Args) > 3 {
			a.diags.Errorf(head.Span, codeArity, "%s has at most 3 arguments: principal, action, resource", head.Pred)
		}
		return
	}
	id, ok := a.define(head.Pred, len(head.Args), true, head.PredSpan)
	info := &a.infos[id]
	if st.Body == nil && a.constantHead(head) {
		info.facts = true
	} else {
		info.rules = true
	}
	if ok && (id == PredAttribute || id == PredTag) {
		if name, isText := text(head.Args[1]); isText && (st.Body != nil || !a.constantHead(head)) {
			a.defineNamed(id == PredTag, name, head.PredSpan)
		}
	}
}

// defineNamed adds attribute/"a" or tag/"a".
func (a *analysis) defineNamed(tag bool, name string, at source.Span) {
	key := NamedKey{Tag: tag, Name: a.table.String(name)}
	if _, ok := a.named[key]; ok {
		return
	}
	general := PredAttribute
	if tag {
		general = PredTag
	}
	id := a.addPredicate(a.preds[general].Name+"/"+string(value.AppendQuoted(nil, []byte(name))), PredStore, slices.Clone(a.infos[general].columns), at)
	p := &a.preds[id]
	p.Attr, p.IsTag, p.Demanded[0] = key.Name, tag, true
	a.infos[id].sized, a.infos[id].rules = true, true
	a.named[key] = id
}

// fieldPredicate returns the predicate that tells of an attribute or tag of a name.
func (a *analysis) fieldPredicate(tag bool, name value.Value) PredID {
	if id, ok := a.named[NamedKey{Tag: tag, Name: name}]; ok {
		return id
	}
	if tag {
		return PredTag
	}
	return PredAttribute
}

// text returns the string that an argument is.
func text(e *datalog.Expr) (string, bool) {
	return e.Text, e.Kind == datalog.ExprString || e.Kind == datalog.ExprWord
}

// use finds the predicate of an atom in a body. An unknown one is reported and replaced by a phantom that fits.
func (a *analysis) use(atom *datalog.Atom) PredID {
	id, ok := a.byName.Get(atom.Pred)
	if !ok {
		return a.unknown(atom)
	}
	if a.preds[id].Kind == PredStatement {
		if len(atom.Args) > 3 {
			a.diags.Errorf(atom.Span, codeArity, "%s has at most 3 arguments: principal, action, resource", atom.Pred)
			return a.phantom(atom)
		}
		return id
	}
	info := &a.infos[id]
	if !info.sized && !a.goal {
		a.resize(id, len(atom.Args))
		info.at = atom.PredSpan
	}
	if a.preds[id].Arity != len(atom.Args) {
		a.wrongArity(id, atom.Pred, len(atom.Args), atom.Span)
		return a.phantom(atom)
	}
	if !a.goal {
		info.used = true
	}
	return id
}

func (a *analysis) unknown(atom *datalog.Atom) PredID {
	if a.tolerant {
		return a.phantom(atom)
	}
	if a.diags.Full() { // names are compared with all others
		a.diags.Errorf(atom.PredSpan, codeUnknownPredicate, "there is no predicate %q", atom.Pred)
		return a.phantom(atom)
	}
	d := a.diags.Errorf(atom.PredSpan, codeUnknownPredicate, "there is no predicate %q", atom.Pred)
	if near := source.Nearest(atom.Pred, a.predicateNames()); near != "" {
		d.Help = "did you mean " + near + "? A predicate has a fact, a rule, a decl, a key in [data] or a file"
	} else {
		d.Help = helpUnknown
		a.unknowns = append(a.unknowns, atom.PredSpan)
	}
	return a.phantom(atom)
}

const helpUnknown = "give it a fact, a rule, a key in [data] or a file, or declare it"

// declareUnknown shows the declarations of unknown predicates, with the types that the literals' arguments have.
func (a *analysis) declareUnknown() {
	if len(a.unknowns) == 0 {
		return
	}
	for _, c := range a.clauses {
		for i := range c.Body {
			l := &c.Body[i]
			if l.Kind != LitAtom && l.Kind != LitNot || !a.infos[l.Pred].phantom {
				continue
			}
			for _, at := range a.unknowns {
				if at.File == l.Span.File && l.Span.Start <= at.Start && at.End <= l.Span.End {
					a.diags.Help(at, codeUnknownPredicate, helpUnknown+": "+a.declarationOf(c, l))
				}
			}
		}
	}
}

// declarationOf is a declaration by which a literal is well typed.
func (a *analysis) declarationOf(c *clause, l *Literal) string {
	text := append([]byte("decl "), a.preds[l.Pred].Name...)
	text = append(text, '(')
	for i, t := range l.Args {
		if i > 0 {
			text = append(text, ", "...)
		}
		typ := anyType
		if t.Var != TermWildcard {
			typ, _, _ = a.typeTerm(c, t)
		}
		text = appendType(text, a.table, typ)
	}
	return string(append(text, ")."...))
}

// predicateNames returns the names that an atom can have, sorted.
func (a *analysis) predicateNames() []string {
	out := []string{"argv", "split", "each"}
	for name := range a.byName.All() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// phantom is a predicate that stands in for an unknown one, so that the rest of the rule can be checked.
func (a *analysis) phantom(atom *datalog.Atom) PredID {
	key := atom.Pred + "/" + strings.Repeat("_", len(atom.Args))
	id, ok := a.phantoms.Get(key)
	if !ok {
		id = a.addPredicate(atom.Pred, PredUser, make([]column, len(atom.Args)), atom.PredSpan)
		for i := range a.infos[id].columns {
			a.infos[id].columns[i] = column{Type: anyType, known: true}
		}
		a.infos[id].phantom = true
		a.phantoms.Set(key, id)
	}
	return id
}
