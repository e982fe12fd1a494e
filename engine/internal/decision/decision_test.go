package decision

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Statements 0 and 2 are rules, 1 and 3 policies; 2 and 3 forbid.
var four = []Statement{{ID: "rule0", Kind: Rule}, {ID: "policy0", Kind: Policy}, {ID: "rule1", Kind: Rule, Forbid: true}, {ID: "policy1", Kind: Policy, Forbid: true}}

func TestDecide(t *testing.T) {
	holds := func(i int32) Verdict { return Verdict{Statement: i} }
	errs := func(i int32) Verdict { return Verdict{Statement: i, Errs: true, Code: "value.overflow"} }
	vs := func(v ...Verdict) []Verdict { return v }
	for _, c := range []struct {
		name            string
		combine         Combine
		onError         OnError
		rules, policies []Verdict
		permit          bool
		reasons         []Reason
	}{
		{"nothing decides", Any, Closed, nil, nil, false, nil},
		{"a rule permits", Any, Closed, vs(holds(0)), nil, true, []Reason{{0, Permitted}}},
		{"both permit, in statement order", Any, Closed, vs(holds(0)), vs(holds(1)), true, []Reason{{0, Permitted}, {1, Permitted}}},
		{"a policy's forbid beats a rule's permit", Any, Closed, vs(holds(0)), vs(holds(3)), false, []Reason{{3, Forbade}}},
		{"a rule's forbid beats a policy's permit", Any, Closed, vs(holds(2)), vs(holds(1)), false, []Reason{{2, Forbade}}},
		{"all forbids are reasons", Any, Closed, vs(holds(0), holds(2)), vs(holds(3)), false, []Reason{{2, Forbade}, {3, Forbade}}},
		{"all: one side is not enough", All, Closed, vs(holds(0)), nil, false, nil},
		{"all: both sides", All, Closed, vs(holds(0)), vs(holds(1)), true, []Reason{{0, Permitted}, {1, Permitted}}},
		{"all: a forbid denies", All, Closed, vs(holds(0), holds(2)), vs(holds(1)), false, []Reason{{2, Forbade}}},
		{"closed: an erring permit is skipped", Any, Closed, vs(errs(0)), vs(holds(1)), true, []Reason{{1, Permitted}}},
		{"closed: an erring forbid denies", Any, Closed, vs(holds(0), errs(2)), nil, false, []Reason{{2, Errored}}},
		{"closed: forbid and erring forbid are both reasons", Any, Closed, vs(errs(2)), vs(holds(3)), false, []Reason{{2, Errored}, {3, Forbade}}},
		{"cedar: an erring forbid is skipped", Any, Cedar, vs(holds(0), errs(2)), nil, true, []Reason{{0, Permitted}}},
		{"deny: an erring permit denies", Any, Deny, vs(errs(0)), vs(holds(1)), false, []Reason{{0, Errored}}},
		{"deny: an erring forbid denies", Any, Deny, vs(errs(2)), vs(holds(1)), false, []Reason{{2, Errored}}},
	} {
		var out Outcome
		NewRules(c.combine, c.onError, four).Decide(c.rules, c.policies, &out)
		if out.Permit != c.permit || !cmp.Equal(out.Reasons, c.reasons, cmp.Transformer("nil", func(r []Reason) []Reason { return append([]Reason{}, r...) })) {
			t.Errorf("%s: permit %v, reasons %v", c.name, out.Permit, out.Reasons)
		}
	}
}

// A side without a permit statement has no say in "all"; a configuration without any permits nothing.
func TestDecide_allCountsSidesWithPermits(t *testing.T) {
	var out Outcome
	onlyRules := []Statement{{ID: "rule0"}, {ID: "policy0", Kind: Policy, Forbid: true}}
	NewRules(All, Closed, onlyRules).Decide([]Verdict{{Statement: 0}}, nil, &out)
	if !out.Permit {
		t.Error("the side without a permit statement must not be asked")
	}
	NewRules(All, Closed, onlyRules[1:]).Decide(nil, nil, &out)
	if out.Permit {
		t.Error("no permit statement permitted")
	}
}

func TestDecide_allocatesNothing(t *testing.T) {
	r := NewRules(Any, Closed, four)
	var out Outcome
	rules, policies := []Verdict{{Statement: 0}, {Statement: 2}}, []Verdict{{Statement: 1}}
	r.Decide(rules, policies, &out)
	if n := testing.AllocsPerRun(100, func() { r.Decide(rules, policies, &out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
