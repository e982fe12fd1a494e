package host

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// errorOnPurpose divides by what a client gives, and then goes through all the facts there are to find out what that hides.
const errorOnPurpose = `version = "rune/1.0"
include = ["reading.csv"]
[rules]
decl reading(string, long).
share(X) :- context("n", N), X = 100 / N.
permit(_, "permit", _) :- share(X), reading(S, X), S.startsWith("none").
permit(_, "forbid", _).
forbid(_, "forbid", _) :- share(X), reading(S, X), not S.startsWith("r").
`

// TestErrorOnPurpose: an error that a client brings about costs no more than the limit of error steps, and denies.
func TestErrorOnPurpose(t *testing.T) {
	const facts = 1_000_000
	csv := []byte("sensor,value\n")
	for i := range facts {
		csv = fmt.Appendf(csv, "r%d,%d\n", i, i)
	}
	files := fstest.MapFS{"app.rune": {Data: []byte(errorOnPurpose)}, "reading.csv": {Data: csv}}
	e, err := testRuntime(t).Load(ctx, files, "app.rune", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(ctx)
	for _, action := range []string{"permit", "forbid"} {
		var s Stats
		ask := func(n int) string {
			return must(t)(e.Authorize(ctx, nil, fmt.Appendf(nil, `{"principal":"a","action":%q,"resource":"x","context":{"n":%d}}`, action, n), &Call{Stats: &s}))
		}
		if got := ask(0); s.Decision != Deny || s.Steps > 1000 || s.ErrorSteps < 100_000 || s.ErrorSteps > 100_100 || !strings.Contains(got, `"code":"limit.error_steps"`) {
			t.Errorf("%s: %d steps, %d error steps: %s", action, s.Steps, s.ErrorSteps, got)
		}
		if got := ask(7); s.ErrorSteps != 0 || (s.Decision == Permit) != (action == "forbid") {
			t.Errorf("%s without an error: %s", action, got)
		}
	}
}

// TestLoad_limits: a load that exceeds what it was allowed is refused, and so are updates that do.
func TestLoad_limits(t *testing.T) {
	const text = `version = "rune/1.0"
[data]
edge = [["a", "b"], ["b", "c"], ["c", "d"]]
[rules]
@materialize
path(X, Y) :- edge(X, Y).
path(X, Z) :- path(X, Y), edge(Y, Z), X != Z.
permit(_, _, _) :- path("a", "d").
`
	const more = `{"insert":{"edge":[["d","e"],["e","f"],["f","g"]]}}`
	if _, err := testRuntime(t).LoadText(ctx, text, &LoadOptions{Limits: Limits{Tuples: 5}}); !errors.Is(err, Code("limit.tuples")) {
		t.Errorf("6 tuples within 5: %v", err)
	}
	e := loadText(t, text, &LoadOptions{Limits: Limits{Tuples: 6}})
	revision := e.Revision()
	if _, err := e.Update(ctx, nil, []byte(more), nil); !errors.Is(err, Code("limit.tuples")) || e.Revision() != revision {
		t.Errorf("15 tuples more within the load's 6: %v", err)
	}
	free := loadText(t, text, nil)
	if _, err := free.Update(ctx, nil, []byte(more), &Call{Limits: Limits{Tuples: 6}}); !errors.Is(err, Code("limit.tuples")) {
		t.Errorf("15 tuples more within the update's 6: %v", err)
	}
	must(t)(free.Update(ctx, nil, []byte(more), nil))
}
