package cedar

import (
	"fmt"
	"slices"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rune-authz/rune/engine/internal/cedartest"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// convertEntities makes a store of cedar-go's entities.
func convertEntities(t *value.Table, entities types.EntityMap) *entity.Store {
	s := entity.NewStore(t)
	for _, e := range entities {
		out := entity.Entity{UID: cedartest.Intern(t, e.UID), Attrs: cedartest.Intern(t, e.Attributes), Tags: cedartest.Intern(t, e.Tags)}
		for p := range e.Parents.All() {
			out.Parents = append(out.Parents, cedartest.Intern(t, p))
		}
		s.Add(out)
	}
	return s
}

// parseAll parses policies that must be well.
func parseAll(t testing.TB, text string) []*Policy {
	t.Helper()
	ps, files, diags := parse(text)
	for _, d := range diags {
		t.Error(files.Render(d))
	}
	if len(diags) > 0 {
		t.FailNow()
	}
	return ps
}

// parse parses a whole file.
func parse(text string) ([]*Policy, *source.Files, []source.Diagnostic) {
	var files source.Files
	var diags source.List
	id := files.Add("p.cedar", []byte(text))
	ps := Parse(value.NewTable(value.Key{}), &files, id, 0, len(text), &diags)
	return ps, &files, diags.All()
}

// answer is a decision with the ids of reasons and errors, sorted.
type answer struct {
	Allow           bool
	Reasons, Errors []string
}

// decide combines an outcome as Cedar does.
func decide(ps []*Policy, out *Outcome) answer {
	var by [2][]string
	for _, i := range out.Satisfied {
		side := 0
		if ps[i].Forbid {
			side = 1
		}
		by[side] = append(by[side], fmt.Sprint("policy", i))
	}
	a := answer{Allow: len(by[0]) > 0 && len(by[1]) == 0, Reasons: by[0]}
	if len(by[1]) > 0 {
		a.Reasons = by[1]
	}
	for _, e := range out.Errors {
		a.Errors = append(a.Errors, fmt.Sprint("policy", e.Policy))
	}
	return a.sorted()
}

// authorize is cedar-go's answer.
func authorize(ps *cedar.PolicySet, entities types.EntityMap, q cedar.Request) answer {
	decision, diagnostic := cedar.Authorize(ps, entities, q)
	a := answer{Allow: decision == cedar.Allow}
	for _, r := range diagnostic.Reasons {
		a.Reasons = append(a.Reasons, string(r.PolicyID))
	}
	for _, e := range diagnostic.Errors {
		a.Errors = append(a.Errors, string(e.PolicyID))
	}
	return a.sorted()
}

func (a answer) sorted() answer {
	slices.Sort(a.Reasons)
	slices.Sort(a.Errors)
	return a
}
