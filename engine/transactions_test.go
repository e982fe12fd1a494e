package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// transacted has predicates of every kind over facts that change: materialised and not, recursive in several ways, with negations, aggregates,
// errors, and what rules and facts add to entities.
const transacted = ageing + `[rules]
decl e(long, long). decl f(long, long). decl n(long). decl val(string, long). decl team(User, Group). decl lvl(User, long). decl on.
@materialize path(X, Y) :- e(X, Y). path(X, Z) :- path(X, Y), e(Y, Z).
@materialize twice(X, Y) :- f(X, Y). twice(X, Z) :- twice(X, Y), twice(Y, Z).
reach(X, Y) :- e(X, Y). reach(X, Z) :- f(X, Y), reach(Y, Z).
@materialize even(X) :- n(X), X == 0. even(Y) :- odd(X), e(X, Y). @materialize odd(Y) :- even(X), e(X, Y).
@materialize free(X, Y) :- e(X, Y), not f(X, Y), not n(Y).
@materialize lone(X) :- n(X), not e(X, _), not f(_, X).
@materialize same(X) :- e(X, X), on.
@materialize upper(X, S) :- free(X, Y), S = X + Y, not lone(Y).
@materialize cut(X) :- path(X, Y), not twice(X, Y), not n(X).
@materialize size(X, N) :- n(X), N = count { e(X, Y), not f(X, Y) }.
@materialize most(X, M) :- n(X), M = max(Y) { path(X, Y) }.
@materialize all(N) :- N = sum(X) { e(X, _) }.
@materialize closed(X) :- n(X), not (e(X, Y), not n(Y)).
@materialize near(X) :- n(X), N = count { e(Y, _), X < Y }, N > 1.
@materialize inv(S, V) :- val(S, N), V = 6 / N.
@materialize odds(S) :- val(S, _), not inv(S, 3).
@materialize member(U) :- team(U, _), U in Group::"g1".
@materialize level(U, L) :- team(U, _), U has level, L = U.level.
@materialize above(G) :- team(U, _), parent(U, G).
@demand later(X) :- path(X, Y), not free(X, Y).
@materialize mixed(X) :- n(X), not later(X).
seen(X) :- context("k", Y), path(Y, X).
attribute(U, "level", N) :- lvl(U, N).
tag(U, "t", X) :- lvl(U, X), not n(X).
parent(U, Group::"g2") :- team(U, Group::"g1"), on.
permit(_) :- seen(3). permit(P) :- member(P), not odds("a"). permit(P) :- P has level, P.level > 1. permit(P, "read") :- cut(1), lone(_).
permit(_, "write") :- reach(1, 3), not mixed(2). permit(P) :- P.hasTag("t"), P.getTag("t") == 2.
forbid(_) :- all(N), N > 90. forbid(P) :- above(G), P in G, closed(3). forbid(_) :- upper(X, S), S == 7, size(X, 2). forbid(P) :- P in Group::"g2".
`

// transactedGoals ask for every predicate.
var transactedGoals = strings.Split("path(X, Y);twice(X, Y);reach(X, Y);even(X);odd(X);free(X, Y);lone(X);same(X);upper(X, Y);cut(X);size(X, Y);most(X, Y);"+
	"all(X);closed(X);near(X);inv(X, Y);odds(X);member(X);level(X, Y);above(X);n(X), later(X);mixed(X);seen(X);team(U, _), attribute(U, N, V);"+
	"team(U, _), tag(U, N, V);team(U, _), parent(U, G);e(X, Y);f(X, Y);val(X, Y);on", ";")

// transactedAlways are facts that keep predicates open to facts, though rules derive them as well. No transaction draws them.
const transactedAlways = "path(90, 91). free(92, 93).\n"

// drawFact draws a fact that rules may be about, and sometimes one that they derive as well.
func drawFact(r *rand.Rand) string {
	long := func() int { return r.IntN(7) }
	user := func() string { return pickOf(r, `"s"`, `"t"`, `"u"`) }
	group := func() string { return pickOf(r, `"g"`, `"g1"`, `"g2"`) }
	switch p := pickOf(r, "e", "e", "e", "f", "f", "n", "n", "val", "team", "lvl", "parent", "path", "free", "on", "attribute"); p {
	case "n":
		return fmt.Sprintf("n(%d)", long())
	case "val":
		return fmt.Sprintf(`val(%s, %d)`, pickOf(r, `"a"`, `"b"`), pickOf(r, 1, 1, 2, 3, 6, 0))
	case "team":
		return fmt.Sprintf("team(%s, %s)", user(), group())
	case "lvl":
		return fmt.Sprintf("lvl(%s, %d)", user(), long())
	case "parent":
		return pickOf(r, "parent(User::"+user()+", Group::"+group()+")", "parent(Group::"+group()+", Group::"+group()+")")
	case "attribute":
		return fmt.Sprintf(`attribute(User::%s, "level", %d)`, user(), long())
	case "on":
		return "on"
	default:
		return fmt.Sprintf("%s(%d, %d)", p, long(), long())
	}
}

// transact draws a transaction on facts, carries it out on them, and returns the update.
func transact(r *rand.Rand, facts map[string]bool) string {
	var deleted, inserted []string
	there := slices.Sorted(maps.Keys(facts))
	for range r.IntN(4) {
		f := drawFact(r)
		if len(there) > 0 && r.IntN(4) > 0 {
			f = there[r.IntN(len(there))]
		}
		deleted = append(deleted, f)
		delete(facts, f)
	}
	for range r.IntN(4) {
		f := drawFact(r)
		if len(deleted) > 0 && r.IntN(10) == 0 {
			f = deleted[0]
		}
		inserted = append(inserted, f)
		facts[f] = true
	}
	return fmt.Sprintf(`{"delete":%s,"insert":%s}`, factsJSON(strings.Join(deleted, ". ")), factsJSON(strings.Join(inserted, ". ")))
}

// replies are to requests and goals on everything there is, with what they took.
func (c *transactions) replies(e *Engine) (out []string) {
	for _, p := range []string{"s", "t"} {
		for _, a := range []string{"read", "write"} {
			out = append(out, string(e.Authorize(nil, fmt.Appendf(nil, `{"principal":%q,"action":%q,"resource":"d","context":{"k":1}}`, p, a), &Host{})), work(e))
		}
	}
	for _, g := range transactedGoals {
		out = append(out, g, string(e.Query(nil, fmt.Appendf(nil, `{"goal":%q}`, g), &Host{})), work(e))
	}
	return out
}

// transactions are a history of an engine.
type transactions struct {
	*testing.T
	e     *Engine
	facts map[string]bool
	log   []string
}

func (c *transactions) load(r *rand.Rand) *Engine {
	texts := slices.Sorted(maps.Keys(c.facts))
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return loadRules(c.T, transacted+transactedAlways+factsText(texts))
}

// TestTransactions makes a thousand updates one after the other. After each, all rows, errors and replies, and the work that these took, are those of
// a load of the facts that there are then; the update itself takes what it takes after a load of the facts before; and the revision is that of a
// load that makes the same updates.
func TestTransactions(t *testing.T) {
	r := rand.New(rand.NewPCG(29, 31))
	c := &transactions{T: t, facts: map[string]bool{}}
	for range 25 {
		c.facts[drawFact(r)] = true
	}
	texts := slices.Sorted(maps.Keys(c.facts))
	c.e = loadRules(t, transacted+transactedAlways+factsText(texts))
	replayed, fresh := loadRules(t, transacted+transactedAlways+factsText(texts)), c.load(r)
	counts := tally{}
	for i := range shortly(1000, 120) {
		update := transact(r, c.facts)
		c.log = append(c.log, update)
		kept := pointers(c.e)
		if reply := c.e.Update(nil, []byte(update), &Host{}); errorCode(reply) != "" {
			t.Fatalf("%d: %s: %s", i, update, reply)
		}
		countKept(c.e, kept, counts)
		fresh.Update(nil, []byte(update), &Host{})
		if work(fresh) != work(c.e) {
			t.Fatalf("%d: %s takes %s, and after a load %s", i, update, work(c.e), work(fresh))
		}
		fresh = c.load(r)
		if d := cmp.Diff(state(fresh), state(c.e)); d != "" {
			t.Fatalf("%d: %s\n%v: %s", i, d, slices.Sorted(maps.Keys(c.facts)), update)
		}
		fresh.setRevision(c.e.revision)
		if d := cmp.Diff(c.replies(fresh), c.replies(c.e)); d != "" {
			t.Fatalf("%d: %s\n%s", i, update, d)
		}
		if i%100 == 99 {
			for _, u := range c.log {
				replayed.Update(nil, []byte(u), &Host{})
			}
			if c.log = nil; replayed.Revision() != c.e.Revision() {
				t.Fatalf("%d: the revision is %s, replayed %s", i, c.e.Revision(), replayed.Revision())
			}
			if d := cmp.Diff(c.replies(replayed), c.replies(c.e)); d != "" {
				t.Fatalf("%d: replayed: %s", i, d)
			}
		}
	}
	if testing.Short() {
		return
	}
	counts.require(t, "maintained:path maintained:twice maintained:free maintained:lone maintained:cut maintained:size maintained:most maintained:closed maintained:all "+
		"anew:near anew:inv anew:odds anew:member anew:level anew:mixed maintained:inv maintained:mixed maintained:even")
}

// pointers are the relations of the materialised predicates, and the rows in them.
func pointers(e *Engine) map[string][2]any {
	out := map[string][2]any{}
	for i := range e.own.program.Preds {
		rows := e.model.DB().Pred(i).Rows
		out[e.own.program.Preds[i].Name] = [2]any{rows, showRelation(e, rows)}
	}
	return out
}

// countKept counts which predicates have other rows, in the relation that there was or in another.
func countKept(e *Engine, before map[string][2]any, counts tally) {
	for name, now := range pointers(e) {
		switch was := before[name]; {
		case was[0] != now[0]:
			counts["anew:"+name]++
		case was[1] != now[1]:
			counts["maintained:"+name]++
		}
	}
}

// TestTransactions_limits makes updates under every limit of steps up to what they take: they are refused, and nothing changes.
func TestTransactions_limits(t *testing.T) {
	r := rand.New(rand.NewPCG(37, 41))
	refused := 0
	for i := range shortly(60, 6) {
		c := &transactions{T: t, facts: map[string]bool{}}
		for range 25 {
			c.facts[drawFact(r)] = true
		}
		text := transacted + transactedAlways + factsText(slices.Sorted(maps.Keys(c.facts)))
		e, free := loadRules(t, text), loadRules(t, text)
		before, replies := state(e), c.replies(e)
		update := transact(r, c.facts)
		free.Update(nil, []byte(update), &Host{})
		need := free.Stats().Steps
		for n := uint64(1); n < need; n += 1 + n/8 {
			reply := e.Update(nil, []byte(update), &Host{Limits: Limits{Steps: n}})
			if d := cmp.Diff(before, state(e)); d != "" || errorCode(reply) != "limit.steps" {
				t.Fatalf("%d: %s with %d of %d steps: %s %s", i, update, n, need, reply, d)
			}
			refused++
		}
		if d := cmp.Diff(replies, c.replies(e)); d != "" {
			t.Fatalf("%d: %s: %s", i, update, d)
		}
		if reply := e.Update(nil, []byte(update), &Host{Limits: Limits{Steps: need}}); errorCode(reply) != "" && need > 0 {
			t.Fatalf("%d: %s with the %d steps that it takes: %s", i, update, need, reply)
		}
		if d := cmp.Diff(state(free), state(e)); d != "" || e.Revision() != free.Revision() {
			t.Fatalf("%d: %s: %s", i, update, d)
		}
	}
	if refused == 0 {
		t.Error("no update was refused")
	}
}

// TestTransactions_refused makes updates of which one row is wrong, among good ones before and after it: nothing changes, neither rows nor replies
// and what they take, nor the revision, nor what lies in the table of values.
func TestTransactions_refused(t *testing.T) {
	c := &transactions{T: t, facts: map[string]bool{"e(1, 2)": true, "e(2, 3)": true, "n(3)": true, `val("a", 2)`: true, `team("s", "g1")`: true}}
	text := transacted + transactedAlways + factsText(slices.Sorted(maps.Keys(c.facts)))
	e := loadRules(t, text)
	before, replies, revision, size := state(e), c.replies(e), e.Revision(), e.table.Size(e.loaded)
	const good = `"n":[[4],[5]],"val":[["new text",3]]`
	for _, u := range []struct{ update, code string }{
		{`{"insert":{` + good + `,"nobody":[[1]]}}`, "update.unknown_predicate"},
		{`{"insert":{` + good + `,"e":[[1,2],[3,"x"],[4,5]]}}`, "update.type"},
		{`{"insert":{` + good + `,"e":[[1,2],[3],[4,5]]}}`, "update.arity"},
		{`{"delete":{"e":[[1,2]]},"insert":{` + good + `,"reach":[[1,2]]}}`, "update.derived_predicate"},
		{`{"insert":{` + good + `},"delete":{"e":[[1,2]],"odd":[[1]]}}`, "update.derived_predicate"},
		{`{"delete":{"e":[[1,2]]},"insert":{` + good + `,"principal":[["s"]]}}`, "update.reserved_predicate"},
		{`{"delete":{"e":[[1,2]]},"insert":{` + good + `},"replace":{}}`, "request.unknown_field"},
		{`{"delete":{"e":[[1,2]]},"insert":{` + good + `},"delete":{}}`, "request.duplicate_key"},
		{`{"delete":{"e":[[1,2]]},"insert":{` + good + `}`, "request.syntax"},
	} {
		reply := e.Update(nil, []byte(u.update), &Host{})
		if code := errorCode(reply); code != u.code {
			t.Errorf("%s: %s, want %s", u.update, reply, u.code)
		}
		if d := cmp.Diff(before, state(e)); d != "" || e.Revision() != revision || e.table.Size(e.loaded) != size {
			t.Fatalf("%s: the table grew from %d to %d, %s", u.update, size, e.table.Size(e.loaded), d)
		}
		if d := cmp.Diff(replies, c.replies(e)); d != "" {
			t.Fatalf("%s: %s", u.update, d)
		}
	}
	both := `{"delete":{"e":[[1,2]]},"insert":{"e":[[1,2]]}}`
	if reply := e.Update(nil, []byte(both), &Host{}); errorCode(reply) != "" || e.Revision() == revision {
		t.Errorf("%s: %s", both, reply)
	}
	if d := cmp.Diff(before, state(e)); d != "" {
		t.Errorf("%s: %s", both, d)
	}
}
