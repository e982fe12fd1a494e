package goal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/value"
	"pgregory.net/rapid"
)

// variedRules use every kind of literal, recursion through each kind of predicate, and expressions that err for some facts.
const variedRules = `
decl e(long, long). decl n(string, long). decl team(User, Group). decl sub(Group, Group). decl text(string). decl lvl(User, long).
r(X, Y) :- e(X, Y).
r(X, Z) :- r(X, Y), e(Y, Z).
inv(S, V) :- n(S, N), V = 6 / N.
back(S, T) :- inv(S, V), inv(T, V), S != T.
chain(S) :- inv(S, 6).
chain(T) :- chain(S), back(S, T).
both(X, X) :- n(_, N), X = 3 / N.
odd(S) :- n(S, _), not inv(S, 3).
level(V) :- inv(_, V), not (e(V, Y), Y > 2).
total(X, N) :- e(X, _), N = sum(V) { e(X, Y), inv(_, V), V >= Y }.
words(W) :- text(T), argv(T, _, W).
key(K, V) :- context(K, V).
asks(X) :- key(_, K), r(K, X).
asks(X) :- asks(Y), X = Y / K, key("d", K), X > 0.
parent(U, G) :- team(U, G).
parent(G, H) :- sub(G, H), n(S, _), not odd(S).
parent(U, Group::"in") :- U in Group::"g1", U is User.
attribute(U, "level", N) :- lvl(U, N).
attribute(U, "share", V) :- lvl(U, N), V = 6 / N.
attribute(U, S, 1) :- lvl(U, _), inv(S, 1).
tag(U, "t", N) :- lvl(U, N), U in Group::"g2".
permit(P) :- P in Group::"g0", asks(2).
permit(P) :- P has level, P.level > 1, not odd("a").
permit(P) :- P has share, P.share == 6, words("x").
permit(P, "a") :- P.hasTag("t"), asks(X), not r(X, 1).
permit(P) :- attribute(P, N, V), inv(N, V).
permit(_) :- both(1, 2).
permit(_) :- N = count { back(_, _) }, N > 1, chain("b").
forbid(_) :- not chain("a"), total(_, N), N > 5.
forbid(_) :- level(V), V > 1, not words("y").
forbid(P) :- not P in Group::"in", L = collect(X) { asks(X) }, L.size() > 1.
forbid(_) :- words(W), W like "x*", W.length() > 1.
`

func drawFacts(t *rapid.T) []string {
	var out []string
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "value") }
	long := func() string { return pick("0", "1", "2", "3", "6") }
	word := func() string { return pick(`"a"`, `"b"`, `"c"`) }
	user := func() string { return pick(`User::"p"`, `User::"q"`) }
	group := func() string { return pick(`Group::"g0"`, `Group::"g1"`, `Group::"g2"`) }
	for range rapid.IntRange(0, 14).Draw(t, "facts") {
		switch rapid.IntRange(0, 5).Draw(t, "predicate") {
		case 0:
			out = append(out, fmt.Sprintf("e(%s, %s).", long(), long()))
		case 1:
			out = append(out, fmt.Sprintf("n(%s, %s).", word(), long()))
		case 2:
			out = append(out, fmt.Sprintf("team(%s, %s).", user(), group()))
		case 3:
			out = append(out, fmt.Sprintf("sub(%s, %s).", group(), group()))
		case 4:
			out = append(out, fmt.Sprintf("text(%s).", pick(`"x y"`, `"xx"`, `"x; y"`)))
		case 5:
			out = append(out, fmt.Sprintf("lvl(%s, %s).", user(), long()))
		}
	}
	return out
}

func storeVaried(w *world) {
	w.store1("User:p", map[string]any{"level": 2, "age": 1}, map[string]any{"t": 1}, "Group:g1")
	w.store1("User:q", nil, nil)
	w.store1("Group:g1", map[string]any{"a": 6}, nil, "Group:g2")
}

// answers is everything that can be seen of a world: verdicts with their errors, all rows, and the work it took.
func (w *world) answers() string {
	var b strings.Builder
	for _, p := range []string{"p", "q"} {
		w.eval.Begin(w.request(p, "a", "r"), w.view, w.limits, nil)
		for _, v := range w.eval.Statements(nil) {
			fmt.Fprint(&b, v.Statement, " ", v.Errs)
			if v.Errs {
				fmt.Fprint(&b, " ", v.Fault)
			}
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, "steps", w.eval.Steps(), w.eval.Tuples(), w.eval.Tables(), w.eval.RulesEvaluated(), w.eval.Exceeded())
	}
	for _, q := range []string{
		"r(X, Y)", "r(1, Y)", "inv(X, Y)", "back(X, Y)", "chain(X)", "odd(X)", "level(X)", "total(X, N)", "words(W)", "asks(X)", "asks(2)",
		`parent(User::"p", G)`, `attribute(User::"p", N, V)`, `attribute(User::"q", "level", V)`, `tag(User::"p", N, V)`, `both(X, Y)`,
	} {
		fmt.Fprintln(&b, q, w.query(q), "steps", w.eval.Steps())
	}
	return b.String()
}

func verdictsAlone(answers string) string {
	var out []string
	for line := range strings.SplitSeq(answers, "\n") {
		line, _, _ = strings.Cut(line, "steps")
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func varied(tb testing.TB, facts []string, key value.Key, o fixpoint.Options, store func(*world)) *world {
	w := loadWith(tb, strings.Join(facts, "\n")+variedRules, store, key, o)
	w.context = w.record(map[string]any{"k": 1, "d": 0})
	return w
}

// Neither the order of facts nor the key of the hashes changes an answer, the error that is told, or the number of steps.
func TestAnswers_orderAndKey(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		want := varied(t, facts, value.Key{1, 2}, fixpoint.Options{}, storeVaried).answers()
		shuffled := rapid.Permutation(facts).Draw(rt, "order")
		w := varied(t, shuffled, value.Key{7, rapid.Uint64().Draw(rt, "key")}, fixpoint.Options{}, storeVaried)
		if got := w.answers(); got != want {
			rt.Fatalf("%v\n%v\n%s\n%s", facts, shuffled, want, got)
		}
		if again := w.answers(); again != want {
			rt.Fatalf("a second time: %s\n%s", want, again)
		}
	})
}

// What is materialised answers as what is evaluated on demand.
func TestAnswers_demand(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		want := verdictsAlone(varied(t, facts, value.Key{}, fixpoint.Options{}, storeVaried).answers())
		got := verdictsAlone(varied(t, facts, value.Key{}, fixpoint.Options{MaxRows: 1}, storeVaried).answers())
		if sansMessages(got) != sansMessages(want) {
			rt.Fatalf("%v\n%s\n%s", facts, want, got)
		}
	})
}

// sansMessages leaves out which error is told: on demand another of several may come first.
func sansMessages(answers string) string {
	lines := strings.Split(answers, "\n")
	for i, line := range lines {
		if at := strings.Index(line, " true "); at >= 0 {
			lines[i] = line[:at]
		}
	}
	return strings.Join(lines, "\n")
}

// Entities that a request brings answer as stored ones.
func TestAnswers_patch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		stored := varied(t, facts, value.Key{}, fixpoint.Options{}, storeVaried)
		patched := varied(t, facts, value.Key{}, fixpoint.Options{}, func(w *world) {
			w.store1("User:p", map[string]any{"level": 9, "x": 1}, nil, "Group:g0", "Group:g1")
			w.store1("Group:g1", nil, nil, "Group:g0")
		})
		for _, x := range []struct {
			uid         string
			attrs, tags map[string]any
			parents     []string
		}{{"User:p", map[string]any{"level": 2, "age": 1}, map[string]any{"t": 1}, []string{"Group:g1"}}, {"User:q", nil, nil, nil}, {"Group:g1", map[string]any{"a": 6}, nil, []string{"Group:g2"}}} {
			patched.view.Patch(patched.entityWith(x.uid, x.attrs, x.tags, x.parents...))
		}
		want, got := stored.answers(), patched.answers()
		if sansMessages(verdictsAlone(want)) != sansMessages(verdictsAlone(got)) {
			rt.Fatalf("%v\n%s\n%s", facts, want, got)
		}
	})
}

// No order of literals changes whether a statement holds, errs or fails.
func TestAnswers_literalOrder(t *testing.T) {
	literals := []string{"n(S, N)", "V = 6 / N", "W = V + 1", "W < 5", "not inv(S, W)", "e(V, Z)", "Z >= 1", "split(S, \"b\", _, T)", "T == \"a\"", "C = count { e(V, Q), Q > N }", "C < 2"}
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		some := slices.DeleteFunc(slices.Clone(literals), func(l string) bool {
			return strings.Contains("W < 5 Z >= 1 T == C < 2 not inv", l[:3]) && rapid.Bool().Draw(rt, "without")
		})
		rules := func(body []string) string {
			return "permit(_) :- " + strings.Join(body, ", ") + ". forbid(_) :- s(S, V, Z). s(S, V, Z) :- " + strings.Join(body, ", ") + ".\n"
		}
		order := rapid.Permutation(some).Draw(rt, "order")
		a := varied(t, append([]string{rules(some)}, facts...), value.Key{}, fixpoint.Options{}, storeVaried).answers()
		b := varied(t, append([]string{rules(order)}, facts...), value.Key{}, fixpoint.Options{}, storeVaried).answers()
		if sansMessages(verdictsAlone(a)) != sansMessages(verdictsAlone(b)) {
			rt.Fatalf("%v\n%v\n%s\n%s", facts, order, a, b)
		}
	})
}
