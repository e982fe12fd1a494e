package datalog

import (
	"strings"
	"testing"
	"time"
)

// nested are texts that nest n deep, or chain n operands, by what they nest. deep says whether 200 is the limit, else 1000.
var nested = []struct {
	name string
	deep bool
	text func(n int) string
}{
	{"brackets of bodies", true, func(n int) string { return "p :- " + strings.Repeat("(", n) + "q" + strings.Repeat(")", n) + "." }},
	{"brackets of negations", true, func(n int) string { return "p :- " + strings.Repeat("not (", n) + "q" + strings.Repeat(")", n) + "." }},
	{"brackets of expressions", true, func(n int) string { return "p :- V = " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "." }},
	{"brackets of tests", true, func(n int) string { return "p :- " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + " == 1." }},
	{"sets", true, func(n int) string { return "p(" + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + ")." }},
	{"records", true, func(n int) string { return "p(" + strings.Repeat("{a: ", n-1) + "1" + strings.Repeat("}", n-1) + ")." }},
	{"minus", true, func(n int) string { return "p :- V = " + strings.Repeat("-", n) + "X." }},
	{"bangs", true, func(n int) string { return "p :- V = " + strings.Repeat("!", n) + "X." }},
	{"else if", true, func(n int) string { return "p :- V = " + strings.Repeat("if A then 1 else ", n) + "2." }},
	{"if if", true, func(n int) string {
		return "p :- V = " + strings.Repeat("if ", n) + "A" + strings.Repeat(" then B else C", n) + "."
	}},
	{"members", true, func(n int) string { return "p :- V = X" + strings.Repeat(".a", n) + "." }},
	{"quoted members", true, func(n int) string { return "p :- V = X" + strings.Repeat(`["a"]`, n) + "." }},
	{"methods", true, func(n int) string { return "p :- V = X" + strings.Repeat(".a()", n) + "." }},
	{"arguments of methods", true, func(n int) string {
		return "p :- V = " + strings.Repeat("X.a(", n) + "1" + strings.Repeat(")", n) + "."
	}},
	{"has", true, func(n int) string { return "p :- X has a" + strings.Repeat(".a", n-1) + "." }},
	{"entityId", true, func(n int) string {
		return "p :- V = " + strings.Repeat("entityId(", n) + "1" + strings.Repeat(")", n) + "."
	}},
	{"aggregates", true, func(n int) string {
		return "p :- " + strings.Repeat("N = count { ", n) + "q" + strings.Repeat(" }", n) + "."
	}},
	{"types", true, func(n int) string {
		return "decl p(" + strings.Repeat("Set<", n-1) + "long" + strings.Repeat(">", n-1) + ")."
	}},
	{"parts of predicates", true, func(n int) string { return "p" + strings.Repeat(".p", n-1) + "." }},
	{"parts of paths", true, func(n int) string { return "p(A" + strings.Repeat("::A", n-1) + `::"x").` }},
	{"parts of types", true, func(n int) string { return "p :- X is A" + strings.Repeat("::A", n-1) + "." }},
	{"sums", false, func(n int) string { return "p :- V = 1" + strings.Repeat(" + 1", n-1) + "." }},
	{"products", false, func(n int) string { return "p :- V = 1" + strings.Repeat(" * 1", n-1) + "." }},
	{"and", false, func(n int) string { return "p :- (A" + strings.Repeat(" && A", n-1) + ")." }},
	{"or", false, func(n int) string { return "p :- (A" + strings.Repeat(" || A", n-1) + ")." }},
	{"literals", false, func(n int) string { return "p :- q" + strings.Repeat(", q", n-1) + "." }},
	{"alternatives", false, func(n int) string { return "p :- q" + strings.Repeat("; q", n-1) + "." }},
}

func TestParse_depth(t *testing.T) {
	for _, c := range nested {
		limit, code := maxChain, "chain"
		if c.deep {
			limit, code = maxDepth, "depth"
		}
		if got, errs := parsed(c.text(limit)); len(got) != 1 || errs != nil {
			t.Errorf("%s: %d gives %q", c.name, limit, errs)
		} else if again, errs := parsed(got[0].String()); !same(got, again) {
			t.Errorf("%s: %d reads back differently, %q", c.name, limit, errs)
		}
		if got, errs := parsed(c.text(limit + 1)); got != nil || len(errs) != 1 || !strings.Contains(errs[0], " "+code+": ") {
			t.Errorf("%s: %d gives %q", c.name, limit+1, errs)
		}
	}
}

// TestParse_linear gives the parser a million of everything. What is cut off, or wrong at its end, must not be read again and again.
func TestParse_linear(t *testing.T) {
	const n = 1_000_000
	texts := map[string]string{}
	for _, c := range nested {
		texts[c.name] = c.text(n)
		texts[c.name+", half"] = c.text(n / 10)[:n/10]
	}
	for _, s := range []string{"(", ")", "[", "{", "!", "-", ".", "::", "if ", "not ", "@", "@id", "'", "$", "\"", "\\", "\"\\", "/*", "p\n", "p(\n", "p :- ", "a.b(", "X.", "[\"a\"]", "1 ", "{a: ", "(p(", "permit(", "\n@id(\"a\")", "1.", "|", "é"} {
		texts[s] = strings.Repeat(s, n/10)
	}
	texts["keys"] = "p({" + strings.Repeat("a: 1, ", n/10)
	texts["annotations"] = strings.Repeat("@id(\"a\") ", n/10) + "p."
	for name, text := range texts {
		start := time.Now()
		if parsed(text); time.Since(start) > 10*time.Second {
			t.Errorf("%s: took %v", name, time.Since(start))
		}
	}
}
