package engine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// state is everything that can be seen of an engine's rows: facts, materialised rows, and those that err, by predicate.
func state(e *Engine) map[string]string {
	out := map[string]string{}
	for i := range e.own.program.Preds {
		p, rows := &e.own.program.Preds[i], e.model.DB().Pred(i)
		out[fmt.Sprint(i, " ", p.Name)] = showRelation(e, rows.Facts) + " | " + showRelation(e, rows.Rows) + " | " + showLoose(e, rows.Erring)
	}
	return out
}

func showRelation(e *Engine, r *relation.Relation) string {
	if r == nil {
		return "-"
	}
	var out []string
	for id := range uint32(r.Top()) {
		if r.Alive(id) {
			out = append(out, showRow(e, r.Row(id)))
		}
	}
	if len(out) != r.Len() {
		return fmt.Sprintf("%d rows, not %d", len(out), r.Len())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func showLoose(e *Engine, l *relation.Loose) string {
	if l.Len() == 0 {
		return "-"
	}
	var out []string
	for id := range uint32(l.Len()) {
		out = append(out, showRow(e, l.All().Row(id))+" "+l.Fault(id).Message)
	}
	return strings.Join(out, " ")
}

func showRow(e *Engine, row []value.Value) string {
	var cells []string
	for _, v := range row {
		if v == value.Unknown {
			cells = append(cells, "?")
		} else {
			cells = append(cells, string(e.table.Append(nil, v)))
		}
	}
	return "(" + strings.Join(cells, ",") + ")"
}

var entityInText = regexp.MustCompile(`(\w+)::("\w+")`)

// factsJSON turns facts such as `e(1, "a")` into the rows of an update.
func factsJSON(facts string) string {
	rows := map[string][]string{}
	for _, f := range strings.Split(facts, ". ") {
		pred, args, _ := strings.Cut(strings.Trim(f, " ."), "(")
		if pred != "" {
			rows[pred] = append(rows[pred], "["+entityInText.ReplaceAllString(strings.TrimSuffix(args, ")"), `{"__entity":{"type":"$1","id":$2}}`)+"]")
		}
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, fmt.Sprintf("%q:[%s]", p, strings.Join(rows[p], ",")))
	}
	return "{" + strings.Join(out, ",") + "}"
}

func loadRules(t *testing.T, rules string) *Engine {
	t.Helper()
	e, reply := loadText("version = \"rune/1.0\"\n[defaults]\nprincipal = \"User\"\nresource = \"Doc\"\n"+rules, 1)
	if e == nil {
		t.Fatalf("%s: %s", rules, reply)
	}
	return e
}

const ageing = "[entities]\n" + `[{"uid":{"type":"User","id":"s"},"attrs":{"age":3},"parents":[{"type":"Group","id":"g"}]}]` + "\n"

// TestUpdate_maintains updates facts and compares with a load of what there is then. The last predicate with rules is maintained in place, or,
// where its maintenance can't tell what changes, evaluated anew.
func TestUpdate_maintains(t *testing.T) {
	const closure = `@materialize r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z). `
	const twice = `@materialize r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), r(Y, Z). `
	for _, c := range []struct {
		name, rules, pred, facts, delete, insert string
		anew                                     bool
	}{
		{"a row more", closure, "r", "e(1, 2). e(2, 3)", "", "e(3, 4)", false},
		{"a row less", closure, "r", "e(1, 2). e(2, 3). e(3, 4)", "e(2, 3)", "", false},
		{"another way", closure, "r", "e(1, 2). e(2, 3). e(1, 3). e(3, 4)", "e(2, 3)", "", false},
		{"a circle breaks", closure, "r", "e(1, 2). e(2, 3). e(3, 1). e(3, 4)", "e(3, 1)", "", false},
		{"a circle loses its support", closure, "r", "e(1, 2). e(2, 3). e(3, 2)", "e(1, 2)", "", false},
		{"a circle closes and breaks", twice, "r", "e(1, 2). e(2, 3)", "e(1, 2)", "e(3, 2)", false},
		{"delete and insert the same", twice, "r", "e(1, 2). e(2, 3)", "e(1, 2)", "e(1, 2)", false},
		{"two at once", closure, "r", "e(1, 2). e(2, 3). e(3, 4)", "e(1, 2). e(3, 4)", "e(4, 1). e(2, 4)", false},
		{"facts of its own", closure + "r(7, 8). ", "r", "r(2, 3). e(1, 2)", "r(2, 3)", "r(8, 9). r(1, 2)", false},
		{"facts of its own that are derived", closure, "r", "r(1, 2). e(1, 2). e(2, 3)", "r(1, 2)", "", false},
		{"derived that are facts", closure, "r", "r(1, 2). e(1, 2). e(2, 3)", "e(1, 2)", "", false},
		{"each other", `@materialize even(X) :- zero(X). even(Y) :- odd(X), e(X, Y). @materialize odd(Y) :- even(X), e(X, Y). `, "odd",
			"zero(0). e(0, 1). e(1, 2). e(2, 3)", "e(1, 2)", "e(1, 4). e(4, 5)", false},
		{"negation", `@materialize p(X) :- e(X, _), not n(X). `, "p", "e(1, 2). e(2, 3). e(4, 4). n(2)", "n(2). e(1, 2)", "n(4)", false},
		{"negated rows of which one goes", `@materialize p(X) :- n(X), not e(X, _). `, "p", "n(1). n(2). e(1, 2). e(1, 3). e(2, 2)", "e(1, 2). e(2, 2)", "", false},
		{"negated rows of which one comes", `@materialize p(X) :- n(X), not e(X, _). `, "p", "n(1). n(2). n(3). e(1, 2)", "", "e(1, 3). e(2, 2)", false},
		{"two negations at once", `@materialize p(X) :- e(X, Y), not n(X), not n(Y). `, "p", "e(1, 2). e(3, 4). n(3)", "n(3). e(1, 2)", "n(1). n(2). e(4, 4)", false},
		{"what was there before both went", `@materialize p(X) :- e(X, Y), e(Y, X), not n(X). `, "p", "e(1, 2). e(2, 1). e(3, 3)", "e(1, 2). e(2, 1)", "n(1). n(3)", false},
		{"wildcards", `@materialize p(X) :- n(X), e(X, _). `, "p", "n(1). n(2). e(1, 2). e(1, 3). e(2, 2)", "e(1, 2). e(2, 2)", "n(5). e(5, 5)", false},
		{"the same variable", `@materialize p(X) :- e(X, X). `, "p", "e(1, 1). e(2, 2). e(1, 2)", "e(2, 2)", "e(3, 3). e(3, 4)", false},
		{"constants", `@materialize p(X, 7) :- e(X, 1). p(X, Y) :- e(Y, X), e(1, 1). `, "p", "e(1, 1). e(2, 1). e(1, 2)", "e(2, 1)", "e(3, 1). e(1, 4)", false},
		{"equations and tests", `@materialize p(Z) :- e(X, Y), Z = X + Y, Z > 3. `, "p", "e(1, 3). e(2, 2). e(1, 1)", "e(2, 2). e(1, 1)", "e(5, 5)", false},
		{"what is built on it", `@materialize q(X) :- e(X, _), not n(X). @materialize p(Y) :- e(_, Y), not q(Y). `, "p", "e(1, 2). e(2, 3). n(2)", "n(2)", "n(1)", false},
		{"nothing, for another predicate", closure, "r", "e(1, 2)", "", "n(3)", false},
		{"a count", `@materialize p(X, N) :- n(X), N = count { e(X, _) }. `, "p", "n(1). n(2). n(3). e(1, 1). e(1, 2). e(2, 1)", "e(1, 1). e(2, 1)", "e(3, 3). e(4, 4)", false},
		{"a sum and a greatest", `@materialize p(X, N) :- n(X), N = sum(Y) { e(X, Y), not n(Y) }. p(X, N) :- n(X), N = max(Y) { e(X, Y) }. `, "p",
			"n(1). n(2). e(1, 1). e(1, 5). e(2, 3)", "e(1, 5). n(2)", "e(1, 2). n(3)", false},
		{"a count of everything", `@materialize p(N) :- N = count { e(_, _) }. `, "p", "e(1, 1). e(2, 2)", "e(1, 1)", "e(3, 3). e(4, 4)", false},
		{"a negated body", `@materialize p(X) :- n(X), not (e(X, Y), n(Y)). `, "p", "n(1). n(2). n(3). e(1, 2). e(2, 4)", "e(1, 2)", "n(4)", false},
		{"a negated body of nothing outside", `@materialize p(X) :- n(X), not (e(Y, _), n(Y)). `, "p", "n(1). n(2). e(1, 2). e(3, 3)", "e(1, 2)", "n(5)", false},
		{"braces that need a value from outside", `@materialize p(X, N) :- n(X), N = count { e(Y, _), X < Y }. `, "p", "n(1). n(2). e(1, 1). e(3, 2)", "e(3, 2)", "e(2, 2)", true},
		{"braces in braces", `@materialize p(X, N) :- n(X), N = count { e(X, Y), not (e(Y, Z), Z > X) }. `, "p", "n(1). n(2). e(1, 1). e(1, 2). e(2, 1)", "e(1, 1)", "e(2, 2)", true},
		{"braces that count in braces", `@materialize p(X, N) :- n(X), N = count { e(X, Y), M = count { e(Y, _) }, M > 1 }. `, "p", "n(1). e(1, 2). e(2, 1)", "", "e(2, 2)", true},
		{"an error in braces", `@materialize p(X, N) :- n(X), N = count { e(X, Y), 6 / Y > 1 }. `, "p", "n(1). e(1, 1)", "", "e(1, 0)", true},
		{"an error that comes", `@materialize p(X, N) :- e(X, Y), N = 6 / Y. `, "p", "e(1, 1). e(2, 2)", "e(1, 1)", "e(3, 0)", true},
		{"an error that goes", `@materialize p(X, N) :- e(X, Y), N = 6 / Y. `, "p", "e(1, 0). e(2, 2)", "e(1, 0)", "", true},
		{"an error that stays", `@materialize p(X, N) :- e(X, Y), N = 6 / Y. `, "p", "e(1, 0). e(2, 2)", "", "e(3, 3)", true},
		{"an error that a row hid", `@materialize p(X) :- n(X). p(X) :- e(X, Y), 6 / Y > 1. `, "p", "n(1). e(1, 0)", "n(1)", "", true},
		{"an error that a row hides", `@materialize p(X) :- n(X). p(X) :- e(X, Y), 6 / Y > 1. `, "p", "n(1). e(1, 0)", "", "n(2). e(3, 2)", false},
		{"an error below", `@materialize q(X) :- n(X), 6 / X > 1. @materialize p(X) :- e(X, _), not q(X). `, "p", "n(1). e(0, 1). e(2, 2)", "", "n(0)", true},
		{"an overflow", `@materialize p(X, N) :- n(X), N = sum(Y) { e(X, Y) }. `, "p", "n(1). n(2). e(1, 9223372036854775807). e(2, 5)", "", "e(1, 1)", true},
		{"an overflow in another's way", `@materialize p(N) :- e(X, Y), N = X + Y, n(Y). `, "p", "n(1). e(1, 1). e(9223372036854775807, 2)", "", "n(2)", true},
		{"a generator", `@materialize p(W) :- e(X, _), each([X, 4], W), n(W). `, "p", "n(1). n(4). e(1, 1). e(2, 2)", "n(4)", "n(2)", false},
		{"entities that stay", ageing + `[rules] @materialize p(U) :- u(U), U has age, U in Group::"g". `, "p", `u("s")`, `u("s")`, `u("t")`, false},
		{"entities that change", ageing + `[rules] @materialize p(U) :- u(U), U in Group::"h". `, "p", `u("s")`, ``, `u("t"). parent(Group::"g", Group::"h")`, true},
		{"what is left to demand", `@demand q(X) :- n(X). @materialize p(X) :- e(X, _), not q(X). `, "p", "e(1, 1). e(2, 2). n(1)", "n(1)", "", true},
		{"what is left to demand, and stays", `@demand q(X) :- n(X). @materialize p(X) :- e(X, _), not q(X). `, "p", "e(1, 1). e(2, 2). n(1)", "e(2, 2)", "e(3, 3)", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, rules, _ := strings.Cut(c.rules, "[rules]")
			if rules == "" {
				head, rules = "", c.rules
			}
			arity := "(_)"
			if regexp.MustCompile(`\b` + c.pred + `\(\w+, `).MatchString(rules) {
				arity = "(_, _)"
			}
			rules = head + "[rules]\ndecl e(long, long). decl n(long). decl zero(long). decl u(User).\n" + rules + "permit(_) :- " + c.pred + arity + ".\n"
			before, deleted := strings.Split(c.facts, ". "), strings.Split(c.delete, ". ")
			e := loadRules(t, rules+factsText(before))
			id := int(e.own.program.ByName.Of(c.pred))
			rel := e.model.DB().Pred(id).Rows
			if rel == nil {
				t.Fatal("it isn't materialised")
			}
			update := fmt.Sprintf(`{"delete":%s,"insert":%s}`, factsJSON(c.delete), factsJSON(c.insert))
			if reply := e.Update(nil, []byte(update), &Host{}); errorCode(reply) != "" {
				t.Fatalf("%s: %s", update, reply)
			}
			left := slices.DeleteFunc(before, func(f string) bool { return slices.Contains(deleted, f) })
			fresh := loadRules(t, rules+factsText(append(left, strings.Split(c.insert, ". ")...)))
			if d := cmp.Diff(state(fresh), state(e)); d != "" {
				t.Error(d)
			}
			if anew := e.model.DB().Pred(id).Rows != rel; anew != c.anew {
				t.Errorf("evaluated anew: %v", anew)
			}
		})
	}
}

func factsText(facts []string) string {
	var b strings.Builder
	for _, f := range facts {
		if f != "" {
			b.WriteString(f + ".\n")
		}
	}
	return b.String()
}
