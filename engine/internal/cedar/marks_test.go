package cedar

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
	publicast "github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// marksOf checks that each mark of a policy stands on what its node is about, and returns what is wrong.
func marksOf(p *Policy, src string) (problems []string) {
	bad := func(m *mark, n ast.IsNode) {
		problems = append(problems, fmt.Sprintf("a %T stands at %q", n, src[m.at.start:m.at.end]))
	}
	for i, c := range p.AST.Conditions {
		walk(c.Body, p.marks.conditions[i].body, func(n ast.IsNode, m *mark) {
			if len(m.kids) != len(children(n)) || m.whole.start > m.at.start || m.whole.end < m.at.end {
				bad(m, n)
				return
			}
			for _, k := range m.kids {
				if k.whole.start < m.whole.start || k.whole.end > m.whole.end {
					bad(k, n)
				}
			}
			if !standsAt(n, src[m.at.start:m.at.end]) {
				bad(m, n)
			}
		})
		if w := src[p.marks.conditions[i].word.start:p.marks.conditions[i].word.end]; (w == "when") != bool(c.Condition) {
			problems = append(problems, "a condition stands at "+w)
		}
	}
	for i, a := range p.AST.Annotations {
		if at := p.marks.annots[i]; !strings.HasPrefix(compact(src[at.start:at.end]), "@"+string(a.Key)) {
			problems = append(problems, "an annotation stands at "+src[at.start:at.end])
		}
	}
	return problems
}

// compact takes blanks and comments out of a path.
func compact(text string) string {
	var b strings.Builder
	for _, t := range scan(&source.Files{}, []byte(text), 0, len(text)) {
		b.WriteString(text[t.start:t.end])
	}
	return b.String()
}

// content is a string literal's content, or an identifier itself.
func content(text string) string {
	if !strings.HasPrefix(text, `"`) {
		return text
	}
	out, _, ok := value.Unescape(nil, []byte(text[1:len(text)-1]))
	if !ok {
		return "bad literal"
	}
	return string(out)
}

func standsAt(n ast.IsNode, text string) bool {
	switch n := n.(type) {
	case ast.NodeValue:
		return literalStandsAt(n.Value, text)
	case ast.NodeTypeVariable:
		return text == string(n.Name)
	case ast.NodeTypeAccess:
		return content(text) == string(n.Value)
	case ast.NodeTypeHas:
		return content(text) == string(n.Value)
	case ast.NodeTypeAnd:
		return text == "&&" || value.IsTypePath(text) // the latter for a has with dots
	case ast.NodeTypeIs:
		return compact(text) == string(n.EntityType)
	case ast.NodeTypeIsIn:
		return compact(text) == string(n.EntityType)
	case ast.NodeTypeExtensionCall:
		return compact(text) == string(n.Name)
	}
	want, ok := map[string]string{
		"Or": "||", "Not": "!", "Negate": "-", "Equals": "==", "NotEquals": "!=", "LessThan": "<", "LessThanOrEqual": "<=",
		"GreaterThan": ">", "GreaterThanOrEqual": ">=", "In": "in", "Add": "+", "Sub": "-", "Mult": "*", "Contains": "contains",
		"ContainsAll": "containsAll", "ContainsAny": "containsAny", "IsEmpty": "isEmpty", "HasTag": "hasTag", "GetTag": "getTag",
		"Like": "like", "IfThenElse": "if",
	}[strings.TrimPrefix(fmt.Sprintf("%T", n), "ast.NodeType")]
	switch n.(type) {
	case ast.NodeTypeSet:
		return strings.HasPrefix(text, "[")
	case ast.NodeTypeRecord:
		return text == "{"
	}
	return ok && text == want
}

func literalStandsAt(v types.Value, text string) bool {
	switch v := v.(type) {
	case types.Boolean:
		return text == strconv.FormatBool(bool(v))
	case types.Long:
		n, err := strconv.ParseInt(compact(text), 10, 64)
		return err == nil && n == int64(v)
	case types.String:
		return strings.HasPrefix(text, `"`) && content(text) == string(v)
	case types.EntityUID:
		typ, ok := strings.CutPrefix(compact(text), string(v.Type)+"::")
		return ok && content(typ) == string(v.ID)
	}
	return false
}

// agree checks that we accept exactly what cedar-go accepts, and that our places are right.
func agree(text string) error {
	files, diags := &source.Files{}, &source.List{}
	ps := Parse(value.NewTable(value.Key{}), files, files.Add("p.cedar", []byte(text)), 0, len(text), diags)
	for _, d := range diags.All() {
		if d.Code == codeDepth {
			return nil // our own bounds
		}
		if d.Message == "" || d.Span.Start > d.Span.End || int(d.Span.End) > len(text) {
			return fmt.Errorf("a bad diagnostic: %+v", d)
		}
	}
	theirs, err := cedar.NewPolicyListFromBytes("", []byte(strings.TrimPrefix(text, "\ufeff")))
	if diags.Failed() != (err != nil) {
		return fmt.Errorf("cedar-go says %v, we say\n%s", err, show(files, diags.All()))
	}
	if err != nil {
		return nil
	}
	if len(ps) != len(theirs) {
		return fmt.Errorf("%d policies, cedar-go has %d", len(ps), len(theirs))
	}
	bom := len(text) - len(strings.TrimPrefix(text, "\ufeff"))
	for i, p := range ps {
		if got, want := int(p.Span.Start)-bom, theirs[i].Position().Offset; got != want {
			return fmt.Errorf("policy %d starts at %d, cedar-go says %d", i, got, want)
		}
		if text[p.Span.End-1] != ';' || p.Forbid != (theirs[i].Effect() == cedar.Forbid) {
			return fmt.Errorf("policy %d ends at %q, forbids: %t", i, text[p.Span.End-1:p.Span.End], p.Forbid)
		}
		if head := text[p.Head.Start:p.Head.End]; head != "permit" && head != "forbid" {
			return fmt.Errorf("policy %d has its head at %q", i, head)
		}
		if string(theirs[i].MarshalCedar()) != string(cedar.NewPolicyFromAST((*publicast.Policy)(p.AST)).MarshalCedar()) {
			return fmt.Errorf("policy %d differs", i)
		}
		for k, c := range theirs[i].AST().Conditions {
			if ours := p.AST.Conditions[k]; ours.Condition != c.Condition || !ast.Equal(ast.NewNode(ours.Body), ast.NewNode(c.Body)) {
				return fmt.Errorf("policy %d: condition %d differs", i, k)
			}
		}
		if problems := marksOf(p, text); problems != nil {
			return fmt.Errorf("policy %d: %s", i, strings.Join(problems, "\n"))
		}
	}
	return nil
}

// Each policy that is well, and each with a token changed, is read as cedar-go reads it.
func TestParse_likeCedar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t}
		text := g.policies(g.n(1, 2))
		if err := agree(text); err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		for range 5 {
			changed := g.change(text)
			if err := agree(changed); err != nil {
				t.Fatalf("%s\n%v", changed, err)
			}
		}
	})
}

// change changes a few tokens.
func (g generator) change(text string) string {
	tokens := scan(&source.Files{}, []byte(text), 0, len(text))
	var list []string
	for _, t := range tokens {
		list = append(list, text[t.start:t.end])
	}
	for range g.n(1, 3) {
		i := g.n(0, len(list)-1)
		switch g.n(0, 3) {
		case 0:
			list[i] = ""
		case 1:
			list[i] += " " + list[i]
		case 2:
			list[i] = g.pick(list...)
		case 3:
			list[i] = g.pick("(", ")", "[", "]", "{", "}", ",", ";", ":", "::", ".", "==", "=", "!", "-", "-1", "has", "in", "is", "like", "if", "then",
				"else", "x", "__cedar", "when", "permit", "principal", "@a", `@a("b")`, `"s"`, `"\*"`, `"\u{41}"`, `"\q"`, `"`, "'", "//c\n", "/*c*/", "/*", "#",
				"1", "9223372036854775808", "\x00", "\xff", "é", "&", "|", "?", "ip", "contains", "isIpv4", "\r", "\ufeff", "true", "*", "+", "<", "\n")
		}
	}
	return strings.Join(list, g.pick(" ", "\n", "", "\t", "/**/"))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "permit(principal, action, resource);", `@id("a") forbid(principal is A::B in C::"d", action in [E::"f",], resource,) unless { !-1 == - 1 };`,
		when(`if principal has a.b."c" then {a: [1, "x"], "b": ip("1")} else context["y"].contains(-9223372036854775808)`),
		"# x\npermit", "\ufeffpermit(principal,action,resource)//\n;/* */", when(`"\x41\u{1_0}" like "\*a*"`), "permit(principal in a::\"\\0\", action, resource) when",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := agree(text); err != nil {
			t.Fatalf("%q\n%v", text, err)
		}
	})
}
