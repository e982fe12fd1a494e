package cedar

import (
	"fmt"
	"slices"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// convert interns a value of cedar-go's.
func convert(t *value.Table, v types.Value) value.Value {
	switch v := v.(type) {
	case types.Boolean:
		return value.Bool(bool(v))
	case types.Long:
		return t.Long(int64(v))
	case types.String:
		return t.String(string(v))
	case types.EntityUID:
		return t.EntityOf(string(v.Type), string(v.ID))
	case types.Set:
		var members []value.Value
		for m := range v.All() {
			members = append(members, convert(t, m))
		}
		return t.Set(members)
	case types.Record:
		var fields []value.Value
		for k, f := range v.All() {
			fields = append(fields, t.String(string(k)), convert(t, f))
		}
		return t.Record(fields)
	case types.Decimal:
		return parsed(t, value.OpParseDecimal, v.String())
	case types.IPAddr:
		return t.IP(v.Prefix())
	case types.Datetime:
		return t.Datetime(v.Milliseconds())
	case types.Duration:
		return t.Duration(v.ToMilliseconds())
	}
	panic(fmt.Sprintf("no conversion of %T", v))
}

func parsed(t *value.Table, op value.Op, text string) value.Value {
	v, fault := t.Parse(op, []byte(text))
	if fault != nil {
		panic(fault.Message)
	}
	return v
}

// convertEntities makes a store of cedar-go's entities.
func convertEntities(t *value.Table, entities types.EntityMap) *entity.Store {
	s := entity.NewStore(t)
	for _, e := range entities {
		out := entity.Entity{UID: convert(t, e.UID), Attrs: convert(t, e.Attributes), Tags: convert(t, e.Tags)}
		for p := range e.Parents.All() {
			out.Parents = append(out.Parents, convert(t, p))
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
	ps := Parse(&files, id, 0, len(text), &diags)
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
