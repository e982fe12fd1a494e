package schema

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// names finds declarations by what they are called. It repeats cedar-go's rules of resolution, which say neither where an unknown name
// stands nor always the same one first.
type names struct {
	outline
	diags   *source.List
	byKind  [3]map[string]int // by declKind: path to index
	targets []int             // by ref: the declaration that it means, or -1 if it is built in or wrong
	unknown int               // names
}

// mostSuggestions bounds how many unknown names are compared with all that are known.
const mostSuggestions = 50

// check reports what is wrong with the names of an outline.
func check(o outline, diags *source.List) *names {
	n := &names{outline: o, diags: diags}
	for k := range n.byKind {
		n.byKind[k] = map[string]int{}
	}
	for i := range n.decls {
		n.enter(i)
	}
	for _, r := range n.twice {
		e := n.diags.Errorf(r.span, CodeTwice, "attribute %q stands twice in one record", r.name)
		e.Related = append(e.Related, source.Related{Span: r.first, Message: "it stands here first"})
	}
	n.shadowing()
	for i := range n.refs {
		n.targets = append(n.targets, n.resolve(&n.refs[i]))
	}
	return n
}

func (n *names) enter(i int) {
	d := &n.decls[i]
	first, twice := n.byKind[d.kind][d.path()]
	if !twice {
		n.byKind[d.kind][d.path()] = i
		return
	}
	e := n.diags.Errorf(d.span, CodeTwice, "%s is declared twice", d)
	e.Related = append(e.Related, source.Related{Span: n.decls[first].span, Message: "it is declared here first"})
}

// String returns what messages call a declaration.
func (d *decl) String() string {
	switch d.kind {
	case declAction:
		return "action " + d.path()
	case declType:
		return "type \"" + d.path() + "\""
	}
	return "entity type \"" + d.path() + "\""
}

// shadowing reports declarations in a namespace that hide one outside of all namespaces, see Cedar's RFC 70.
func (n *names) shadowing() {
	for i := range n.decls {
		d := &n.decls[i]
		hidden := n.hidden(d)
		if d.ns == "" || hidden < 0 {
			continue
		}
		e := n.diags.Errorf(d.span, CodeShadow, "%s hides %s", d, &n.decls[hidden])
		e.Related = append(e.Related, source.Related{Span: n.decls[hidden].span, Message: "which is declared here"})
		e.Help = "give one of them another name"
	}
}

// hidden returns the declaration outside of all namespaces that has a declaration's name, or -1. Types of entities and others share
// their names.
func (n *names) hidden(d *decl) int {
	bare := decl{kind: d.kind, name: d.name}
	kinds := []declKind{declEntity, declType}
	if d.kind == declAction {
		kinds = []declKind{declAction}
	}
	for _, k := range kinds {
		if i, ok := n.byKind[k][bare.path()]; ok {
			return i
		}
	}
	return -1
}

// resolve returns the declaration that a reference means.
func (n *names) resolve(r *ref) int {
	switch r.kind {
	case refAction:
		return n.action(r)
	case refExtension:
		if !slices.Contains(extensionTypes, r.name) {
			n.report(r, "extension type", func() []string { return extensionTypes })
		}
		return -1
	case refEntity:
		if i := n.find(r, declEntity); i >= 0 {
			return i
		}
		n.report(r, "entity type", func() []string { return n.paths(r.ns, declEntity) })
		return -1
	}
	return n.typ(r)
}

// find looks a name up in its namespace, then outside of all.
func (n *names) find(r *ref, kinds ...declKind) int {
	candidates := []string{r.name}
	if !strings.Contains(r.name, "::") && r.ns != "" {
		candidates = []string{qualify(r.ns, r.name), r.name}
	}
	for _, path := range candidates {
		for _, k := range kinds {
			if i, ok := n.byKind[k][path]; ok {
				return i
			}
		}
	}
	return -1
}

// builtinPrefix is that of names which mean built-in types whatever is declared.
const builtinPrefix = "__cedar::"

var (
	extensionTypes = []string{"ipaddr", "decimal", "datetime", "duration"}
	builtinTypes   = append([]string{"String", "Long", "Bool", "Boolean"}, extensionTypes...)
)

func (n *names) typ(r *ref) int {
	name, builtin := strings.CutPrefix(r.name, builtinPrefix)
	if !builtin {
		if i := n.find(r, declType, declEntity); i >= 0 {
			return i
		}
	}
	if !slices.Contains(builtinTypes, name) {
		n.report(r, "type", func() []string { return append(n.paths(r.ns, declEntity, declType), builtinTypes...) })
	}
	return -1
}

// report reports a name that nothing is called.
func (n *names) report(r *ref, what string, known func() []string) {
	code := CodeUnknownType
	if r.kind == refAction {
		code = CodeNoAction
	}
	d := n.diags.Errorf(r.span, code, "no %s is called %q", what, r.name)
	if n.unknown++; n.unknown > mostSuggestions {
		return
	}
	if near := source.Nearest(r.name, known()); near != "" {
		d.Help = "did you mean \"" + near + "\"?"
	}
}

// paths returns the names by which a namespace can call the declarations of some kinds, in order of declaration.
func (n *names) paths(ns string, kinds ...declKind) []string {
	var out []string
	for i := range n.decls {
		d := &n.decls[i]
		if !slices.Contains(kinds, d.kind) {
			continue
		}
		if out = append(out, d.path()); d.ns == ns && ns != "" {
			out = append(out, d.name)
		}
	}
	return out
}

// action finds an action group. Without a type, or with the bare type Action, it is one of the same namespace, else one outside of all.
func (n *names) action(r *ref) int {
	ns := strings.TrimSuffix(r.typ, "::Action")
	candidates := []string{actionPath(ns, r.name)}
	switch {
	case r.typ == "" || r.typ == "Action":
		candidates = []string{actionPath(r.ns, r.name), actionPath("", r.name)}
	case ns == r.typ: // no type of actions
		candidates = nil
	}
	for _, path := range candidates {
		if i, ok := n.byKind[declAction][path]; ok {
			return i
		}
	}
	n.report(r, "action", func() []string { return n.actions(r) })
	return -1
}

// actions returns the ids of the actions that a reference could mean.
func (n *names) actions(r *ref) []string {
	var out []string
	for i := range n.decls {
		if a := &n.decls[i]; a.kind == declAction && (a.ns == "" || a.ns == r.ns) && a.name != r.name {
			out = append(out, a.name)
		}
	}
	return out
}
