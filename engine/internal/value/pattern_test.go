package value

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatches(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		text, pattern string
		want          any
	}{
		{"abc", "abc", true}, {"abcd", "abc", false}, {"xabc", "abc", false}, {"abc", "a|abc", true}, {"", "", true}, {"a", "", false}, {"a\n", "a", false}, {"a\nb", "a.b", false}, {"a\nb", "(?s)a.b", true},
		{"ABC", "(?i)abc", true}, {"b", "a|b", true}, {"ab", "a|b", false}, {"a.b", `\Qa.b`, true}, {"axb", `\Qa.b`, false}, {"a", "^a$", true}, {"日本", "..", true}, {"日本", `\p{Han}+`, true},
		{"a\nb", "(?m)a$\n^b", true}, {"aab", "(?U)a+b", true}, {"a)", `a\)`, true}, {"ab", "(?:a)(b)", true}, {"x", "(?P<n>x)", true},
		{"a", "(", CodePattern}, {"a", "a)|(b", CodePattern}, {"a", `a\`, CodePattern}, {"a", "a**", CodePattern}, {"a", `(a)\1`, CodePattern}, {"a", "(?=a)", CodePattern}, {"a", "[", CodePattern}, {"a", "a{1001}", CodePattern}, {"a", "a\xff", CodePattern},
		{"a", strings.Repeat("a", longestPattern+1), CodePattern}, {"a", "(a{100}){10}", false}, {"a", strings.Repeat("(a{1000}){1}", 3), CodePattern}, {"a", strings.Repeat("(", 400) + "a" + strings.Repeat(")", 400), true},
		{strings.Repeat("a", 1<<20), "(a{0,400}){0,2}", CodePattern}, {strings.Repeat("a", 1<<20), "a*", true},
	} {
		tab.check(t, OpMatches, c.want, c.text, c.pattern)
	}
	tab.check(t, OpMatches, CodeKind, "a", 1)
}

// genPattern nests what patterns are made of.
func genPattern(depth int) *rapid.Generator[string] {
	leaf := rapid.SampledFrom([]string{"a", "b", ".", "[ab]", "[^a]", "^", "$", `\b`, "", `\Qa`, `\E`, "(?i)B", "(?m)^"})
	if depth == 0 {
		return leaf
	}
	sub := genPattern(depth - 1)
	return rapid.OneOf(leaf, rapid.Custom(func(t *rapid.T) string {
		a, b := sub.Draw(t, "a"), sub.Draw(t, "b")
		return rapid.SampledFrom([]string{a + b, a + "|" + b, "(" + a + ")*", "(?:" + a + ")+?", "(?U:" + a + "){0,2}" + b, "(?s:" + a + ")?"}).Draw(t, "shape")
	}))
}

// A match of the whole text is a leftmost-longest match that is as long as the text.
func TestMatches_isTheWholeText(t *testing.T) {
	tab := NewTable(Key{})
	rapid.Check(t, func(t *rapid.T) {
		pattern := genPattern(3).Draw(t, "pattern")
		s := rapid.StringMatching(`[abAB\n]{0,4}`).Draw(t, "text")
		got, f := tab.Apply(OpMatches, []Value{tab.String(s), tab.String(pattern)})
		re, err := regexp.Compile(pattern)
		if (err == nil) != (f == nil) {
			t.Fatalf("%q: %v, Go %v", pattern, f, err)
		}
		if f != nil {
			return
		}
		re.Longest()
		loc := re.FindStringIndex(s)
		if want := loc != nil && loc[0] == 0 && loc[1] == len(s); got != Bool(want) {
			t.Fatalf("%q matches %q: %v", s, pattern, got == True)
		}
	})
}

// What the cache holds must not show in the count of work: replies depend on it.
func TestMatches_workIsIndependentOfTheCache(t *testing.T) {
	tab := NewTable(Key{})
	work := func(pattern string) int {
		before := tab.Work
		tab.check(t, OpMatches, false, "text", pattern)
		return tab.Work - before
	}
	first := work("a+")
	for i := range 40 {
		work(strings.Repeat("b", i))
	}
	if again, cached := work("a+"), work("a+"); first != again || first != cached || first == 0 {
		t.Errorf("a match counts as %d, then %d, then %d", first, again, cached)
	}
	if large := work("(a{9}){9}"); large < 80 {
		t.Errorf("a pattern of 80 instructions counts as %d", large)
	}
}

func TestInstructions_boundTheProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`((a|b|\.|[xy]|\(ab\|c\)|\\pL)(\{\d\}|\{\d,\d\d\}|\{\d,\}|\*|)){1,6}`).Draw(t, "pattern")
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			return
		}
		size := instructions(tree)
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(prog.Inst); n > 2*size+10 {
			t.Fatalf("%q is taken for %d instructions and has %d", pattern, size, n)
		}
	})
}
