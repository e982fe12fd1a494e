package document

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

var metadataKeys = []string{"name", "description", "version"}

// metadata reads [metadata].
func (r *tomlReader) metadata(table nodeID) (m Metadata) {
	for c := range r.children(table) {
		name := r.keyText(c)
		if !slices.Contains(metadataKeys, name) {
			r.unknownKey(c, "[metadata]", metadataKeys)
			continue
		}
		s, _ := r.stringOf(c)
		switch name {
		case "name":
			m.Name = s
		case "description":
			m.Description = s
		case "version":
			m.Version = s
		}
	}
	return m
}

var defaultsKeys = []string{"principal", "action", "resource", "combine", "on_error", "validation", "entity_text", "host_context",
	"protected_types", "limits"}

// noDefaults are the defaults of a document without [defaults].
func noDefaults() Defaults {
	return Defaults{Principal: "User", Action: "Action", Resource: "Resource", Spans: map[string]source.Span{}}
}

// defaults reads [defaults].
func (r *tomlReader) defaults(table nodeID) Defaults {
	d := noDefaults()
	for c := range r.children(table) {
		key := r.keyText(c)
		d.Spans[key] = r.span(c)
		switch key {
		case "principal":
			d.Principal = r.typePath(c, d.Principal)
		case "action":
			d.Action = r.typePath(c, d.Action)
		case "resource":
			d.Resource = r.typePath(c, d.Resource)
		case "combine":
			d.Combine, _ = r.choice(c, "any", "all")
		case "on_error":
			d.OnError, _ = r.choice(c, "closed", "cedar", "deny")
		case "validation":
			d.Validation, _ = r.choice(c, "strict", "permissive", "off")
		case "entity_text":
			form, _ := r.choice(c, "short", "quoted")
			d.Quoted = form == "quoted"
		case "host_context":
			d.HostContext, _, _ = r.stringsOf(c)
		case "protected_types":
			d.ProtectedTypes = r.typePaths(c, d.Spans)
		case "limits":
			d.Limits = r.limits(c)
		default:
			r.unknownKey(c, "[defaults]", defaultsKeys)
		}
	}
	return d
}

// typePath returns an entity type.
func (r *tomlReader) typePath(n nodeID, otherwise string) string {
	s, ok := r.stringOf(n)
	if !ok || !r.isTypePath(s, r.span(n)) {
		return otherwise
	}
	return s
}

func (r *tomlReader) isTypePath(s string, at source.Span) bool {
	if value.IsTypePath(s) {
		return true
	}
	r.diags.Errorf(at, codeValue, "%s is no entity type", quote(s)).Help = "a type is a name such as User or App::User"
	return false
}

func (r *tomlReader) typePaths(n nodeID, spans map[string]source.Span) (out []string) {
	types, at, _ := r.stringsOf(n)
	for i, s := range types {
		if r.isTypePath(s, at[i]) {
			out = append(out, s)
			spans["protected_types/"+s] = at[i]
		}
	}
	return out
}

var limitNames = []string{"steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect"}

// limits reads the table of limits.
func (r *tomlReader) limits(n nodeID) (l Limits) {
	if !r.isTable(n) {
		return l
	}
	fields := []*uint64{&l.Steps, &l.ErrorSteps, &l.Tuples, &l.Tables, &l.ArenaBytes, &l.Depth, &l.StringBytes, &l.Collect}
	for c := range r.children(n) {
		i := slices.Index(limitNames, r.keyText(c))
		if i < 0 {
			r.unknownKey(c, "limits", limitNames)
			continue
		}
		*fields[i] = r.limit(c)
	}
	return l
}

func (r *tomlReader) limit(n nodeID) uint64 {
	if r.nodes[n].kind != nodeScalar || r.nodes[n].value.Kind() != value.KindLong {
		r.wrongKind(n, "a whole number")
		return 0
	}
	i := r.table.LongOf(r.nodes[n].value)
	if i < 1 {
		r.diags.Errorf(r.span(n), codeValue, "the limit %s is at least 1, not %d", r.keyText(n), i)
		return 0
	}
	return uint64(i)
}
