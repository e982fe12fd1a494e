package cedar

import (
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/source"
)

// typedChain makes chains of operands that use and give guards, some of them wrong, nested as it happens.
func (g generator) typedChain(depth int) string {
	if depth == 0 || g.chance(30) {
		return g.pick("principal has email", `principal.email == "a"`, "context has mfa", "context.mfa", "true", "false", "principal.age == 1",
			`principal.hasTag("t")`, `principal.getTag("t") == "x"`, "principal.x == 1", "principal.age", `principal == User::"a"`, `resource == Usr::"a"`,
			"principal.age + 1 - 2 - (3 - principal.age) == 1", "1 + 2 * 3 * principal.name == 1", `(if principal has email then principal.email == "" else false)`)
	}
	var list []string
	for range g.n(2, 6) {
		list = append(list, g.typedChain(depth-1))
	}
	return "(" + strings.Join(list, g.pick(" && ", " || ")) + ")"
}

// A balanced condition is well exactly where the original is, and its marks stand where they should.
func TestBalanced_sameVerdict(t *testing.T) {
	schema := resolve(t, testSchema)
	var well, unwell int
	rapid.Check(t, func(t *rapid.T) {
		text := reads(generator{t}.typedChain(3))
		ps, _, _ := parse(text)
		p := ps[0]
		form := *p.AST
		body, m := balanced(form.Conditions[0].Body, p.marks.conditions[0].body)
		form.Conditions = []ast.ConditionType{{Condition: ast.ConditionWhen, Body: body}}
		for _, mode := range []validate.Option{validate.WithStrict(), validate.WithPermissive()} {
			v := validate.New(schema, mode)
			want, got := v.Policy("", p.AST), v.Policy("", &form)
			if (want == nil) != (got == nil) {
				t.Fatalf("%s\nas written: %v\nbalanced: %v", text, want, got)
			}
			if want == nil {
				well++
			} else {
				unwell++
			}
		}
		walk(body, m, func(n ast.IsNode, m *mark) {
			if len(m.kids) != len(children(n)) || !standsAt(n, text[m.at.start:m.at.end]) {
				t.Fatalf("%s\na %T stands at %q", text, n, text[m.at.start:m.at.end])
			}
			if joiner(n) != joinNone && (m.at.start < m.kids[0].whole.end || m.at.end > m.kids[1].whole.start) {
				t.Fatalf("%s\na %T doesn't stand between its operands", text, n)
			}
		})
	})
	if well == 0 || unwell == 0 {
		t.Errorf("%d are well and %d aren't: that is no test", well, unwell)
	}
}

// Nodes keep all but their operands.
func TestWithChildren_same(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := generator{t}.policy()
		ps, _, _ := parse(text)
		for i, c := range ps[0].AST.Conditions {
			walk(c.Body, ps[0].marks.conditions[i].body, func(n ast.IsNode, _ *mark) {
				if kids := children(n); len(kids) > 0 && !ast.Equal(ast.NewNode(n), ast.NewNode(withChildren(n, kids))) {
					t.Fatalf("%s\na %T isn't what it was", text, n)
				}
			})
		}
	})
}

// A chain is low once it is balanced, however it was nested; what stays high isn't validated.
func TestValidate_high(t *testing.T) {
	schema := resolve(t, testSchema)
	r := strings.Repeat
	tests := []struct {
		name, expr string
		low        bool
	}{
		{"left-leaning", "principal.age == 1" + r(" && principal.age == 1", 999), true},
		{"right-leaning", r("principal.age == 1 || (", 199) + "principal.age == 1" + r(")", 199), true},
		{"sum", "1 == 1" + r(" - principal.age + 1", 499), true},
		{"product", "1 == 1" + r(" * principal.age", 999), true},
		{"120 else if", r("if principal.age == 1 then true else ", 120) + "true", true},
		{"130 else if", r("if principal.age == 1 then true else ", 130) + "true", false},
		{"160 not", r("!", 160) + "(principal.age == 1)", true},
		{"170 not", r("!", 170) + "(principal.age == 1)", false},
		{"and in or", r("principal.age == 1 || principal.age == 1 && (", 100) + "principal.age == 1" + r(")", 100), false},
	}
	for _, tt := range tests {
		var diags source.List
		validatePolicies(parseAll(t, reads(tt.expr)), schema, Validation{}, &diags)
		list := diags.All()
		if low := len(list) == 0; low != tt.low || !low && (len(list) != 1 || list[0].Code != codeDepth) {
			t.Errorf("%s: %+v", tt.name, list)
		}
	}
}
