package others

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	"github.com/cedar-policy/cedar-go"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// benchmark times decide from the request's JSON to the reply's, also in the time that its thread is running. The request is permitted, and one by another user isn't.
func benchmark(b *testing.B, decide func(text []byte) (bool, error)) {
	answer := func(text string) string {
		permit, err := decide([]byte(text))
		if err != nil {
			b.Fatal(err)
		}
		r := reply{"deny"}
		if permit {
			r.Decision = "permit"
		}
		out, err := json.Marshal(r)
		if err != nil {
			b.Fatal(err)
		}
		return string(out)
	}
	if got := answer(strings.Replace(request, "u45", "u44", 1)); got != `{"decision":"deny"}` {
		b.Fatal("another user:", got)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	start := threadTime()
	for b.Loop() {
		if got := answer(request); got != `{"decision":"permit"}` {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(threadTime()-start)/float64(b.N), "cpu-ns/op")
}

// BenchmarkRole_opa asks OPA by a prepared query.
func BenchmarkRole_opa(b *testing.B) {
	const policy = `package role
allow if {
	input.action == "read"
	some group in graph.reachable(data.member, [input.principal])
	some folder in data.grant[group]
	folder in graph.reachable(data.inside, [input.resource])
}`
	data := map[string]any{"member": adjacency(members()), "inside": adjacency(folders()), "grant": adjacency(grants())}
	query, err := rego.New(rego.Query("data.role.allow"), rego.Module("role.rego", policy), rego.Store(inmem.NewFromObject(data))).
		PrepareForEval(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, func(text []byte) (bool, error) {
		var input map[string]any
		if err := json.Unmarshal(text, &input); err != nil {
			return false, err
		}
		result, err := query.Eval(context.Background(), rego.EvalInput(input))
		return result.Allowed(), err
	})
}

// adjacency maps each first to the list of its seconds, and names every node, as graph.reachable wants it.
func adjacency(list []pair) map[string]any {
	out := map[string]any{}
	for _, p := range list {
		next, _ := out[p.from].([]any)
		out[p.from] = append(next, p.to)
		if out[p.to] == nil {
			out[p.to] = []any{}
		}
	}
	return out
}

// BenchmarkRole_casbin asks casbin, with roles of users and roles of resources.
func BenchmarkRole_casbin(b *testing.B) {
	m, err := model.NewModelFromString(`[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && g(r.sub, p.sub) && g2(r.obj, p.obj)
`)
	if err != nil {
		b.Fatal(err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		b.Fatal(err)
	}
	add := func(section string, list []pair, rest ...string) {
		for _, p := range list {
			rule := append([]string{p.from, p.to}, rest...)
			if err := e.GetModel().AddPolicy(section[:1], section, rule); err != nil {
				b.Fatal(err)
			}
		}
	}
	add("p", grants(), "read")
	add("g", members())
	add("g2", folders())
	if err := e.BuildRoleLinks(); err != nil {
		b.Fatal(err)
	}
	benchmark(b, func(text []byte) (bool, error) {
		var r body
		if err := json.Unmarshal(text, &r); err != nil {
			return false, err
		}
		return e.Enforce(r.Principal, r.Resource, r.Action)
	})
}

// BenchmarkRole_cedar asks cedar-go: groups and folders are parents of entities, and each grant is a policy.
func BenchmarkRole_cedar(b *testing.B) {
	var text strings.Builder
	for _, g := range grants() {
		fmt.Fprintf(&text, "permit(principal in X::%q, action == Action::\"read\", resource in X::%q);\n", g.from, g.to)
	}
	policies, err := cedar.NewPolicySetFromBytes("policies.cedar", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	entities := cedar.EntityMap{}
	for _, p := range append(members(), folders()...) {
		uid := cedar.NewEntityUID("X", cedar.String(p.from))
		entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(cedar.NewEntityUID("X", cedar.String(p.to)))}
	}
	benchmark(b, func(text []byte) (bool, error) {
		var r body
		if err := json.Unmarshal(text, &r); err != nil {
			return false, err
		}
		decision, _ := cedar.Authorize(policies, entities, cedar.Request{
			Principal: cedar.NewEntityUID("X", cedar.String(r.Principal)),
			Action:    cedar.NewEntityUID("Action", cedar.String(r.Action)),
			Resource:  cedar.NewEntityUID("X", cedar.String(r.Resource)),
		})
		return decision == cedar.Allow, nil
	})
}
