package cedar

import (
	"fmt"
	"strings"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rune-authz/rune/engine/internal/value"
)

// An evaluation that has run once runs again without allocation, also where it makes values and errors.
func TestEvaluate_noAllocation(t *testing.T) {
	policies := manyPolicies(1000) + `
		permit(principal, action, resource) when { [principal.level, context.n + 1, 7].containsAny([4, resource.kind]) };
		permit(principal, action, resource) when { {a: context.n, b: [principal]} == {b: [principal], a: 3} };
		permit(principal, action, resource) when { context.n < 10 && context.n * -2 >= -6 && -(context.n) != 4 };
		permit(principal, action, resource) when { principal in [G::"1", G::"2", G::"3", G::"4", G::"5", resource] };
		permit(principal, action, resource) when { ip(context.ip).isInRange(ip("10.0.0.0/8")) && context.ip like "10.*" };
		permit(principal, action, resource) when { if principal has missing then principal.missing else principal.absent };
		permit(principal, action, resource) when { context.n };`
	q := manyRequest()
	q.Context = types.NewRecord(types.RecordMap{"mfa": types.True, "n": types.Long(3), "ip": types.String("10.1.2.3")})
	set, env := environment(t, policies, manyEntities(), q)
	mark := env.Table.Mark()
	var out Outcome
	run := func() {
		env.Table.Reset(mark)
		env.View.Reset()
		env.Steps = 0
		set.Evaluate(env, &out)
	}
	run()
	if len(out.Satisfied) != 2+4 || len(out.Errors) != 2 {
		t.Fatalf("%v hold, %d err", out.Satisfied, len(out.Errors))
	}
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations in each evaluation", n)
	}
}

// Steps depend on the policies, the request and what is asked for, not on the hash key or earlier evaluations.
func TestEvaluate_stepsRepeat(t *testing.T) {
	var want int
	for key := range uint64(4) {
		set, env := environmentIn(t, value.NewTable(value.Key{key, 9}), manyPolicies(500), manyEntities(), manyRequest())
		var out Outcome
		for range 3 {
			env.Steps = 0
			set.Evaluate(env, &out)
			if want == 0 {
				want = env.Steps
			}
			if env.Steps != want || want == 0 {
				t.Errorf("%d steps, then %d", want, env.Steps)
			}
		}
	}
}

// Short texts count too: what is less than a step's worth isn't lost.
func TestEvaluate_shortTexts(t *testing.T) {
	const n = 320
	q := manyRequest()
	q.Context = types.NewRecord(types.RecordMap{"a": types.String("12345"), "b": types.String("123456789012")})
	var steps [2]int
	for i, attr := range []string{"a", "b"} {
		set, env := environment(t, strings.Repeat(when("context."+attr+` like "*x"`), n), nil, q)
		var out Outcome
		set.Evaluate(env, &out)
		steps[i] = env.Steps
	}
	if got, want := steps[1]-steps[0], n*(12-5)/bytesPerStep; got != want {
		t.Errorf("%d steps for %d bytes more, want %d", got, n*(12-5), want)
	}
}

// longWork are policies that go through about n elements or bytes.
var longWork = map[string]string{
	"policies": strings.Repeat("permit(principal, action, resource);\n", 3000),
	"operands": when(strings.TrimSuffix(strings.Repeat("context.n == 3 && ", 900), "&& ")) + strings.Repeat(when("context.n > 5 || context.n == 3"), 500),
	"text":     strings.Repeat(when(`context.text like "*b*c"`), 50),
	"members":  strings.Repeat(when(`context.set.containsAll(context.set)`), 20),
	"elements": when(`[` + strings.Repeat(`context.text like "*b",`, 100) + `] == []`),
	"sum":      strings.Repeat(when("1"+strings.Repeat(" + context.n", 900)+" == 2701"), 5),
	"if":       strings.Repeat(when(`if context.n == 3 then true else false`), 1500),
}

func longEnv(t *testing.T, policies string) (*Set, *Env) {
	q := manyRequest()
	var members []types.Value
	for i := range 1000 {
		members = append(members, types.Long(i))
	}
	q.Context = types.NewRecord(types.RecordMap{"n": types.Long(3), "text": types.String(strings.Repeat("ab", 20_000)), "set": types.NewSet(members...)})
	return environment(t, policies, nil, q)
}

// A limit stops an evaluation soon after it is passed; one that suffices changes nothing.
func TestEvaluate_limit(t *testing.T) {
	for name, policies := range longWork {
		set, env := longEnv(t, policies)
		var out Outcome
		set.Evaluate(env, &out)
		all, satisfied := env.Steps, len(out.Satisfied)
		if out.Exceeded || all < 3000 {
			t.Errorf("%s: %d steps, exceeded: %t", name, all, out.Exceeded)
		}
		for _, limit := range []int{1, all / 2, all - 1, all} {
			env.Steps, env.Limit = 0, limit
			set.Evaluate(env, &out)
			if out.Exceeded != (limit < all) {
				t.Errorf("%s: limit %d of %d steps, exceeded: %t", name, limit, all, out.Exceeded)
			}
			if env.Steps > limit+6000 {
				t.Errorf("%s: %d steps under a limit of %d", name, env.Steps, limit)
			}
			if limit == all && len(out.Satisfied) != satisfied {
				t.Errorf("%s: %d hold under a limit that suffices, without one %d", name, len(out.Satisfied), satisfied)
			}
		}
		env.Steps, env.Limit = 10, 5
		if set.Evaluate(env, &out); !out.Exceeded {
			t.Errorf("%s: steps beforehand don't count", name)
		}
	}
}

// Work yields at least every 100 000 steps, over many small evaluations as well.
func TestEvaluate_yields(t *testing.T) {
	for name, policies := range longWork {
		set, env := longEnv(t, policies)
		last, total, yields := 0, 0, 0
		env.Yield = func() {
			if at := total + env.Steps; at-last > 100_000 {
				t.Errorf("%s: %d steps without a yield", name, at-last)
			} else {
				last = at
			}
			yields++
		}
		var out Outcome
		for total < 1_000_000 {
			env.Steps = 0
			set.Evaluate(env, &out)
			total += env.Steps
		}
		if yields < 10 || yields > 25 {
			t.Errorf("%s: %d yields in %d steps", name, yields, total)
		}
	}
}

func TestFailure_messages(t *testing.T) {
	tests := []struct{ expr, code, message string }{
		{`1`, "cedar.type", `expected a bool, got a long 1`},
		{`1 && true`, "cedar.type", `expected a bool, got a long 1`},
		{`false || "a"`, "cedar.type", `expected a bool, got a string "a"`},
		{`!principal`, "cedar.type", `expected a bool, got an entity U::"a"`},
		{`if [] then true else false`, "cedar.type", `expected a bool, got a set []`},
		{`context.x`, "cedar.no_attribute", `the record has no attribute "x"`},
		{`principal.x`, "cedar.no_attribute", `U::"a" has no attribute "x"`},
		{`U::"nobody".x`, "cedar.no_entity", `there is no entity U::"nobody" to read "x"`},
		{`U::"nobody".getTag("x")`, "cedar.no_entity", `there is no entity U::"nobody" to read "x"`},
		{`principal.getTag("x")`, "cedar.no_tag", `U::"a" has no tag "x"`},
		{`principal.getTag(1)`, "cedar.type", `expected a string, got a long 1`},
		{`context.hasTag("x")`, "cedar.type", `expected an entity, got a record {"mfa": true}`},
		{`(1).x`, "cedar.type", `expected a record or an entity, got a long 1`},
		{`1 has x`, "cedar.type", `expected a record or an entity, got a long 1`},
		{`1 < "a"`, "cedar.type", `expected a long, got a string "a"`},
		{`"a" < 1`, "cedar.type", `expected a long, datetime or duration, got a string "a"`},
		{`decimal("1.0") < decimal("2.0")`, "cedar.type", `expected a long, datetime or duration, got a decimal decimal("1.0")`},
		{`1 in principal`, "cedar.type", `expected an entity, got a long 1`},
		{`principal in 1`, "cedar.type", `expected an entity or a set of entities, got a long 1`},
		{`principal in [principal, 1]`, "cedar.type", `expected an entity, got a long 1`},
		{`1 is U`, "cedar.type", `expected an entity, got a long 1`},
		{`1 is U in principal`, "cedar.type", `expected an entity, got a long 1`},
		{`principal is U in 1`, "cedar.type", `expected an entity or a set of entities, got a long 1`},
		{`1 like "a"`, "cedar.type", `expected a string, got a long 1`},
		{`9223372036854775807 + 1 == 1`, "value.overflow", `9223372036854775807 + 1 overflows`},
		{`principal.level - 5 + 9223372036854775807 + 1 == 1`, "value.overflow", `9223372036854775807 + 1 overflows`},
		{`principal.level * 2 * context.x * principal.y == 1`, "cedar.no_attribute", `the record has no attribute "x"`},
		{`principal.level + true == 1`, "value.kind", `+ has no meaning for true, a bool`},
		{`-principal == 1`, "value.kind", `- has no meaning for U::"a", an entity`},
		{`ip("x") == ip("y")`, "value.parse", `"x" is not a valid ip`},
		{`ip() == 1`, "cedar.arity", `ip takes 1 argument, not 0`},
		{`ip("::1").isInRange() == 1`, "cedar.arity", `the method isInRange takes 1 argument, not 0`},
		{`ip("::1").isIpv4(1, 2)`, "cedar.arity", `the method isIpv4 takes no arguments, not 2`},
		{`"` + strings.Repeat("é", 40) + `" == 1 || "` + strings.Repeat("é", 40) + `"`, "cedar.type", `expected a bool, got a string "` + strings.Repeat("é", 29) + "…"},
	}
	for _, tt := range tests {
		set, env := environment(t, when(tt.expr), manyEntities(), manyRequest())
		var out Outcome
		set.Evaluate(env, &out)
		if len(out.Errors) != 1 {
			t.Errorf("%s: %d errors", tt.expr, len(out.Errors))
			continue
		}
		e := &out.Errors[0]
		if got := string(e.Append(nil, env.Table)); string(e.Code()) != tt.code || got != tt.message {
			t.Errorf("%s: %s %s\nwant %s %s", tt.expr, e.Code(), got, tt.code, tt.message)
		}
	}
}

// Values that policies build nest no deeper than those that come with a request.
func TestEvaluate_deepValue(t *testing.T) {
	inner := types.Value(types.Long(1))
	for range value.MaxDepth - 100 {
		inner = types.NewSet(inner)
	}
	q := cedar.Request{Context: types.NewRecord(types.RecordMap{"deep": inner})}
	for n, want := range map[int]string{100: "", 101: "value.depth"} {
		set, env := environment(t, when(strings.Repeat("[", n)+"context.deep"+strings.Repeat("]", n)+" == 1"), nil, q)
		var out Outcome
		set.Evaluate(env, &out)
		got := ""
		for _, e := range out.Errors {
			got = fmt.Sprint(e.Code())
		}
		if got != want {
			t.Errorf("%d sets around: error %q, want %q", n, got, want)
		}
	}
}
