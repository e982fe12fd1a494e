package cedar

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/source"
)

// nested are texts that nest, or go on, n times.
var nested = []struct {
	name string
	most int
	text func(n int) string
}{
	{"brackets", 200, around("(", "true", ")")},
	{"sets", 200, around("[", "", "]")},
	{"records", 200, around("{a: ", "1", "}")},
	{"arguments", 100, func(n int) string { return when(strings.Repeat("[1].contains(", n) + "1" + strings.Repeat(")", n)) }},
	{"calls", 200, around("ip(", `"::1"`, ")")},
	{"else if", 200, func(n int) string { return when(strings.Repeat("if true then 1 else ", n) + "1") }},
	{"then if", 200, around("if true then ", "1", " else 2")},
	{"if if", 200, around("if ", "true", " then true else true")},
	{"not", 200, around("!", "true", "")},
	{"minus", 200, around("-", "context", "")},
	{"members", 200, around("", "context", ".a")},
	{"quoted members", 200, around("", "context", `["a"]`)},
	{"methods", 200, around("", "context", ".isEmpty()")},
	{"has", 200, func(n int) string { return when("context has a" + strings.Repeat(".a", n-1)) }},
	{"mixed", 50, around("[-(!", "true", ")]")},
	{"and", 1000, chain(" && ", "true")},
	{"or", 1000, chain(" || ", "true")},
	{"plus and minus", 1000, func(n int) string { return when(strings.Repeat("1 - 1 + ", n)[:4*n-3]) }},
	{"times", 1000, chain(" * ", "1")},
	{"right-leaning and", 200, around("true && (", "true", ")")},
	{"entity", 200, func(n int) string { return when("context == " + strings.Repeat("A::", n) + `"a"`) }},
	{"scope entity", 200, func(n int) string {
		return "permit(principal == " + strings.Repeat("A::", n) + `"a", action, resource);`
	}},
	{"type", 200, func(n int) string {
		return "permit(principal is A" + strings.Repeat("::A", n-1) + ", action, resource);"
	}},
	{"conditions", 1000, func(n int) string {
		return "permit(principal, action, resource)" + strings.Repeat(" when { true }", n) + ";"
	}},
	{"annotations", 1000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "@a%d ", i)
		}
		return b.String() + "permit(principal, action, resource);"
	}},
}

func around(open, inside, close string) func(int) string {
	return func(n int) string { return when(strings.Repeat(open, n) + inside + strings.Repeat(close, n)) }
}

func chain(op, operand string) func(int) string {
	return func(n int) string { return when(strings.TrimSuffix(strings.Repeat(operand+op, n), op)) }
}

// What is as deep as allowed is read as by cedar-go and compiles; what is one deeper, or a million deep, is refused with the
// same words.
func TestParse_depth(t *testing.T) {
	for _, tt := range nested {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text(tt.most)
			if err := agree(text); err != nil {
				t.Fatal(err)
			}
			if ps, _, diags := parse(text); len(ps) != 1 || len(diags) != 0 {
				t.Fatalf("%d policies, %d diagnostics, the first: %s", len(ps), len(diags), append(diags, source.Diagnostic{})[0].Message)
			}
			deep := 10_000
			if slices.Contains([]string{"brackets", "else if", "not", "members", "and", "plus and minus"}, tt.name) {
				deep = 1_000_000
			}
			if one, many := refusal(t, tt.text(tt.most+1)), refusal(t, tt.text(deep)); one != many {
				t.Errorf("one too deep: %q\n%d deep: %q", one, deep, many)
			}
		})
	}
}

// refusal is the one error that a text gives, its place left out.
func refusal(t *testing.T, text string) string {
	t.Helper()
	ps, _, diags := parse(text)
	if len(diags) != 1 || diags[0].Code != codeDepth || len(ps) != 0 {
		t.Fatalf("%d policies, %d diagnostics, the first: %+v", len(ps), len(diags), append(diags, source.Diagnostic{})[0])
	}
	return diags[0].Message + " (" + diags[0].Help + ")"
}

// Chains in chains make trees that are higher than any of them; has with dots repeats what is before each dot.
func TestParse_height(t *testing.T) {
	for name, text := range map[string]string{
		"chains in chains": when("(" + strings.Repeat("(", 2) + strings.Repeat("1 + ", 999) + "1)" + strings.Repeat(" * 1", 999) + ") == 1" + strings.Repeat(" && true", 999)),
		"has in has":       when(strings.Repeat("(", 20) + "context" + strings.Repeat(" has a.b)", 20)),
	} {
		if got := refusal(t, text); got == "" {
			t.Errorf("%s: no message", name)
		}
	}
}
