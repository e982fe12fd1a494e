package analysis

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

const goalProgram = `decl m(User, Group). m("a", "g"). n(1). n(2). v("x").
p(X) :- m(X, _), not (m(X, G), G == Group::"h").
attribute(X, "level", N) :- m(X, _), n(N).
permit(P) :- p(P).
`

func TestGoal(t *testing.T) {
	l := accepted(t, goalProgram)
	preds, rules := len(l.program.Preds), len(l.program.Rules)
	for _, c := range []struct{ text, columns, want string }{
		{`m("a", G)`, "G", `goal(G) :- m(User::"a", G)`},
		{`m(_, _)`, "", `goal() :- m(_, _)`},
		{`m(Y, X), m(Y, _).`, "Y X", `goal(Y, X) :- m(Y, X), m(Y, _)`},
		{`m(X, _) ; p(X)`, "X", "aux2(X) :- m(X, _)\naux2(X) :- p(X)\ngoal(X) :- aux2(X)"},
		{`m(X, G), not (m(X, H), H != G)`, "X G", "aux2(X, G) :- m(X, H), !=(H, G)\ngoal(X, G) :- m(X, G), not aux2(X, G)"},
		{`N = count { m(X, _) }`, "N", "aux2(X, _1) :- m(X, _1)\ngoal(N) :- N = agg0 aux2()"},
		{`m(X, _), N = sum(V) { n(V), X has level }`, "X N", "aux2(X, V, V) :- n(V), X has level\ngoal(X, N) :- m(X, _), N = agg1 aux2(X)"},
		{`X = 1 + 1`, "X", "goal(X) :- X = 2"},
		{`m(X, _), permit(X, "read", Doc::"d"), X in Group::"g", X.level > 1`, "X",
			`goal(X) :- m(X, _), permit(X, Action::"read", Doc::"d"), in(X, Group::"g"), >(X.level, 1)`},
	} {
		var files source.Files
		var diags source.List
		g := l.program.Goal(&files, []byte(c.text), &diags)
		if g == nil {
			t.Errorf("%s: %v", c.text, diags.All())
			continue
		}
		all := append(l.program.Preds[:preds:preds], g.ExtraPreds...)
		got := strings.Join(append(l.dump(all, g.ExtraRules), l.rule(all, &g.Rule)), "\n")
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
		if d := cmp.Diff(strings.Fields(c.columns), append([]string{}, g.Columns...)); d != "" {
			t.Errorf("%s: columns %s", c.text, d)
		}
		for i, p := range g.ExtraPreds {
			if p.Stratum <= l.program.env.strata {
				t.Errorf("%s: stratum %d", c.text, p.Stratum)
			}
			for _, r := range p.Rules {
				if rule := g.ExtraRules[int(r)-rules]; int(rule.Head) != preds+i {
					t.Errorf("%s: rule %d has head %d", c.text, r, rule.Head)
				}
			}
		}
	}
	if len(l.program.Preds) != preds {
		t.Error("a goal changed the program")
	}
}

func TestGoalRefused(t *testing.T) {
	l := accepted(t, goalProgram)
	for text, want := range map[string]string{
		``:                             "1:1 datalog.syntax",
		`m(X`:                          "1:4 datalog.syntax",
		`nope(X)`:                      "1:1 datalog.unknown_predicate",
		`m(X)`:                         "1:1 datalog.arity",
		`m(X, _), not n(Y)`:            `1:16 datalog.unsafe_variable "Y"`,
		`m(X, _) ; n(Y)`:               `1:1 datalog.unsafe_variable "X" is bound by nothing`,
		`permit(X, "a", "b")`:          "1:8 datalog.unbound_goal",
		`v(X), m(X, _)`:                `1:9 datalog.type "X" is a User here`,
		`m(X, _), not X.level == 1`:    "1:14 datalog.unguarded_attribute X.level",
		`m(X, _), not (X.level == 1)`:  "1:15 datalog.unguarded_attribute X.level",
		`X = 1 / 0`:                    "1:5 datalog.constant",
		`N = count { n(X) }, X.y == N`: `1:21 datalog.unsafe_variable "X"`,
		`m("a::b", _)`:                 "1:3 entity.malformed",
	} {
		var files source.Files
		var diags source.List
		if g := l.program.Goal(&files, []byte(text), &diags); g != nil {
			t.Errorf("%s: accepted", text)
			continue
		}
		p := files.Position(diags.All()[0].Span)
		got := strings.TrimPrefix(p.File, "goal") + (&loaded{files: files, diags: diags}).found(source.Error, 0)[0]
		if !strings.HasPrefix(got, want) || len(diags.All()) < 1 {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestRow(t *testing.T) {
	l := accepted(t,
		`decl m(User, long). m("a", 1). p(X) :- m(X, _). e("x"). decl w(any). decl a(ip, decimal). q("a"). q(X) :- e(X).
attribute(X, "level", N) :- m(X, N).`)
	tab := l.table
	s, n := tab.String, tab.Long
	record := tab.Record([]value.Value{s("id"), s("a:b"), s("type"), s("user")})
	for _, c := range []struct {
		pred  string
		cells []value.Value
		want  string
	}{
		{"m", []value.Value{s("bob"), n(1)}, `m User::"bob" 1`},
		{"m", []value.Value{record, n(1)}, `m User::"a:b" 1`},
		{"m", []value.Value{tab.EntityOf("User", "b"), n(1)}, `m User::"b" 1`},
		{"m", []value.Value{s("bob"), s("1")}, "update.type column 2 of m is of type long, and this is a value of type string"},
		{"m", []value.Value{tab.EntityOf("Group", "b"), n(1)}, "update.type column 1 of m is of type User, and this is a value of type Group"},
		{"m", []value.Value{s("User::b"), n(1)}, "entity.malformed"},
		{"m", []value.Value{s("")}, "update.arity a row of m has 2 cells, not 1"},
		{"e", []value.Value{s("y")}, `e "y"`},
		{"e", []value.Value{n(1)}, "update.type"},
		{"w", []value.Value{record}, `w {"id": "a:b", "type": "user"}`},
		{"a", []value.Value{s("10.0.0.1"), s("1.5")}, `a ip("10.0.0.1") decimal("1.5")`},
		{"a", []value.Value{s("x"), s("1.5")}, `value.parse`},
		{"q", []value.Value{s("b")}, `q "b"`},
		{"p", []value.Value{s("b")}, "update.derived_predicate"},
		{"nope", nil, `update.unknown_predicate there is no predicate "nope"`},
		{"attribut", nil, `update.unknown_predicate there is no predicate "attribut": did you mean attribute?`},
		{"permit", nil, "update.reserved_predicate"},
		{"context", nil, "update.reserved_predicate"},
		{"allow", nil, "update.reserved_predicate"},
		{"parent", []value.Value{s(`User::"a"`), s("group:g")}, `parent User::"a" Group::"g"`},
		{"parent", []value.Value{s(`a`), s("group:g")}, `entity.untyped`},
		{"attribute", []value.Value{s("user:a"), s("level"), n(1)}, `attribute/"level" User::"a" "level" 1`},
		{"attribute", []value.Value{s("user:a"), s("x"), n(1)}, `attribute User::"a" "x" 1`},
		{"tag", []value.Value{s("user:a"), n(1), n(1)}, `update.type`},
	} {
		id, row, f := l.program.Row(c.pred, c.cells)
		got := ""
		if f != nil {
			got = string(f.Code) + " " + f.Message
		} else {
			got = l.program.Preds[id].Name
			for _, v := range row {
				got += " " + string(tab.Append(nil, v))
			}
		}
		if got != c.want && !(f != nil && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s %v\n got %s\nwant %s", c.pred, c.cells, got, c.want)
		}
	}
}
