package schema

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/value"
)

const sample = `
entity Group;
entity Color enum ["red", "green"];
entity User in [Group, Color] { age: Long, nick?: String, home?: { at: ipaddr, "the street"?: Set<Color> } } tags Set<String>;
entity Doc { owner: User };
action view, edit in [all] appliesTo { principal: User, resource: [Doc, Color], context: { mfa: Bool, limits?: Set<{ n: Long }> } };
action all in [everything];
action everything, idle;
@doc("a namespace") namespace N { @doc("an action") action look; type Name = String; entity Person { name: Name, boss?: Person } tags Name; }
`

// sampleSchema returns the sample's schema and its table.
func sampleSchema(t *testing.T) (*Schema, *value.Table) {
	t.Helper()
	table := value.NewTable(value.Key{})
	s, diags, files := parseOne(table, []byte(sample))
	if s == nil {
		t.Fatal(files.Render(diags[0]))
	}
	return s, table
}

func TestCheckEntity(t *testing.T) {
	s, table := sampleSchema(t)
	str := func(x string) value.Value { return table.String(x) }
	rec := func(kv ...value.Value) value.Value { return table.Record(kv) }
	none := rec()
	user, color, view := table.EntityOf("User", "u"), table.EntityOf("Color", "red"), table.EntityOf("Action", "view")
	aged := func(kv ...value.Value) value.Value {
		return rec(append([]value.Value{str("age"), table.Long(3)}, kv...)...)
	}
	ip := table.IP(value.PrefixOf(mustAddr("10.0.0.1")))
	for _, c := range []struct {
		uid, attrs, tags value.Value
		parents          []value.Value
		want             string
	}{
		{user, aged(), none, []value.Value{table.EntityOf("Group", "g"), color}, ""},
		{user, aged(str("home"), rec(str("at"), ip, str("the street"), table.Set([]value.Value{color}))), none, nil, ""},
		{table.EntityOf("Usr", "u"), none, none, nil, `schema.unknown_type: the schema has no entity type Usr`},
		{user, none, none, nil, `schema.missing_attribute: attrs: the attribute "age" is missing`},
		{user, aged(str("more"), value.True), none, nil, `schema.unexpected_attribute: attrs: the schema has no attribute "more" here`},
		{user, rec(str("age"), str("3")), none, nil, `schema.type: attrs.age: expected a long, found "3"`},
		{user, rec(str("age"), str(strings.Repeat("x", 100))), none, nil, `schema.type: attrs.age: expected a long, found "` + strings.Repeat("x", 59) + `…`},
		{user, rec(str("age"), str(strings.Repeat("x", 10000))), none, nil, `schema.type: attrs.age: expected a long, found a large string`},
		{user, aged(str("home"), rec(str("at"), str("10.0.0.1"))), none, nil, `schema.type: attrs.home.at: expected an ip, found "10.0.0.1"`},
		{user, aged(str("home"), rec(str("at"), ip, str("the street"), table.Set([]value.Value{table.EntityOf("Color", "blue")}))), none, nil, `schema.enum: attrs.home["the street"][]: the schema doesn't list Color::"blue"`},
		{user, aged(str("home"), rec(str("at"), ip, str("the street"), table.Set([]value.Value{user}))), none, nil, `schema.type: attrs.home["the street"][]: expected an entity of type Color, found User::"u"`},
		{user, aged(), rec(str("t"), table.Set([]value.Value{str("x")})), nil, ""},
		{user, aged(), rec(str("t"), table.Set([]value.Value{table.Long(1)})), nil, `schema.type: tags.t[]: expected a string, found 1`},
		{user, aged(), none, []value.Value{table.EntityOf("Doc", "d")}, `schema.parent: User::"u" can't have the parent Doc::"d"`},
		{user, aged(), none, []value.Value{table.EntityOf("Color", "blue")}, `schema.enum: the schema doesn't list Color::"blue"`},
		{color, none, none, nil, ""},
		{table.EntityOf("Color", "blue"), none, none, nil, `schema.enum: the schema doesn't list Color::"blue"`},
		{color, none, rec(str("t"), value.True), nil, `schema.tags: entities of type Color have no tags`},
		{view, none, none, []value.Value{table.EntityOf("Action", "all"), table.EntityOf("Action", "everything")}, ""},
		{view, none, none, []value.Value{table.EntityOf("Action", "all")}, ""},
		{view, none, none, []value.Value{table.EntityOf("Action", "everything")}, `schema.action_entity: Action::"view" must have the parent Action::"all"`},
		{view, none, none, []value.Value{table.EntityOf("Action", "all"), table.EntityOf("Action", "idle")}, `schema.parent: Action::"view" can't have the parent Action::"idle"`},
		{table.EntityOf("Action", "read"), none, none, nil, `schema.unknown_action: the schema has no action Action::"read"`},
		{table.EntityOf("Action", "idle"), aged(), none, nil, `schema.unexpected_attribute: attrs: the schema has no attribute "age" here`},
		{table.EntityOf("Action", "idle"), none, rec(str("t"), value.True), nil, `schema.tags: entities of type Action have no tags`},
		{table.EntityOf("N::Action", "look"), none, none, nil, ""},
		{table.EntityOf("N::Person", "x"), rec(str("name"), str("x"), str("boss"), table.EntityOf("N::Person", "y")), rec(str("t"), str("v")), nil, ""},
		{table.EntityOf("N::Person", "x"), rec(str("name"), str("x"), str("boss"), user), none, nil, `schema.type: attrs.boss: expected an entity of type N::Person, found User::"u"`},
	} {
		got := ""
		if f := s.CheckEntity(table, c.uid, c.attrs, c.tags, c.parents); f != nil {
			got = string(f.Code) + ": " + f.Message
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", table.Append(nil, c.uid), got, c.want)
		}
	}
}

func TestCheckRequest(t *testing.T) {
	s, table := sampleSchema(t)
	user, doc, view := table.EntityOf("User", "u"), table.EntityOf("Doc", "d"), table.EntityOf("Action", "view")
	mfa := []value.Value{table.String("mfa"), value.True}
	context := table.Record(mfa)
	limits := func(n value.Value) value.Value {
		return table.Record(append([]value.Value{table.String("limits"), table.Set([]value.Value{table.Record([]value.Value{table.String("n"), n})})}, mfa...))
	}
	for _, c := range []struct {
		principal, action, resource, context value.Value
		want                                 string
	}{
		{user, view, doc, context, ""},
		{user, view, table.EntityOf("Color", "green"), limits(table.Long(1)), ""},
		{user, view, table.EntityOf("Color", "blue"), context, `schema.enum: the schema doesn't list Color::"blue"`},
		{doc, view, doc, context, `schema.not_applicable: Action::"view" doesn't apply to a principal of type Doc`},
		{user, view, user, context, `schema.not_applicable: Action::"view" doesn't apply to a resource of type User`},
		{user, table.EntityOf("Action", "idle"), user, context, `schema.not_applicable: Action::"idle" doesn't apply to a principal of type User`},
		{table.EntityOf("X", "x"), view, doc, context, `schema.unknown_type: the schema has no entity type X`},
		{user, table.EntityOf("Action", "x"), doc, context, `schema.unknown_action: the schema has no action Action::"x"`},
		{user, view, doc, table.Record(nil), `schema.missing_attribute: context: the attribute "mfa" is missing`},
		{user, view, doc, limits(value.True), `schema.type: context.limits[].n: expected a long, found true`},
	} {
		got := ""
		if f := s.CheckRequest(table, c.principal, c.action, c.resource, c.context); f != nil {
			got = string(f.Code) + ": " + f.Message
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestSchema(t *testing.T) {
	s, table := sampleSchema(t)
	var names []string
	for _, et := range s.EntityTypes() {
		names = append(names, table.TextString(et.Name))
	}
	if got := strings.Join(names, " "); got != "Color Doc Group N::Person User" {
		t.Errorf("types: %s", got)
	}
	names = nil
	for _, a := range s.Actions() {
		names = append(names, table.TextString(table.EntityID(a.UID)))
	}
	if got := strings.Join(names, " "); got != "all edit everything idle view look" {
		t.Errorf("actions: %s", got)
	}
	view := s.Action(table.EntityOf("Action", "view"))
	if !view.Applies || len(view.Parents) != 1 || len(view.above) != 2 || s.Action(table.EntityOf("Action", "idle")).Applies {
		t.Errorf("%+v", view)
	}
	user := s.EntityType(table.String("User"))
	if a := user.Shape.Attr(table.String("nick")); a == nil || a.Required || a.Type.Kind != value.KindString {
		t.Errorf("nick is %+v", a)
	}
	if user.Shape.Attr(table.String("x")) != nil || s.EntityType(table.String("new")) != nil || s.Resolved() == nil {
		t.Error("there is what isn't declared")
	}
}

// A schema makes the same table whenever it is read, and its lists are in value order.
func TestParse_deterministic(t *testing.T) {
	s, table := sampleSchema(t)
	for range 10 {
		again, other := sampleSchema(t)
		if d := cmp.Diff(s.types, again.types) + cmp.Diff(s.actions, again.actions, cmp.AllowUnexported(Action{})); d != "" {
			t.Fatal(d)
		}
		if a, b := table.Size(value.Mark{}), other.Size(value.Mark{}); a != b {
			t.Fatalf("%d and %d bytes", a, b)
		}
	}
	inOrder := func(vs []value.Value) bool { return slices.IsSortedFunc(vs, table.Compare) }
	for _, a := range s.Actions() {
		if !inOrder(a.Parents) || !inOrder(a.Principals) || !inOrder(a.Resources) || !inOrder(a.above) {
			t.Errorf("%+v", a)
		}
	}
	for _, et := range s.EntityTypes() {
		if !inOrder(et.Parents) || !inOrder(et.Enum) || !slices.IsSortedFunc(et.Shape.Attrs, func(a, b Attr) int { return table.Compare(a.Name, b.Name) }) {
			t.Errorf("%+v", et)
		}
	}
	if !slices.IsSortedFunc(s.Actions(), func(a, b *Action) int { return table.Compare(a.UID, b.UID) }) {
		t.Error("actions are out of order")
	}
}

// A nil schema has no objections.
func TestSchema_nil(t *testing.T) {
	var s *Schema
	var typ *Type
	table := value.NewTable(value.Key{})
	u, r := table.EntityOf("U", "u"), table.Record(nil)
	if s.CheckRequest(table, u, u, u, r) != nil || s.CheckEntity(table, u, r, r, nil) != nil || s.EntityType(table.String("U")) != nil || s.Action(u) != nil {
		t.Error("objections")
	}
	if s.EntityTypes() != nil || s.Actions() != nil || s.Resolved() != nil || typ.Attr(table.String("x")) != nil {
		t.Error("declarations")
	}
}

// Checks that pass allocate nothing.
func TestCheck_allocates(t *testing.T) {
	s, table := sampleSchema(t)
	user, doc, view := table.EntityOf("User", "u"), table.EntityOf("Doc", "d"), table.EntityOf("Action", "view")
	context := table.Record([]value.Value{table.String("mfa"), value.True})
	attrs := table.Record([]value.Value{table.String("age"), table.Long(3)})
	parents := []value.Value{table.EntityOf("Group", "g")}
	empty := table.Record(nil)
	n := testing.AllocsPerRun(100, func() {
		if s.CheckRequest(table, user, view, doc, context) != nil || s.CheckEntity(table, user, attrs, empty, parents) != nil {
			t.Error("refused")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }
