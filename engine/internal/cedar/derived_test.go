package cedar

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// rules derives what a test says, and errs for U::"bad" where nothing else decides.
type rules struct {
	t       *value.Table
	parents map[value.Value][]value.Value
	attrs   map[value.Value]value.Value // of every entity, by name
	tags    map[value.Value]value.Value
}

var ruleFault = &value.Fault{Code: "value.overflow", Message: "1 + 1 overflows"}

func (r *rules) errs(e value.Value) bool { return r.t.TextString(r.t.EntityID(e)) == "bad" }

func (r *rules) Field(e, name value.Value, tag bool) (value.Value, entity.Status, *value.Fault) {
	from := r.attrs
	if tag {
		from = r.tags
	}
	switch v, ok := from[name]; {
	case r.errs(e):
		return value.None, entity.Erred, ruleFault
	case ok:
		return v, entity.OK, nil
	}
	return value.None, entity.Absent, nil
}

func (r *rules) In(a, b value.Value) (entity.Tri, *value.Fault) {
	up, status, fault := r.Ancestors(a, nil)
	for _, u := range up {
		if u == b {
			return entity.Yes, nil
		}
	}
	if status == entity.Erred {
		return entity.Err, fault
	}
	return entity.No, nil
}

func (r *rules) Ancestors(e value.Value, dst []value.Value) ([]value.Value, entity.Status, *value.Fault) {
	dst = append(append(dst, e), r.parents[e]...)
	if r.errs(e) {
		return dst, entity.Erred, ruleFault
	}
	return dst, entity.OK, nil
}

// derivedEnv is a request of U::id in a world where rules derive everything.
func derivedEnv(id string) *Env {
	t := value.NewTable(value.Key{})
	u := t.EntityOf("U", id)
	r := &rules{t: t, parents: map[value.Value][]value.Value{u: {t.EntityOf("G", "g")}}, attrs: map[value.Value]value.Value{}, tags: map[value.Value]value.Value{}}
	r.attrs[t.String("level")] = t.Long(5)
	r.tags[t.String("team")] = t.String("red")
	view := entity.NewView(t, entity.NewStore(t))
	view.Derive(r, true, true, true)
	return &Env{Table: t, View: view, Principal: u, Action: t.EntityOf("Action", "read"), Resource: t.EntityOf("R", "r"), Context: t.Record(nil)}
}

// Derived parents, attributes and tags reach policies; what errs makes the policy err that asked for it, and only that.
func TestEvaluate_derived(t *testing.T) {
	tests := []struct {
		policy string
		good   string // what becomes of it for a principal that rules derive well
		bad    string // and for one about which they err
	}{
		{`permit(principal in G::"g", action, resource);`, "holds", "holds"},
		{`permit(principal in G::"h", action, resource);`, "fails", "errs"},
		{`permit(principal is U in G::"h", action, resource);`, "fails", "errs"},
		{`permit(principal is V in G::"h", action, resource);`, "fails", "fails"},
		{`permit(principal == U::"x", action, resource);`, "fails", "fails"},
		{`permit(principal in G::"h", action == Action::"write", resource);`, "fails", "errs"},
		{`permit(principal, action == Action::"write", resource) when { principal in G::"h" };`, "fails", "fails"},
		{when(`principal in G::"g"`), "holds", "holds"},
		{when(`principal in G::"h"`), "fails", "errs"},
		{when(`!(principal in G::"h")`), "holds", "errs"},
		{when(`principal in [G::"h", G::"g"]`), "holds", "holds"},
		{when(`principal in [G::"h", G::"i"]`), "fails", "errs"},
		{when(`principal in [G::"h", G::"i", G::"j", G::"k", G::"g"]`), "holds", "holds"},
		{when(`principal in [G::"h", G::"i", G::"j", G::"k", G::"l"]`), "fails", "errs"},
		{when(`principal is U in G::"h"`), "fails", "errs"},
		{when(`principal in G::"h" || true`), "holds", "errs"},
		{when(`true || principal in G::"h"`), "holds", "holds"},
		{when(`principal.level == 5`), "holds", "errs"},
		{when(`principal has level`), "holds", "errs"},
		{when(`principal has rank`), "fails", "errs"},
		{when(`principal.rank == 5`), "errs", "errs"},
		{when(`principal.getTag("team") == "red"`), "holds", "errs"},
		{when(`principal.hasTag("team")`), "holds", "errs"},
		{when(`principal.hasTag("rank")`), "fails", "errs"},
		{when(`principal.getTag("rank") == 1`), "errs", "errs"},
	}
	for _, tt := range tests {
		for id, want := range map[string]string{"good": tt.good, "bad": tt.bad} {
			env := derivedEnv(id)
			var out Outcome
			Compile(env.Table, parseAll(t, tt.policy)).Evaluate(env, &out)
			got := "fails"
			if len(out.Satisfied) > 0 {
				got = "holds"
			}
			for _, e := range out.Errors {
				got = "errs"
				if !strings.Contains(tt.policy, "rank") && (e.Code() != ruleFault.Code || string(e.Append(nil, env.Table)) != ruleFault.Message) {
					t.Errorf("%s: error %s %s", tt.policy, e.Code(), e.Append(nil, env.Table))
				}
			}
			if got != want {
				t.Errorf("%s: it %s for %s, want %s", tt.policy, got, id, want)
			}
		}
	}
}

// Where the hierarchy of the principal errs the index leaves out no policy, and where it doesn't it gives the same.
func TestIndex_derived(t *testing.T) {
	const policies = `permit(principal in G::"g", action, resource);
		permit(principal in G::"h", action, resource);
		permit(principal in G::"h", action == Action::"x", resource);
		permit(principal == U::"x", action, resource);
		forbid(principal in G::"i", action in [Action::"read", Action::"y"], resource is R);
		permit(principal, action in Action::"y", resource in R::"r");
		permit(principal, action, resource);`
	tests := []struct {
		id              string
		holds, errs     []int32
		evaluated, most int
	}{
		{"good", []int32{0, 6}, nil, 2, 3},
		{"bad", []int32{0, 6}, []int32{1, 2, 4}, 7, 7},
	}
	for _, tt := range tests {
		env := derivedEnv(tt.id)
		var out Outcome
		Compile(env.Table, parseAll(t, policies)).Evaluate(env, &out)
		var errs []int32
		for _, e := range out.Errors {
			errs = append(errs, e.Policy)
		}
		if diff := cmp.Diff([2][]int32{tt.holds, tt.errs}, [2][]int32{out.Satisfied, errs}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.id, diff)
		}
		if out.Evaluated < tt.evaluated || out.Evaluated > tt.most {
			t.Errorf("%s: %d policies evaluated", tt.id, out.Evaluated)
		}
	}
}
