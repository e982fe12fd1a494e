package analysis

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

func drawType(t *rapid.T, tab *value.Table, depth int) Type {
	k := TypeKind(rapid.IntRange(0, int(TypeRecord)).Draw(t, "kind"))
	typ := Type{Kind: k, Entity: value.None}
	switch {
	case k == TypeEntity:
		typ.Entity = rapid.SampledFrom([]value.Value{value.None, tab.String("User"), tab.String("Group")}).Draw(t, "entity")
	case k == TypeSet && depth > 0:
		return setOf(drawType(t, tab, depth-1))
	}
	return typ
}

// TestLattice holds the laws of types: join is the least type above two, and meet holds what both hold; it may hold more where two sets have
// only the empty one in common.
func TestLattice(t *testing.T) {
	tab := value.NewTable(value.Key{})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawType(t, tab, 2), drawType(t, tab, 2), drawType(t, tab, 2)
		j := join(a, b)
		if !sameType(j, join(b, a)) || !within(a, j) || !within(b, j) || !sameType(join(a, a), a) || !sameType(join(join(a, b), c), join(a, join(b, c))) {
			t.Fatalf("join of %v and %v is %v", a, b, j)
		}
		m, ok := meet(a, b)
		n, also := meet(b, a)
		if ok != also || ok && !sameType(m, n) || within(a, b) && (!ok || !sameType(m, a)) {
			t.Fatalf("meet of %v and %v is %v %v, or %v %v", a, b, m, ok, n, also)
		}
		if within(c, a) && within(c, b) && !(ok && within(c, m)) {
			t.Fatalf("%v is within %v and %v, and not within their meet", c, a, b)
		}
		if kinds(a)&kinds(b) == 0 && ok {
			t.Fatalf("%v and %v meet", a, b)
		}
	})
}

func TestFits(t *testing.T) {
	tab := value.NewTable(value.Key{})
	user := tab.EntityOf("User", "a")
	for _, c := range []struct {
		v    value.Value
		typ  Type
		want bool
	}{
		{user, anyType, true}, {user, entityType, true}, {user, stringType, false}, {user, Type{Kind: TypeEntity, Entity: tab.String("User")}, true},
		{user, Type{Kind: TypeEntity, Entity: tab.String("Group")}, false}, {tab.Set([]value.Value{user}), setOf(entityType), true},
		{tab.Set([]value.Value{user}), setOf(longType), false}, {tab.Set(nil), setOf(longType), true}, {tab.Set([]value.Value{user}), setOf(anyType), true},
		{tab.Record(nil), recordType, true}, {value.True, boolType, true},
	} {
		if got := fits(tab, c.v, c.typ); got != c.want || got != within(typeOf(tab, c.v), c.typ) && len(tab.Append(nil, c.v)) > 2 {
			t.Errorf("%s has the type %v: %v", tab.Append(nil, c.v), c.typ, got)
		}
	}
}

// TestDescribe has how messages call types.
func TestDescribe(t *testing.T) {
	for text, want := range map[string]string{
		`q(ip("1.1.1.1")). p(X) :- q(X), X + 1 == 2.`:                              "1:33 datalog.type + has no meaning for an ip",
		`q({a: 1}). p(X) :- q(X), X + 1 == 2.`:                                     "1:26 datalog.type + has no meaning for a record",
		`q([1, "a"]). p(X) :- q(X), X + 1 == 2.`:                                   "1:28 datalog.type + has no meaning for a set",
		`q(Agent::"a"). p(X) :- q(X), X + 1 == 2.`:                                 "1:30 datalog.type + has no meaning for an Agent",
		`q(User::"a"). p(X) :- q(X), X.startsWith("a").`:                           "1:29 datalog.type startsWith has no meaning for a User",
		`q(User::"a"). p(X) :- q(X), X == "a".`:                                    "1:29 datalog.type a User and a string are never equal",
		`q(1). q("012345678901234567890123456789012345678901234567890123456789").`: `1:9 datalog.type "01234567890123456789012345678901234567890123456789012345678… is a string`,
	} {
		check(t, text, source.Error, want)
	}
}

func TestConstants(t *testing.T) {
	l := accepted(t, `decl m(User, Set<Group>). permit("a") :- m(_, S), S == [Group::"c"], N = count { m("d", _) }, N > 1. m("fact", []).`)
	found := map[string]bool{}
	l.program.Constants(func(v value.Value) { found[string(l.table.Append(nil, v))] = true })
	for _, want := range []string{`User::"a"`, `[Group::"c"]`, `User::"d"`, "1"} {
		if !found[want] {
			t.Errorf("%s isn't among %v", want, found)
		}
	}
	if found[`User::"fact"`] {
		t.Error("facts are no rules")
	}
}

func TestGoalRow(t *testing.T) {
	l := accepted(t, `decl m(User, Set<Group>, string). m("a", ["b"], "c").`)
	var files source.Files
	var diags source.List
	g := l.program.Goal(&files, []byte("m(X, Y, Z)"), &diags)
	s := l.table.String
	row := []value.Value{s("a"), l.table.Set([]value.Value{s("b")}), s("c")}
	if f := l.program.GoalRow(g, row); f != nil || string(l.table.Append(nil, row[0])) != `User::"a"` || string(l.table.Append(nil, row[1])) != `[Group::"b"]` || row[2] != s("c") {
		t.Error(f, row)
	}
	if f := l.program.GoalRow(g, []value.Value{s(""), s(""), s("")}); f == nil {
		t.Error("an entity's text is empty")
	}
}
