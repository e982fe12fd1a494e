package cedar

import (
	"maps"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/cedartest"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Random policies decide random requests as with cedar-go: the same decision, reasons and errors.
func TestEvaluate_likeCedar(t *testing.T) {
	var held, erred int
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t}
		text := g.policies(g.n(1, 8))
		ps, files, diags := parse(text)
		if theirs, err := cedar.NewPolicySetFromBytes("", []byte(text)); err != nil {
			t.Fatalf("%s\n%v", text, err)
		} else if ours := show(files, diags); len(ps) != len(maps.Collect(theirs.All())) {
			t.Fatalf("%s\n%s", text, ours)
		} else {
			entities := g.entities()
			table := value.NewTable(value.Key{3, 4})
			set := Compile(table, ps)
			env := Env{Table: table, View: entity.NewView(table, convertEntities(table, entities))}
			var out Outcome
			for range 4 {
				q := cedar.Request{Principal: g.uid(), Action: g.uid(), Resource: g.uid(), Context: g.record(2)}
				env.Principal, env.Action = cedartest.Intern(table, q.Principal), cedartest.Intern(table, q.Action)
				env.Resource, env.Context = cedartest.Intern(table, q.Resource), cedartest.Intern(table, q.Context)
				set.Evaluate(&env, &out)
				got, want := decide(ps, &out), authorize(theirs, entities, q)
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s\n%v\n%v\n(-want +got):\n%s", text, entities, q, diff)
				}
				held, erred = held+len(got.Reasons), erred+len(got.Errors)
				if out.Exceeded || out.Evaluated > len(ps) {
					t.Fatalf("exceeded: %t, %d evaluated of %d", out.Exceeded, out.Evaluated, len(ps))
				}
			}
		}
	})
	if held == 0 || erred == 0 {
		t.Errorf("%d policies held and %d erred: the requests are no test", held, erred)
	}
	t.Logf("%d policies held, %d erred", held, erred)
}
