package engine

import (
	"strconv"
	"strings"
	"testing"
)

// steadyText uses every part of a decision: rules with recursion, negation, aggregates and generators, derived attributes and parents,
// policies, and what errs.
const steadyText = `version = "rune/1.0"
[data]
member = [["user:ann", "dev"], ["group:dev", "staff"], ["user:ben", "ops"], ["group:ops", "staff"]]
grant = [["dev", "read", "docs"], ["ops", "write", "docs"], ["staff", "list", "docs"]]
score = [["ann", 3], ["ann", 4], ["ben", 1]]
[entities]
[{"uid":{"type":"User","id":"ann"},"attrs":{"level":7,"teams":["red","blue"]},"parents":[{"type":"Group","id":"g1"}],"tags":{"colour":"blue"}},
 {"uid":{"type":"Group","id":"g1"},"attrs":{},"parents":[{"type":"Group","id":"g2"}]},
 {"uid":{"type":"Doc","id":"plan"},"attrs":{"path":"/docs/plan.txt","owner":{"__entity":{"type":"User","id":"ann"}}},"parents":[{"type":"Folder","id":"docs"}]}]
[rules]
decl member(entity, Group).
decl grant(Group, string, string).
decl score(User, long).
member(User::"cid", Group::"dev").
in_group(X, G) :- member(X, G).
in_group(X, H) :- in_group(X, G), member(G, H).
parent(X, G) :- member(X, G).
attribute(U, "total", N) :- U is User, N = sum(X) { score(U, X) }.
tag(U, "busy", true) :- score(U, X), X > 3.
permit(P, A, R) :- in_group(P, G), grant(G, W, F), W == entityId(A), R in Folder::"docs", F == "docs".
permit(P, "run", _) :- context has command, argv(context.command, 0, "git"), C = count { argv(context.command, _, _) }, C < 9, not context.command.matches(".*--force.*").
forbid(P, "run", _) :- context has n, 100 / context.n > 50.
forbid(_, "open", _) :- context has path, not context.path.isUnder("/srv").
permit(_, "open", _) :- context has path, each(context.modes, M), M.lower() == "r".
permit(P, "sum", _) :- P has total, P.total > 6, S = collect(G) { in_group(P, G) }, S.size() > 1.
[policies]
permit(principal in Group::"staff", action == Action::"list", resource in Folder::"docs") when { principal has total && principal.total < 100 };
permit(principal, action == Action::"view", resource) when { resource.owner == principal && principal.teams.containsAny([context.team, "green"]) && resource.path like "/docs/*" };
forbid(principal, action == Action::"view", resource) when { context.amount.lessThan(decimal("0.5")) || ip(context.from).isInRange(ip("10.0.0.0/8")) };
`

// steadyRequests are the kinds of requests, with a place for a number that makes each new.
var steadyRequests = []string{
	`{"principal":"ann","action":"read","resource":"Doc::\"plan\""}`,
	`{"principal":"ben","action":"read","resource":"Doc::\"plan\""}`,
	`{"principal":"cid","action":"list","resource":{"type":"Doc","id":"plan"}}`,
	`{"principal":"User::\"nobody %\"","action":"act %","resource":"thing:%","context":{"key %":"text %","n":%}}`,
	`{"principal":"ann","action":"run","resource":"x","context":{"command":"git commit -m 'number %'"}}`,
	`{"principal":"ann","action":"run","resource":"x","context":{"command":"git push --force %"}}`,
	`{"principal":"ann","action":"run","resource":"x","context":{"n":0,"command":"git log"}}`,
	`{"principal":"ann","action":"run","resource":"x","context":{"command":"git $(rm -rf %)"}}`,
	`{"principal":"ann","action":"open","resource":"x","context":{"path":"/srv/a%/../b","modes":["R","w%"]}}`,
	`{"principal":"ann","action":"open","resource":"x","context":{"path":"/etc/%","modes":[]}}`,
	`{"principal":"ann","action":"sum","resource":"x"}`,
	`{"principal":"ann","action":"view","resource":"Doc::\"plan\"","context":{"team":"red","amount":{"__extn":{"fn":"decimal","arg":"%.25"}},"from":"192.168.0.1"}}`,
	`{"principal":"ann","action":"view","resource":"Doc::\"plan\"","context":{"team":"red"}}`,
	`{"principal":"ann","action":"view","resource":"Doc::\"plan\"","context":{"team":"red","amount":{"__extn":{"fn":"decimal","arg":"0.1"}},"from":"nowhere %"}}`,
	`{"principal":"new%","action":"list","resource":"Doc::\"plan\"","entities":[{"uid":{"type":"User","id":"new%"},"attrs":{"total":1,"list":["a%",{"b":%}]},"parents":[{"type":"Group","id":"staff"}]}]}`,
}

// mostForErrors is what the messages of a request's errors may allocate. Errors are rare, and the messages few: a message is made for the one
// error that is told, and for those that were met before it.
const mostForErrors = 20

// TestAllocations: deciding allocates nothing in the end, whatever is asked, with an overlay and without; but for the messages of errors.
func TestAllocations(t *testing.T) {
	e := mustLoad(t, steadyText)
	_, reply := register(e, `forbid(P, "sum", _) :- in_group(P, Group::"ops"). permit(P, "sum", R) :- in_group(P, G), extra(G, R). decl extra(Group, entity). extra("ops", Doc::"plan").`, false)
	handle, _ := register(e, `forbid(P, "sum", _) :- in_group(P, Group::"ops"). permit(P, "sum", R) :- in_group(P, G), extra(G, R). decl extra(Group, entity). extra("ops", Doc::"plan").`, false)
	if handle == 0 {
		t.Fatalf("%s", reply)
	}
	decided := map[Decision]bool{}
	var dst []byte
	for i, form := range steadyRequests {
		for j, h := range []*Host{{}, {Overlay: handle}, {Limits: Limits{Steps: 12}}, {HasNow: true, Now: 5, Context: []byte(`{"token":{"a":[1,2]}}`)}} {
			var requests [][]byte
			for n := range 50 {
				requests = append(requests, filled(form, n))
			}
			n := 0
			ask := func() {
				dst = e.Authorize(dst[:0], requests[n%len(requests)], h)
				n++
			}
			for range 2 * len(requests) {
				ask()
			}
			decided[e.stats.Decision] = true
			if e.stats.Decision == NoDecision {
				t.Errorf("%s", dst)
			}
			most := 0.0
			if e.stats.Errors > 0 || j == 2 {
				most = mostForErrors
			}
			if allocs := testing.AllocsPerRun(200, ask); allocs > most {
				t.Errorf("request %d, host %d allocates %v times: %s", i, j, allocs, dst)
			}
		}
	}
	if len(decided) != 2 {
		t.Errorf("decided: %v", decided)
	}
}

// filled is a request of a form, with a number in it where the form has a place for one.
func filled(form string, n int) []byte { return []byte(strings.ReplaceAll(form, "%", strconv.Itoa(n))) }
