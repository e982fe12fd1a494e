package cedar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	cedarschema "github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
)

const testSchema = `
	entity Group;
	entity User in [Group] { name: String, age: Long, email?: String, address?: { city: String, zip?: String }, groups: Set<Group> } tags String;
	entity Document in [Group] { owner: User, public: Bool };
	entity Color enum ["red", "blue"];
	action read, write appliesTo { principal: User, resource: Document, context: { mfa?: Bool, ip: ipaddr } };
	action list appliesTo { principal: [User, Group], resource: Group };
	action unused;`

func resolve(t testing.TB, text string) *resolved.Schema {
	t.Helper()
	var s cedarschema.Schema
	if err := s.UnmarshalCedar([]byte(text)); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// faults validates policies and shows what is wrong as: "text at the place" message (help) + further messages of the place.
func faults(t *testing.T, schema *resolved.Schema, text string, how Validation) string {
	t.Helper()
	ps, files, diags := parse(text)
	if len(diags) > 0 {
		t.Fatal(show(files, diags))
	}
	var list source.List
	validatePolicies(ps, schema, how, &list)
	var b strings.Builder
	for _, d := range list.All() {
		fmt.Fprintf(&b, "%q %s", text[d.Span.Start:d.Span.End], d.Message)
		if d.Help != "" {
			fmt.Fprintf(&b, " (%s)", d.Help)
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "\n  + %s", r.Message)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func reads(expr string) string {
	return `permit(principal is User, action == Action::"read", resource) when { ` + expr + " };"
}

func TestValidate_places(t *testing.T) {
	tests := []struct{ text, want string }{
		{`permit(principal, action, resource);`, ""},
		{reads(`principal.age > 3 && resource.owner == principal && context has mfa && context.mfa`), ""},
		{`permit(principal is Usr, action, resource);`, "\"Usr\" unrecognized entity type `Usr` (did you mean User?)\n"},
		{`permit(principal in Grup::"a", action, resource);`, "\"Grup::\\\"a\\\"\" unrecognized entity type `Grup` (did you mean Group?)\n"},
		{`permit(principal is User in Grup::"a", action, resource);`, "\"Grup::\\\"a\\\"\" unrecognized entity type `Grup` (did you mean Group?)\n"},
		{`permit(principal, action == Action::"raed", resource);`, "\"Action::\\\"raed\\\"\" unrecognized action `Action::\"raed\"` (did you mean Action::\"read\"?)\n"},
		{`permit(principal, action in [Action::"read", Action::"raed"], resource);`, "\"Action::\\\"raed\\\"\" unrecognized action `Action::\"raed\"` (did you mean Action::\"read\"?)\n"},
		{`permit(principal, action, resource == Dokument::"a");`, "\"Dokument::\\\"a\\\"\" unrecognized entity type `Dokument` (did you mean Document?)\n"},
		{`permit(principal is Document, action, resource);`, `
"principal is Document" unable to find an applicable action given the policy scope constraints (the schema has no action for this)
`},
		{`permit(principal is Group, action == Action::"read", resource);`, `
"permit" unable to find an applicable action given the policy scope constraints (the schema has no action for this)
`},
		{`permit(principal, action == Action::"unused", resource);`, `
"action == Action::\"unused\"" unable to find an applicable action given the policy scope constraints (the schema has no action for this)
`},
		{`permit(principal, action in [], resource);`, `
"action in []" empty set literals are forbidden in policies
  + unable to find an applicable action given the policy scope constraints
`},
		{reads(`principal.naem == "a"`), "\"naem\" attribute `naem` on entity type `User` not found (did you mean name?)\n"},
		{reads(`principal.email == "a"`), "\"email\" unable to guarantee safety of access to optional attribute `email` on entity type `User` (ask first whether it is there: principal has email && …)\n"},
		{reads(`principal has email && principal.email == "a" && principal.email == 1`), `
"==" the types Long and String are not compatible
`},
		{reads(`resource.owner.email like "*"`), "\"email\" unable to guarantee safety of access to optional attribute `email` on entity type `User` (ask first whether it is there: resource.owner has email && …)\n"},
		{reads(`principal has address && principal.address.zip == "1"`), "\"zip\" unable to guarantee safety of access to optional attribute `address.zip` on entity type `User` (ask first whether it is there: principal.address has zip && …)\n"},
		{reads(`principal.address.city == "x"`), "\"address\" unable to guarantee safety of access to optional attribute `address` on entity type `User` (ask first whether it is there: principal has address && …)\n"},
		{reads(`context.mfa`), "\"mfa\" unable to guarantee safety of access to optional attribute `mfa` in context for Action::\"read\" (ask first whether it is there: context has mfa && …)\n"},
		{`permit(principal, action, resource) when { context.mfa };`, "\"mfa\" attribute `mfa` in context for Action::\"list\" not found\n" +
			"  + unable to guarantee safety of access to optional attribute `mfa` in context for Action::\"read\"\n" +
			"  + unable to guarantee safety of access to optional attribute `mfa` in context for Action::\"write\"\n"},
		{reads(`principal.age`), `
"principal.age" unexpected type: expected Bool but saw Long
`},
		{reads(`principal.age && true`), `
"principal.age" unexpected type: expected Bool but saw Long
`},
		{reads(`true && principal.name`), `
"principal.name" unexpected type: expected Bool but saw String
`},
		{reads(`!principal.age`), `
"principal.age" unexpected type: expected Bool but saw Long
`},
		{reads(`if principal.age then true else false`), `
"principal.age" unexpected type: expected Bool but saw Long
`},
		{reads(`if resource.public then principal.age else principal.name`), `
"if" the types Long and String are not compatible
`},
		{reads(`principal.name + 1 == 2`), `
"principal.name" unexpected type: expected Long but saw String
`},
		{reads(`1 + principal.name == 2`), `
"principal.name" unexpected type: expected Long but saw String
`},
		{reads(`-principal.name == 2`), `
"principal.name" unexpected type: expected Long but saw String
`},
		{reads(`principal.name < 2`), `
"principal.name" unexpected type: expected datetime, or duration, or Long but saw String
`},
		{reads(`2 < principal.name`), `
"principal.name" unexpected type: expected datetime, or duration, or Long but saw String
`},
		{reads(`principal.name == 2`), `
"==" the types Long and String are not compatible
`},
		{reads(`principal.name in principal`), `
"in" unexpected type: expected AnyEntity but saw String
`},
		{reads(`principal.groups.contains(1)`), `
"contains" the types Long and Group are not compatible
`},
		{reads(`principal.age.contains(1)`), `
"contains" unexpected type: expected Set<Any> but saw Long
`},
		{reads(`principal.age like "a"`), `
"like" unexpected type: expected String but saw Long
`},
		{reads(`[] == []`), `
"[" empty set literals are forbidden in policies
"[" empty set literals are forbidden in policies
`},
		{reads(`[1, "a"] == [1]`), `
"[" the types Long and String are not compatible
`},
		{reads(`{a: principal.x} == {a: 1}`), "\"x\" attribute `x` on entity type `User` not found\n"},
		{reads(`principal.getTag("a") == "b"`), "\"getTag\" unable to guarantee safety of access to tag `\"a\"` on entity type `User` (ask first whether it is there: principal.hasTag(\"a\") && …)\n"},
		{reads(`resource.hasTag("a") && resource.getTag("a") == "b"`), ""},
		{reads(`principal == Usr::"a"`), "\"Usr::\\\"a\\\"\" unrecognized entity type `Usr` (did you mean User?)\n"},
		{reads(`principal is Usr`), ""},
		{reads(`action == Action::"raed"`), "\"Action::\\\"raed\\\"\" unrecognized action `Action::\"raed\"` (did you mean Action::\"read\"?)\n"},
		{reads(`ip("x") == context.ip`), "\"ip\" error during extension function argument validation: failed to parse as IP address: `\"x\"`\n"},
		{reads(`ip(principal.name) == context.ip`), `
"ip" extension constructors may not be called with non-literal expressions
`},
		{reads(`context.ip.isInRange()`), `
"isInRange" wrong number of arguments in extension function application. Expected 2, got 1
`},
		{reads(`resource.public || principal.x || principal.y`), "\"x\" attribute `x` on entity type `User` not found\n\"y\" attribute `y` on entity type `User` not found\n"},
		{reads(`false && principal.x`), ""},
		{reads(`principal.x`) + "\n" + reads(`true`) + "\n" + reads(`principal.y`), "\"x\" attribute `x` on entity type `User` not found\n\"y\" attribute `y` on entity type `User` not found\n"},
		{`permit(principal is Usr, action, resource) when { principal.x } unless { resource.y == 1 };`, "\"Usr\" unrecognized entity type `Usr` (did you mean User?)\n"},
		{`permit(principal is User, action, resource) when { true } unless { principal.x == Usr::"a" };`, "\"x\" attribute `x` on entity type `User` not found\n\"Usr::\\\"a\\\"\" unrecognized entity type `Usr` (did you mean User?)\n"},
		{reads(`if principal has email then principal.email == 1 else principal.email == ""`), "\"==\" the types Long and String are not compatible\n\"email\" unable to guarantee safety of access to optional attribute `email` on entity type `User` (ask first whether it is there: principal has email && …)\n"},
		{reads(`principal has email && (principal.email == "a" && resource.owner.email == "b")`), "\"email\" unable to guarantee safety of access to optional attribute `email` on entity type `User` (ask first whether it is there: resource.owner has email && …)\n"},
		{reads(`(principal.x == 1) == (principal.x == 2)`), "\"x\" attribute `x` on entity type `User` not found\n\"x\" attribute `x` on entity type `User` not found\n"},
	}
	schema := resolve(t, testSchema)
	for _, tt := range tests {
		got := faults(t, schema, tt.text, Validation{})
		if diff := cmp.Diff(strings.TrimLeft(tt.want, "\n"), got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestValidate_permissive(t *testing.T) {
	schema := resolve(t, testSchema)
	for text, want := range map[string]bool{
		reads(`principal.name == 2`):                  true, // strict alone refuses what can't err
		reads(`[] == []`):                             true,
		reads(`principal.naem == 2`):                  false,
		`permit(principal is Usr, action, resource);`: false,
	} {
		if got := faults(t, schema, text, Validation{Permissive: true}) == ""; got != want {
			t.Errorf("%s: well %t, want %t", text, got, want)
		}
	}
}

// Attributes that rules derive are optional, so that they have to be guarded.
func TestValidate_derived(t *testing.T) {
	schema := resolve(t, testSchema)
	how := Validation{Derived: func(name string) bool { return name == "age" }}
	want := `"age" unable to guarantee safety of access to optional attribute ` + "`age` on entity type `User` (ask first whether it is there: principal has age && …)\n"
	if got := faults(t, schema, reads(`principal.age == 1 && principal.name == "a"`), how); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := faults(t, schema, reads(`principal has age && principal.age == 1`), how); got != "" {
		t.Error(got)
	}
	if got := faults(t, schema, reads(`principal.age == 1`), Validation{}); got != "" {
		t.Errorf("the schema itself was changed: %s", got)
	}
}

// optionalRecords is a schema whose context has n optional records inside each other.
func optionalRecords(n int) string {
	return "entity User, Document; action read appliesTo { principal: User, resource: Document, context: " +
		strings.Repeat("{ a?: ", n) + "Bool" + strings.Repeat("}", n) + " };"
}

// What would keep cedar-go's validator busy for hours is refused, and what comes close to it takes no time.
func TestValidate_bounds(t *testing.T) {
	isIn := func(n int) string {
		return reads(strings.Repeat("(if ", n) + "context.x" + strings.Repeat(` then principal else principal) is User in principal`, n))
	}
	tests := []struct{ name, schema, text, want string }{
		{"10 unguarded records", optionalRecords(10), reads("context" + strings.Repeat(".a", 10)), "unable to guarantee safety of access to optional attribute"},
		{"11 unguarded records", optionalRecords(30), reads("context" + strings.Repeat(".a", 11)), "more than 10 records that are optional are read inside each other"},
		{"100 unguarded records", optionalRecords(100), reads("context" + strings.Repeat(".a", 100)), "more than 10 records that are optional are read inside each other"},
		{"few optional records", optionalRecords(2), reads("context" + strings.Repeat(".a", 100)), "unexpected type"},
		{"10 nested is in", testSchema, isIn(10), "attribute `x` in context"},
		{"11 nested is in", testSchema, isIn(11), "more than 10 tests with is and in are nested"},
		{"60 nested is in", testSchema, isIn(60), "more than 10 tests with is and in are nested"},
		{"250 guards", testSchema, reads("principal.x" + strings.Repeat(" && principal has email", 250)), "attribute `x` on entity type `User` not found"},
		{"251 guards", testSchema, reads("principal.x" + strings.Repeat(" && principal.hasTag(\"a\")", 251)), "a condition to be validated has more than 250 guards"},
		{"1000 operands", testSchema, reads("principal.age == 1" + strings.Repeat(" || principal.age == 1", 500) + " || principal.x" + strings.Repeat(" || principal.age == 1", 498)), "attribute `x` on entity type `User` not found"},
	}
	for _, tt := range tests {
		start := time.Now()
		got := faults(t, resolve(t, tt.schema), tt.text, Validation{})
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %.300s, want %s", tt.name, got, tt.want)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: took %v", tt.name, d)
		}
	}
}

// Many faults at one place are one diagnostic, and long types are cut.
func TestValidate_manyFaults(t *testing.T) {
	schema := "entity User, Document;"
	for i := range 10 {
		schema += fmt.Sprintf(" action a%d appliesTo { principal: User, resource: Document };", i)
	}
	got := faults(t, resolve(t, schema), `permit(principal, action, resource) when { context.x };`, Validation{})
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 5 || !strings.Contains(lines[4], "and 6 more of the kind") {
		t.Errorf("got %s", got)
	}
	wide := "{" + strings.Repeat(`"`+strings.Repeat("é", 100)+`%d": Long, `, 5) + "}"
	schema = fmt.Sprintf("entity User, Document; action read appliesTo { principal: User, resource: Document, context: "+wide+"};", 1, 2, 3, 4, 5)
	got = faults(t, resolve(t, schema), reads("context"), Validation{})
	if len(got) > 2*maxMessage || !strings.Contains(got, "…") {
		t.Errorf("got %s", got)
	}
}

// Without a budget for the search faults stand where it begins.
func TestValidate_noBudget(t *testing.T) {
	schema := "entity User, Document;"
	for i := range 50 {
		schema += fmt.Sprintf(" entity T%d, D%d; action \"read%d\" appliesTo { principal: [T%d, User], resource: [D%d, Document] };", i, i, i, i, i)
	}
	var text strings.Builder
	for range 100 {
		text.WriteString(`permit(principal, action, resource) when { ` + strings.Repeat("context == principal || ", 10) + "(true && principal.x == 1) };\n")
	}
	ps := parseAll(t, text.String())
	var diags source.List
	validatePolicies(ps, resolve(t, schema), Validation{}, &diags)
	if n := len(diags.All()); n < 100 {
		t.Errorf("%d diagnostics of 100 policies", n)
	}
}
