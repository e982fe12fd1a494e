package analysis

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// origin says where a value comes from, which decides what text in it may stand for.
type origin uint8

const (
	fromRules origin = iota // text stands for entities alone: other values have literals
	fromData                // TOML or JSON: text may be an ip, a decimal, a datetime, a duration too
	fromCSV                 // all is text
)

var parsers = map[TypeKind]value.Op{TypeDecimal: value.OpParseDecimal, TypeIP: value.OpParseIP, TypeDatetime: value.OpParseDatetime,
	TypeDuration: value.OpParseDuration}

// coerce makes a value one of a declared column's type, where text stands for it; the caller checks what comes out.
func (env *environment) coerce(col *column, typ Type, v value.Value, from origin) (value.Value, *value.Fault) {
	switch {
	case typ.Kind == TypeEntity && v.Kind() == value.KindString:
		if col.action {
			return env.text.ParseAction(env.table, env.table.Text(v), col.bare)
		}
		bare := col.bare
		if typ.Entity != value.None {
			bare = typ.Entity
		}
		return env.text.ParseString(env.table, v, bare)
	case typ.Kind == TypeEntity && v.Kind() == value.KindRecord && from == fromData:
		return env.object(v), nil
	case typ.Kind == TypeSet && typ.Elem != nil && v.Kind() == value.KindSet:
		return env.coerceSet(col, *typ.Elem, v, from)
	case v.Kind() != value.KindString || from == fromRules:
		return v, nil
	}
	text := env.table.Text(v)
	if op, ok := parsers[typ.Kind]; ok {
		return env.table.Parse(op, text)
	}
	if from == fromCSV {
		return env.scalar(typ.Kind, text, v), nil
	}
	return v, nil
}

// object reads {"type":…, "id":…}, whose id is never parsed.
func (env *environment) object(v value.Value) value.Value {
	t := env.table
	f := t.Fields(v)
	if len(f) != 4 || string(t.Text(f[0])) != "id" || string(t.Text(f[2])) != "type" || f[1].Kind() != value.KindString || f[3].Kind() != value.KindString {
		return v
	}
	id, typ := f[1], t.Text(f[3])
	if !value.IsTypePath(string(typ)) {
		return v
	}
	if bytes.Contains(typ, []byte("::")) {
		return t.Entity(f[3], id)
	}
	return t.Entity(env.text.TypeName(t, typ), id)
}

func (env *environment) coerceSet(col *column, elem Type, v value.Value, from origin) (value.Value, *value.Fault) {
	members := slices.Clone(env.table.Members(v))
	changed := false
	for i, m := range members {
		c, f := env.coerce(col, elem, m, from)
		if f != nil {
			return v, f
		}
		members[i], changed = c, changed || c != m
	}
	if !changed {
		return v, nil
	}
	return env.table.Set(members), nil
}

// scalar reads a long or a bool of a CSV cell; other text stays text.
func (env *environment) scalar(kind TypeKind, text []byte, v value.Value) value.Value {
	switch kind {
	case TypeLong:
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && text[0] != '+' {
			return env.table.Long(n)
		}
	case TypeBool:
		switch string(text) {
		case "true":
			return value.True
		case "false":
			return value.False
		}
	}
	return v
}

// coerceConstant coerces a constant of a rule or fact to a declared column. A text that is no entity is reported; that the
// result has the column's type is checked with all other types.
func (a *analysis) coerceConstant(col *column, v value.Value, at source.Span) value.Value {
	if !col.declared {
		return v
	}
	out, f := a.coerce(col, col.Type, v, fromRules)
	if f != nil {
		a.diags.Errorf(at, f.Code, "%s", f.Message)
		return a.missing
	}
	if out != v && a.unknownEntity(out) {
		a.checkTypeName(a.table.TextString(a.table.EntityType(out)), at)
	}
	return out
}

// reported reports whether a value stands for text that was reported.
func (a *analysis) reported(v value.Value) bool { return v == a.missing }
