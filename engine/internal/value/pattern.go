package value

import (
	"regexp"
	"regexp/syntax"
	"strconv"
)

// What a pattern and one match may cost. Patterns are matched in time linear in pattern times text, but either may come with a
// request.
const (
	longestPattern = 1000    // bytes
	largestPattern = 2000    // instructions, about
	costliestMatch = 1 << 26 // instructions times bytes of text
)

// pattern is a compiled pattern.
type pattern struct {
	text string
	re   *regexp.Regexp
	size int // in instructions, about
}

// patternCache holds the patterns compiled last; most are constants of rules. What it holds changes no result and no count of work.
type patternCache struct {
	patterns [16]pattern
	next     int
}

// matches reports whether the whole of s matches an RE2 pattern.
func (t *Table) matches(s []byte, text []byte) (Value, *Fault) {
	p, f := t.patterns.get(text)
	if f != nil {
		return None, f
	}
	t.Work += len(text) + p.size + len(s)*p.size/4
	if (len(s)+1)*p.size > costliestMatch {
		return t.raise(CodePattern, func(m *message) {
			m.text("matching ").number(int64(len(s))).text(" bytes against ").quote(text).text(" takes too long")
		})
	}
	return Bool(p.re.Match(s)), nil
}

func (c *patternCache) get(text []byte) (*pattern, *Fault) {
	for i := range c.patterns {
		if p := &c.patterns[i]; p.re != nil && p.text == string(text) {
			return p, nil
		}
	}
	p, why := compile(text)
	if why != "" {
		return nil, &Fault{Code: CodePattern, Message: quoteCut(text) + " is no pattern: " + why}
	}
	at := &c.patterns[c.next]
	c.next = (c.next + 1) % len(c.patterns)
	*at = p
	return at, nil
}

func compile(text []byte) (p pattern, why string) {
	if len(text) > longestPattern {
		return p, "it has more than " + strconv.Itoa(longestPattern) + " bytes"
	}
	tree, err := syntax.Parse(string(text), syntax.Perl)
	if err != nil {
		return p, err.(*syntax.Error).Code.String()
	}
	size := instructions(tree)
	if size > largestPattern {
		return p, "it is too large"
	}
	// The tree is written out, since the text could close the group around it or quote its end.
	re, err := regexp.Compile(`\A(?:` + tree.String() + `)\z`)
	if err != nil {
		return p, "it is too large"
	}
	return pattern{string(text), re, size}, ""
}

// instructions returns about how many instructions a pattern compiles to, counted without compiling it: x{1000} is a thousand x.
func instructions(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/4
	if re.Op == syntax.OpLiteral {
		n = max(1, len(re.Rune))
	}
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	if re.Op == syntax.OpRepeat {
		times := max(re.Min, re.Max, 1)
		n *= times
		if re.Min == re.Max {
			n -= times
		}
	}
	return min(n, largestPattern+1)
}
