package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSteadyMemory: deciding takes no more memory, whatever is asked: names that nobody has seen, entities, overlays. The messages of errors are
// garbage, of which there is never much.
func TestSteadyMemory(t *testing.T) {
	const text = `version = "rune/1.0"
[data]
member = [["user:ann", "dev"], ["group:dev", "staff"], ["user:ben", "ops"]]
[entities]
[{"uid":{"type":"Doc","id":"plan"},"attrs":{"path":"/docs/plan.txt"},"parents":[{"type":"Folder","id":"docs"}]}]
[rules]
decl member(entity, Group).
in_group(X, G) :- member(X, G).
in_group(X, H) :- in_group(X, G), member(G, H).
parent(X, G) :- member(X, G).
permit(P, "read", R) :- in_group(P, Group::"staff"), R in Folder::"docs".
permit(_, "run", _) :- context has command, argv(context.command, 0, "git"), context.command.lower().concat("!").length() > 3.
forbid(_, "run", _) :- context has n, 100 / context.n > 50.
[policies]
permit(principal in Group::"staff", action == Action::"view", resource) when { resource.path like "/docs/*" && context.tags.contains("a") };
`
	quiet := []string{
		`{"principal":"ann","action":"read","resource":"Doc::\"plan\""}`,
		`{"principal":"nobody %","action":"act %","resource":"thing:%","context":{"key %":"text %","n":%}}`,
		`{"principal":"ann","action":"run","resource":"x","context":{"command":"git commit -m 'number %'"}}`,
		`{"principal":"ann","action":"view","resource":"Doc::\"plan\"","context":{"tags":["a","b%"]}}`,
		`{"principal":"new%","action":"view","resource":"Doc::\"plan\"","entities":[{"uid":{"type":"User","id":"new%"},"attrs":{"total":%},"parents":[{"type":"Group","id":"staff"}]}]}`,
	}
	erring := append(slices.Clone(quiet),
		`{"principal":"ann","action":"run","resource":"x","context":{"command":"git $(%)","n":0}}`,
		`{"principal":"ann","action":"view","resource":"Doc::\"plan\""}`,
		`{"principal":"ann","action":"read","resource":"Doc::\"plan\"","unknown %":1}`)
	e := loadText(t, text, &LoadOptions{Instances: 1})
	handle, err := e.Overlay(ctx, `permit(P, "read", _) :- in_group(P, Group::"ops").`, false)
	if err != nil {
		t.Fatal(err)
	}
	i, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer e.pool.release(i)
	decided := map[string]int{}
	var dst []byte
	ask := func(requests []string, from, to int) uint32 {
		for n := from; n < to; n++ {
			c := &Call{}
			if n%3 == 0 {
				c.Overlay = handle
			}
			request := strings.ReplaceAll(requests[n%len(requests)], "%", fmt.Sprint(n))
			if dst, err = i.do(authorize, dst[:0], []byte(request), c, noTime); err != nil {
				t.Fatal(err)
			}
			decided[string(dst[:min(len(dst), 18)])]++
		}
		return i.memory.Size()
	}
	calls := 50_000
	if testing.Short() {
		calls /= 5
	}
	before := ask(quiet, 0, 1000)
	if after := ask(quiet, 1000, calls); after != before {
		t.Errorf("linear memory grew from %d to %d bytes in %d calls", before, after, calls)
	}
	if after := ask(erring, calls, calls+calls/2); after > before+16<<20 {
		t.Errorf("linear memory grew from %d to %d bytes in %d calls that err", before, after, calls/2)
	}
	if len(decided) != 3 {
		t.Errorf("decided: %v", decided)
	}
}
