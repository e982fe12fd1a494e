package cedar

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/cedartest"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// manyPolicies are n policies, of which three apply to U::"a" reading R::"r" in G::"top".
func manyPolicies(n int) string {
	var b strings.Builder
	for i := range n - 3 {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "permit(principal == U::\"u%d\", action == Action::\"read\", resource);\n", i)
		case 1:
			fmt.Fprintf(&b, "permit(principal, action in [Action::\"write\", Action::\"delete\"], resource == R::\"r%d\");\n", i)
		case 2:
			fmt.Fprintf(&b, "permit(principal in G::\"g%d\", action == Action::\"read\", resource is R in G::\"h%d\");\n", i, i)
		case 3:
			fmt.Fprintf(&b, "forbid(principal is T%d, action, resource) when { principal.level < 3 };\n", i)
		}
	}
	b.WriteString(`permit(principal == U::"a", action, resource in G::"top") when { context.mfa };
		forbid(principal in G::"top", action in [Action::"read", Action::"write"], resource) unless { resource.open };
		permit(principal is U, action == Action::"read", resource is R) when { principal.level > 3 && ["a", "b"].contains(resource.kind) };`)
	return b.String()
}

func manyEntities() types.EntityMap {
	out := types.EntityMap{}
	add := func(typ, id string, attrs types.RecordMap, parents ...types.EntityUID) {
		e := types.Entity{UID: types.NewEntityUID(types.EntityType(typ), types.String(id)), Attributes: types.NewRecord(attrs), Parents: types.NewEntityUIDSet(parents...)}
		out[e.UID] = e
	}
	top, mid := types.NewEntityUID("G", "top"), types.NewEntityUID("G", "mid")
	add("U", "a", types.RecordMap{"level": types.Long(5)}, mid)
	add("R", "r", types.RecordMap{"open": types.True, "kind": types.String("b")}, mid, types.NewEntityUID("G", "other"))
	add("G", "mid", nil, top)
	add("G", "top", nil)
	return out
}

func manyRequest() cedar.Request {
	return cedar.Request{
		Principal: types.NewEntityUID("U", "a"), Action: types.NewEntityUID("Action", "read"), Resource: types.NewEntityUID("R", "r"),
		Context: types.NewRecord(types.RecordMap{"mfa": types.True}),
	}
}

// environment compiles policies, and makes what evaluates them for a request.
func environment(t testing.TB, text string, entities types.EntityMap, q cedar.Request) (*Set, *Env) {
	return environmentIn(t, value.NewTable(value.Key{5, 6}), text, entities, q)
}

func environmentIn(t testing.TB, table *value.Table, text string, entities types.EntityMap, q cedar.Request) (*Set, *Env) {
	set := Compile(table, parseAll(t, text))
	return set, &Env{
		Table: table, View: entity.NewView(table, convertEntities(table, entities)),
		Principal: cedartest.Intern(table, q.Principal), Action: cedartest.Intern(table, q.Action),
		Resource: cedartest.Intern(table, q.Resource), Context: cedartest.Intern(table, q.Context),
	}
}

// Of 10 000 policies only those run whose scope fits.
func TestIndex_candidatesOnly(t *testing.T) {
	for _, n := range []int{3, 10, 100, 10_000} {
		set, env := environment(t, manyPolicies(n), manyEntities(), manyRequest())
		var out Outcome
		set.Evaluate(env, &out)
		if want := []int32{int32(n - 3), int32(n - 1)}; !cmp.Equal(out.Satisfied, want) || len(out.Errors) > 0 {
			t.Errorf("%d policies: %v hold, want %v; errors %v", n, out.Satisfied, want, out.Errors)
		}
		if out.Evaluated < 3 || out.Evaluated > 10 {
			t.Errorf("%d policies: %d were evaluated", n, out.Evaluated)
		}
		if set.Len() != n || !set.HasPermit() {
			t.Errorf("a set of %d policies, permits: %t", set.Len(), set.HasPermit())
		}
	}
}

// A set that outcomes of a larger one are reused for, and one without policies.
func TestIndex_small(t *testing.T) {
	large, env := environment(t, manyPolicies(100), manyEntities(), manyRequest())
	var out Outcome
	large.Evaluate(env, &out)
	for text, want := range map[string]int{"": 0, "permit(principal, action, resource);": 1} {
		set := Compile(env.Table, parseAll(t, text))
		set.Evaluate(env, &out)
		if len(out.Satisfied) != want || out.Evaluated != want || set.HasPermit() != (want > 0) {
			t.Errorf("%q: %d hold, %d evaluated, permits: %t", text, len(out.Satisfied), out.Evaluated, set.HasPermit())
		}
	}
	if Compile(env.Table, parseAll(t, "forbid(principal, action, resource);")).HasPermit() {
		t.Error("a forbid is a permit")
	}
}

// Each kind of constraint by `in` alone makes the index read the hierarchy.
func TestIndex_inAlone(t *testing.T) {
	for _, scope := range []string{
		`principal in G::"%s", action, resource`, `principal is U in G::"%s", action, resource`, `principal, action, resource in G::"%s"`,
		`principal, action, resource is R in G::"%s"`, `principal, action in [Action::"%s", Action::"read"], resource`,
	} {
		var text strings.Builder
		for _, group := range []string{"x", "y", "top", "z"} {
			fmt.Fprintf(&text, "permit("+scope+");\n", group)
		}
		set, env := environment(t, text.String(), manyEntities(), manyRequest())
		var out Outcome
		set.Evaluate(env, &out)
		if !slices.Contains(out.Satisfied, 2) {
			t.Errorf("%s: %v hold", scope, out.Satisfied)
		}
	}
}

// The index finds what cedar-go finds by trying all, for sets with all mixtures of constraints.
func TestIndex_likeCedar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t}
		var b strings.Builder
		for range g.n(1, 40) {
			fmt.Fprintf(&b, "permit(principal%s, action%s, resource%s);\n", g.scope(false), g.scope(true), g.scope(false))
		}
		ps, _, _ := parse(b.String())
		theirs, err := cedar.NewPolicySetFromBytes("", []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		entities := g.entities()
		table := value.NewTable(value.Key{})
		set := Compile(table, ps)
		env := Env{Table: table, View: entity.NewView(table, convertEntities(table, entities)), Context: table.Record(nil)}
		var out Outcome
		for range 5 {
			q := cedar.Request{Principal: g.uid(), Action: g.uid(), Resource: g.uid()}
			env.Principal, env.Action = cedartest.Intern(table, q.Principal), cedartest.Intern(table, q.Action)
			env.Resource = cedartest.Intern(table, q.Resource)
			set.Evaluate(&env, &out)
			if diff := cmp.Diff(authorize(theirs, entities, q), decide(ps, &out), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s\n%v\n%v\n(-want +got):\n%s", b.String(), entities, q, diff)
			}
			if out.Evaluated < len(out.Satisfied) || out.Evaluated > len(ps) {
				t.Fatalf("%d evaluated, %d hold", out.Evaluated, len(out.Satisfied))
			}
		}
	})
}
