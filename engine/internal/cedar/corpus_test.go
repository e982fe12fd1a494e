package cedar

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	cedargo "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	exptypes "github.com/cedar-policy/cedar-go/x/exp/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rune-authz/rune/engine/internal/cedartest"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/internal/corpus"
)

// Every case of Cedar's own corpora: the decision, the ids of reasons and errors, and the verdicts of validation. In short mode
// every 25th case.
func TestCorpus_generated(t *testing.T) {
	c, err := corpus.Generated()
	runCorpus(t, c, err, 7750, recorded)
}

// The recorded decisions of the written cases are those of requests refused for not fitting the schema, so theirs are
// compared with cedar-go's.
func TestCorpus_written(t *testing.T) {
	c, err := corpus.Written()
	runCorpus(t, c, err, 113, asked)
}

func runCorpus(t *testing.T, c *corpus.Corpus, err error, want int, expect expectation) {
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != want {
		t.Errorf("the corpus has %d cases, want %d", c.Len(), want)
	}
	step := 1
	if testing.Short() {
		step = 25
	}
	var n counts
	for i := 0; i < c.Len(); i += step {
		k, err := c.Case(i)
		if err != nil {
			t.Fatal(err)
		}
		r := corpusRun{Case: k, T: t, n: &n, expect: expect}
		r.run()
	}
	t.Logf("%d cases, %d policies, %d requests, %d verdicts on policies, entities and requests; none skipped", n.cases, n.policies, n.requests, n.verdicts)
	if n.cases == 0 || n.requests == 0 || n.verdicts == 0 {
		t.Error("nothing was compared")
	}
}

type counts struct{ cases, policies, requests, verdicts int }

// corpusRun is one case.
type corpusRun struct {
	*corpus.Case
	*testing.T
	n *counts

	files    source.Files
	table    *value.Table
	schema   *schema.Schema
	expect   expectation
	policies *cedargo.PolicySet
}

// expectation gives the answer that a request should get.
type expectation func(r *corpusRun, q *corpus.Request, entities types.EntityMap, context types.Record) answer

func recorded(_ *corpusRun, q *corpus.Request, _ types.EntityMap, _ types.Record) answer {
	return answer{q.Decision == "allow", slices.Clone(q.Reasons), slices.Clone(q.Errors)}
}

func asked(r *corpusRun, q *corpus.Request, entities types.EntityMap, context types.Record) answer {
	uid := func(u corpus.UID) types.EntityUID {
		return types.NewEntityUID(types.EntityType(u.Type), types.String(u.ID))
	}
	return authorize(r.policies, entities, cedargo.Request{Principal: uid(q.Principal), Action: uid(q.Action), Resource: uid(q.Resource), Context: context})
}

func (r *corpusRun) run() {
	r.n.cases++
	r.table = value.NewTable(value.Key{1, 2})
	var diags source.List
	file := r.files.Add("x.cedarschema", r.Schema)
	r.schema = schema.Parse(r.table, &r.files, []source.Span{{File: file, End: uint32(len(r.Schema))}}, &diags)
	file = r.files.Add("policies.cedar", r.Policies)
	ps := Parse(r.table, &r.files, file, 0, len(r.Policies), &diags)
	for _, d := range diags.All() {
		r.Errorf("%s: %s", r.Case.Name, r.files.Render(d))
	}
	if diags.Failed() {
		return
	}
	var err error
	r.policies, err = cedargo.NewPolicySetFromBytes("", r.Policies)
	r.must(err)
	if n := len(maps.Collect(r.policies.All())); n != len(ps) {
		r.Errorf("%s: %d policies, want %d", r.Case.Name, len(ps), n)
		return
	}
	r.n.policies += len(ps)
	entities := r.entities()
	r.verdicts(ps)
	r.entityVerdicts(entities)
	r.requests(ps, entities)
}

// entities reads the entities with the schema, or, as the validator's cases that don't fit theirs are meant to be, without.
func (r *corpusRun) entities() types.EntityMap {
	var guided exptypes.EntityMap
	if guided.UnmarshalJSONWithSchema(r.Entities, r.schema.Resolved()) == nil {
		return types.EntityMap(guided)
	}
	var plain types.EntityMap
	r.must(json.Unmarshal(r.Entities, &plain))
	return plain
}

func (r *corpusRun) must(err error) {
	if err != nil {
		r.Fatalf("%s: %v", r.Case.Name, err)
	}
}

func (r *corpusRun) requests(ps []*Policy, entities types.EntityMap) {
	t := r.table
	set := Compile(t, ps)
	env := Env{Table: t, View: entity.NewView(t, convertEntities(t, entities))}
	var out Outcome
	for i, q := range r.Requests {
		r.n.requests++
		var context types.Record
		r.must(json.Unmarshal(q.Context, &context))
		env.Principal, env.Action, env.Resource = uid(t, q.Principal), uid(t, q.Action), uid(t, q.Resource)
		env.Context = cedartest.Intern(t, context)
		r.requestVerdict(i, &env)
		env.View.Reset()
		set.Evaluate(&env, &out)
		want := r.expect(r, &q, entities, context)
		if diff := cmp.Diff(want.sorted(), decide(ps, &out), cmpopts.EquateEmpty()); diff != "" {
			r.Errorf("%s, %s (-want +got):\n%s\n%s", r.Case.Name, q.Description, diff, r.Policies)
		}
		for _, e := range out.Errors {
			if e.Code() == "" || len(e.Append(nil, t)) == 0 {
				r.Errorf("%s, %s: an error without code or message", r.Case.Name, q.Description)
			}
		}
	}
}

func uid(t *value.Table, u corpus.UID) value.Value { return t.EntityOf(u.Type, u.ID) }

// requestVerdict compares what our schema says of request i.
func (r *corpusRun) requestVerdict(i int, env *Env) {
	if i >= len(r.Validation.Requests) || r.Validation.Requests[i].Strict == nil {
		return
	}
	r.n.verdicts++
	fault := r.schema.CheckRequest(env.Table, env.Principal, env.Action, env.Resource, env.Context)
	if want := *r.Validation.Requests[i].Strict; (fault == nil) != want {
		r.Errorf("%s, request %d: well %t, want %t: %v", r.Case.Name, i, fault == nil, want, fault)
	}
}

// entityVerdicts compares what our schema says of each entity.
func (r *corpusRun) entityVerdicts(entities types.EntityMap) {
	for _, e := range entities {
		want, ok := r.Validation.Entities.PerEntity[string(e.UID.Type)+"::"+string(e.UID.ID)]
		if !ok {
			r.Errorf("%s: no verdict on %s", r.Case.Name, e.UID)
			continue
		}
		r.n.verdicts++
		var parents []value.Value
		for p := range e.Parents.All() {
			parents = append(parents, cedartest.Intern(r.table, p))
		}
		fault := r.schema.CheckEntity(r.table, cedartest.Intern(r.table, e.UID), cedartest.Intern(r.table, e.Attributes),
			cedartest.Intern(r.table, e.Tags), parents)
		if (fault == nil) != (len(want.Errors) == 0) {
			r.Errorf("%s: %s well %t, want %v: %v", r.Case.Name, e.UID, fault == nil, want.Errors, fault)
		}
	}
}

// verdicts compares what our validation says of each policy, in both modes.
func (r *corpusRun) verdicts(ps []*Policy) {
	for i, p := range ps {
		want, ok := r.Validation.Policies.PerPolicy[fmt.Sprint("policy", i)]
		if !ok {
			r.Errorf("%s: no verdict on policy %d", r.Case.Name, i)
			continue
		}
		r.verdict(p, false, want.Strict)
		r.verdict(p, true, want.Permissive)
	}
}

func (r *corpusRun) verdict(p *Policy, permissive, want bool) {
	r.n.verdicts++
	var diags source.List
	Validate([]*Policy{p}, r.schema, Validation{Permissive: permissive}, &diags)
	if got := diags.Len() == 0; got != want {
		r.Errorf("%s, permissive %t: well %t, want %t:\n%s", r.Case.Name, permissive, got, want, r.Policies[p.Span.Start:p.Span.End])
	}
	for _, d := range diags.All() {
		if d.Code != codeValidation || d.Span.File != p.Span.File || d.Span.Start < p.Span.Start || d.Span.End > p.Span.End || d.Span.Start >= d.Span.End {
			r.Errorf("%s: a fault outside of its policy: %s", r.Case.Name, r.files.Render(d))
		}
	}
}
