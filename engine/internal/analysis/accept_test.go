package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
)

func TestAccepted(t *testing.T) {
	for name, text := range map[string]string{
		"guard in the conjunction":    `forbid(P) :- P.risk > 3, P has risk.`,
		"guard around":                `q("a"). forbid(P) :- P has risk, q(X), not (q(X), P.risk > 3).`,
		"guard around braces":         `q(1). forbid(P) :- P has risk, N = count { q(X), X > P.risk }, N > 1.`,
		"guard twice around":          `q(1). forbid(P) :- P has risk, not (q(X), not (q(X), P.risk > X)).`,
		"guard by and":                `q(1). forbid(P) :- X = (P has risk && P.risk > 3), X.`,
		"guard by and from the right": `forbid(P) :- (P.risk > 3 && P has risk) == true.`,
		"guard by or":                 `forbid(P) :- (!(P has risk) || P.risk > 3).`,
		"guard by not":                `forbid(P) :- not !(P has risk), P.risk > 3.`,
		"guard by if":                 `forbid(P) :- (if P has risk then P.risk else 0) > 3.`,
		"guard by an inverted if":     `forbid(P) :- (if !(P has risk) then 0 else P.risk) > 3.`,
		"guard in a negated test":     `permit(P) :- not (P has suspended && P.suspended == true).`,
		"guard of a path":             `forbid(P) :- P has a.b.c, P.a.b.c == 1, P.a.b has d.`,
		"guard of a tag":              `forbid(P) :- P.hasTag("a"), P.getTag("a") == 1.`,
		"guard of a tag by variable":  `k("a"). forbid(P) :- k(K), P.hasTag(K), P.getTag(K) == 1.`,
		"guard of an entity":          `forbid :- User::"a" has x, User::"a".x == 1.`,
		"guard of a quoted name":      `forbid(P) :- P has "a b", P["a b"] == 1.`,
		"guard of the context":        `forbid :- context has risk.score, context.risk.score > 3.`,
		"guard in an alternative":     `forbid(P) :- P has a, P.a == 1 ; P has b, P.b == 1 ; not P has a.`,
		"guard of a tag's attribute":  `forbid(P) :- P.hasTag("a"), P.getTag("a") has b, P.getTag("a").b == 1.`,
		"permit needs no guard":       `permit(P) :- P.a.b == 1, context.x == 1. u(User::"a"). p(X) :- u(X), X.level > 3. permit(P, "x") :- p(P).`,
		"relations need no guard":     `forbid(P) :- attribute(P, "risk", N), N > 3. forbid :- context("risk", N), N > 3. forbid(P) :- tag(P, "a", _), each(context, "b", _).`,
		"records need no guard":       `forbid(P) :- {a: P}.a == P, {b: 1}.b == 1.`,
		"parent by in":                `parent(P, Group::"y") :- P in Group::"x". g(Group::"z"). parent(P, G) :- g(G), P in G.`,
		"negation over strata":        `n("a"). m("b"). x(X) :- n(X), not y(X). y(X) :- m(X).`,
		"permit in a report":          `d(Doc::"d"). readable(R) :- d(R), permit(User::"alice", "read", R).`,
		"any holds all":               `decl v(any). v(1). v("a"). v(X) :- X = User::"a". w(X) :- v(X). w("a").`,
		"column by name of a type":    `decl p(known_type). p(known_type::"x"). q(X) :- p(X), X is known_type.`,
		"recursion types":             `d("a", "b"). l(X, Y) :- d(X, Y). l(X, Y) :- l(X, Z), d(Z, Y).`,
		"dead recursion":              `l(X) :- l(X). m(X) :- l(X), X > 1. m("a").`,
		"sets in sets":                `p([1]). p([X]) :- p(X).`,
		"entities of several types":   `m(User::"a"). m(Group::"b"). permit(P) :- m(P).`,
		"facts with expressions":      `p(1 + 1). p(if true then 1 else 2). decl e(entity). e(User::"a").`,
		"head variable used twice":    `permit(P, "self", P). permit(_, A, _) :- action(B), A == B.`,
		"wild demanded heads":         `parent(_, Group::"g"). attribute(_, "a", 1). tag(X, "b", 2) :- X is User.`,
		"unbound wildcard below not":  `e("a", "b"). p(X) :- e(X, _), not e(_, X).`,
		"each of a record":            `p(K, V) :- each(context, K, V).`,
		"variable equation":           `q("a"). p(X) :- q(Y), X = Y. r(X) :- X = 1, X = 1.`,
		"group by the head":           `q("a", User::"a"). permit(P) :- N = count { q(_, P) }, N > 0.`,
		"declared without a fact":     `decl blocked(User). permit(P) :- not blocked(P).`,
		"declared type unproved":      `decl level(long). level(N) :- context("n", N). p(X) :- level(N), X = N + 1.`,
		"zero arity":                  `open. p("a") :- open(), not closed. decl closed().`,
		"CSV by name": `-- config.rune --
version = "rune/1.0"
include = ["limit.csv", "parent.csv", "tag.csv"]
[rules]
decl limit(max: long, who: User).
tag(X, "b", 1) :- X is User.
p(X) :- limit(N, X), N > 10.
-- limit.csv --
who,max
alice,10
"bob ""b""",20
-- parent.csv --
child,parent
user:a,group:b
-- tag.csv --
e,name,value
user:a,a,x
user:a,b,y
`,
		"schema requires": `version = "rune/1.0"
[schema]
entity User in [Group] { age: Long, home: { city: String, zip?: String }, boss: User };
entity Group;
entity Doc { owner: User };
action read appliesTo { principal: User, resource: Doc, context: { ip: __cedar::ipaddr, mfa?: Bool } };
action write appliesTo { principal: User, resource: [Doc, Group], context: { ip: __cedar::ipaddr } };
action "group";
[rules]
forbid(P, "read", R) :- P.age < 3, R.owner == P, P.home.city == "x", P.boss.boss.age == 1, context.ip.isLoopback().
forbid(P) :- P is User, P.age < 3.
forbid(P) :- P.age < 3.
forbid(_, A, R) :- A == Action::"read", R.owner.age < 3.
forbid(_, _, R) :- action("read"), (if true then R.owner else R.owner).age < 3.
h(P) :- principal(P), P.age > 3.
forbid(P) :- h(P), X = P.boss, X.age > 3, not (P.age > 4, X.boss.age > 5).
decl u(User).
u("a").
permit(P) :- not v(P).
v(P) :- u(P), P.age > 3.
`,
	} {
		t.Run(name, func(t *testing.T) { checkProgram(t, accepted(t, text)) })
	}
}

func TestWarnings(t *testing.T) {
	for text, want := range map[string][]string{
		`e("a", "b"). p(X) :- e(X, Y).`:                                                          {`1:27 datalog.single_use the variable "Y" is used once`},
		`e("a", "b"). p(X) :- e(X, _y), e(_, _).`:                                                nil,
		`allow_admin(X) :- X = User::"a". deny_x("a").`:                                          {"1:1 datalog.decides_nothing allow_admin"},
		`allow_admin(X) :- X = User::"a". permit(P) :- allow_admin(P).`:                          nil,
		`n(1). n(M) :- n(N), M = N + 1.`:                                                         {"1:21 datalog.unbounded_recursion the recursion of n"},
		`n(1). n(M) :- n(N), M = N + 1, M < 100.`:                                                nil,
		`n(1). n(N + 1) :- n(N), N < 100.`:                                                       nil,
		`n("a b"). n(W) :- n(X), argv(X, _, W).`:                                                 {"1:25 datalog.unbounded_recursion"},
		`n([1]). n([X]) :- n(X).`:                                                                {"1:11 datalog.unbounded_recursion"},
		`m(1). n(M) :- m(N), M = N + 1.`:                                                         nil,
		`@id("x") q("a"). @description("d") q("b"). @reason("r") q("c").`:                        {"1:1 datalog.annotation_without_effect", "1:44 datalog.annotation_without_effect"},
		`@materialize permit.`:                                                                   {"1:1 datalog.annotation_without_effect"},
		`@materialize p(X) :- context(X, _). n(1). @materialize n(M) :- n(N), M = N + 1, M < 3.`: {"1:14 datalog.not_materialized", "1:37 datalog.not_materialized"},
		`@materialize parent(X, G) :- m(X, G). @materialize m(X, G) :- X = User::"a", X in Group::"b", G = X.`: {"1:1 datalog.annotation_without", "1:52 datalog.not_materialized"},
		`forbid(principal, action, "resource").`: {"1:8 datalog.bare_word", "1:19 datalog.bare_word"},
	} {
		check(t, text, source.Warning, want...)
	}
}

// TestFlags looks at what the evaluators go by.
func TestFlags(t *testing.T) {
	l := accepted(t, `decl m(User, Group). m("a", "g").
path(X, Y) :- m(X, Y). path(X, Y) :- path(X, Z), m(_, Y), Z == Y.
req(X) :- context("k", X). ctx(X) :- X = 1, context has y. who(P) :- principal(P).
under(X) :- req(X), path(_, _).
level(X) :- m(X, _), X has level. inside(X) :- m(X, G), X in G. hard(X) :- m(X, _), not X in Group::"g".
up(1). up(N) :- up(M), N = M + 1, N < 5. @demand lazy(X) :- m(X, _). late(X) :- level(X).
parent(X, G) :- reach(X, G). reach(X, G) :- m(X, G). reach(X, G) :- m(X, H), H in G, m(_, G).
attribute(X, "a", 1) :- m(X, _). attribute(X, N, 1) :- m(X, _), N = "b". tagged(X) :- m(X, _), X.hasTag("t").
`)
	var got []string
	p := l.program
	for i := FirstUserPred; int(i) < len(p.Preds); i++ {
		s := p.Preds[i].Name
		for _, f := range []struct {
			name string
			on   bool
		}{{"request", p.Preds[i].RequestDependent}, {"store", p.Preds[i].StoreDependent}, {"materialize", p.Preds[i].Materialize}, {"recursive", p.Preds[i].Recursive}} {
			if f.on {
				s += " " + f.name
			}
		}
		got = append(got, s)
	}
	want := []string{"m", "path materialize recursive", "req request", "ctx request", "who request", "under request", "level store materialize", "inside store materialize",
		"hard store materialize", "up recursive", "lazy", "late store materialize", "reach store recursive", `attribute/"a" store`, "tagged store materialize"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !p.DerivesParents || !p.DerivesAttributes || p.DerivesTags {
		t.Error("what is derived")
	}
	if rules := p.Preds[p.ByName.Of("attribute")].Rules; len(rules) != 1 || !slices.Contains(p.Preds[p.Named[NamedKey{Name: l.table.String("a")}]].Rules, rules[0]) {
		t.Error("a rule with a variable name stands under every name")
	}
	checkStrata(t, l)
}

// checkStrata checks that strata go down along all edges, and strictly along those that must be complete.
func checkStrata(t *testing.T, l *loaded) {
	t.Helper()
	p := l.program
	for i := range p.Rules {
		r := &p.Rules[i]
		for _, lit := range r.Body {
			to, strictly := lit.Pred, lit.Kind == LitNot
			if lit.Kind == LitAggregate {
				to, strictly = lit.Aggregate.Pred, true
			} else if lit.Kind != LitAtom && lit.Kind != LitNot {
				continue
			}
			if down := p.Preds[r.Head].Stratum - p.Preds[to].Stratum; down < 0 || strictly && down == 0 {
				t.Errorf("%s: stratum %d uses %d", l.rule(p.Preds, r), p.Preds[r.Head].Stratum, p.Preds[to].Stratum)
			}
		}
	}
}

func TestContexts(t *testing.T) {
	l := accepted(t, `permit :- context.now == 1, context("a", _), context has b.c.`)
	for _, k := range []string{"now", "a", "b"} {
		if !l.program.ReadsContext(l.table.String(k)) {
			t.Error(k)
		}
	}
	if l.program.ReadsContext(l.table.String("c")) || l.program.ReadsWholeContext() {
		t.Error("reads too much")
	}
	for _, text := range []string{`permit :- context(K, _), K == "x".`, `permit :- each(context, "a", _).`} {
		if !accepted(t, text).program.ReadsWholeContext() {
			t.Error(text)
		}
	}
}

func TestStatements(t *testing.T) {
	l := accepted(t, `a("x"). b("x"). @id("one") @reason("why") permit(P) :- a(X), entityId(P) == X ; b(X), entityId(P) == X. helper("x"). forbid(_, "y"). @description("d") deny.`)
	var got []string
	for _, s := range l.program.Statements {
		got = append(got, fmt.Sprintf("%d %s %q %t %d", s.Effect, s.ID, s.Message, s.HasMessage, len(s.Rules)))
		for _, r := range s.Rules {
			if rule := l.program.Rules[r]; rule.Statement < 0 || l.program.Statements[rule.Statement].ID != s.ID {
				t.Error("a rule of another statement")
			}
		}
	}
	if d := cmp.Diff([]string{"0 one \"why\" true 2", "1 rule1 \"\" false 1", "1 rule2 \"\" false 1"}, got); d != "" {
		t.Error(d)
	}
	if len(l.program.Preds[PredForbid].Rules) != 2 || len(l.program.Preds[PredPermit].Rules) != 2 {
		t.Error("rules of permit and forbid")
	}
}

func TestTypeNames(t *testing.T) {
	var files source.Files
	var diags source.List
	text := `decl p(User, Set<Set<App::Group>>, string, lower). q(X) :- p(X, _), X is T, not (X is U in V::"v"), N = count { p(W::"w") }, N > 1.`
	id := files.Add(".", []byte(text))
	var names []string
	TypeNames(datalog.Parse(&files, id, 0, len(text), &diags), func(typ string, _ source.Span) { names = append(names, typ) })
	if d := cmp.Diff([]string{"User", "App::Group", "T", "U", "V", "W"}, names); d != "" {
		t.Error(d)
	}
}

func TestTypes(t *testing.T) {
	l := accepted(t, `decl a(User, Set<Group>, Record, any, entity, Set<Set<long>>). a("x", ["g", "h"], {k: 1}, "t", User::"y", [[1]]).
b([1, 2]). b([3]). c(["a"]). c([1]). d(X) :- c(X). e(User::"a"). f(X) :- a(_, S, _, _, _, _), each(S, X). g(X) :- X = datetime("2026-01-01").toDate(). h([User::"a"].union([Group::"b"])).
i([]). j([1].intersection([2])). k(N) :- N = collect(X) { f(X) }. l(N) :- N = max(X) { each([1], X) }.`)
	want := []string{"User, Set<Group>, Record, any, entity, Set<Set<long>>", "Set<long>", "Set<any>", "Set<any>", "User", "Group", "datetime", "Set<entity>", "Set<any>", "Set<long>", "Set<Group>", "long"}
	var got []string
	for i := FirstUserPred; int(i) < len(l.program.Preds); i++ {
		p := &l.program.Preds[i]
		if p.Kind != PredUser {
			continue
		}
		var cols []string
		for _, c := range p.Columns {
			cols = append(cols, string(l.program.AppendType(nil, c)))
		}
		got = append(got, strings.Join(cols, ", "))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	row := l.program.Facts[0].Rows
	if got := string(l.table.Append(nil, row[1])); got != `[Group::"g", Group::"h"]` {
		t.Error(got)
	}
}

func TestTolerant(t *testing.T) {
	l := load("p(\"a\".\nq(X) :- p(X), r(X, 1).\nq(X) :- s(X), X > \"a\", X > 1.\n")
	if got := l.found(source.Error, 2); len(got) != 1 || !strings.Contains(got[0], "syntax") {
		t.Errorf("beside a syntax error: %q", got)
	}
	if l.program != nil {
		t.Error("loaded")
	}
}
