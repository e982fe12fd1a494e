package schema

import "github.com/rune-authz/rune/engine/internal/source"

// An outline is what a fragment declares and refers to, with places: cedar-go's schemas have none.
type outline struct {
	decls []decl
	refs  []ref
	twice []repeat
	first int // of the declarations that the declaration being read declares
}

type declKind uint8

const (
	declEntity declKind = iota // enumerated ones too
	declType                   // a common type
	declAction
)

// decl is a declaration. Name is without the namespace.
type decl struct {
	kind declKind
	ns   string
	name string
	span source.Span
}

// repeat is an attribute that stands a second time in a record.
type repeat struct {
	name        string
	first, span source.Span
}

type refKind uint8

const (
	refEntity    refKind = iota // where only an entity type can stand
	refType                     // where any type can stand
	refAction                   // an action group; typ is the type written with it, if any
	refExtension                // the name of an extension type
)

// ref is a use of a name.
type ref struct {
	kind refKind
	ns   string // in which it stands
	typ  string
	name string
	// first to last are the indices of the declarations that it stands in.
	first, last int
	span        source.Span
}

// path returns a name that no other declaration of the kind has. The ids of actions may hold anything, "::" too.
func (d *decl) path() string {
	if d.kind == declAction {
		return actionPath(d.ns, d.name)
	}
	return qualify(d.ns, d.name)
}

// actionPath names an action as Cedar does, escapes aside.
func actionPath(ns, id string) string { return qualify(ns, "Action") + "::\"" + id + "\"" }

// qualify puts a name into a namespace.
func qualify(ns, name string) string {
	if ns == "" {
		return name
	}
	return ns + "::" + name
}

// begin notes that what is declared from here on is declared in one go, such as entity A, B;.
func (o *outline) begin() { o.first = len(o.decls) }

func (o *outline) declare(kind declKind, ns, name string, at source.Span) {
	o.decls = append(o.decls, decl{kind: kind, ns: ns, name: name, span: at})
}

func (o *outline) refer(r ref) {
	r.first, r.last = o.first, len(o.decls)-1
	o.refs = append(o.refs, r)
}

// add appends the outline of another fragment.
func (o *outline) add(p outline) {
	n := len(o.decls)
	for _, r := range p.refs {
		r.first, r.last = r.first+n, r.last+n
		o.refs = append(o.refs, r)
	}
	o.decls, o.twice = append(o.decls, p.decls...), append(o.twice, p.twice...)
}
