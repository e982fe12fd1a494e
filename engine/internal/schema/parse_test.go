package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// parseAll parses fragments and returns the diagnostics as "file:line:column code: message (help)".
func parseAll(fragments ...string) (*Schema, []string) {
	var files source.Files
	var diags source.List
	var spans []source.Span
	for i, text := range fragments {
		id := files.Add(fmt.Sprintf("%c", 'a'+i), []byte(text))
		spans = append(spans, source.Span{File: id, End: uint32(len(text))})
	}
	s := Parse(value.NewTable(value.Key{}), &files, spans, &diags)
	var out []string
	for _, d := range diags.All() {
		p := files.Position(d.Span)
		text := fmt.Sprintf("%s:%d:%d %s: %s", p.File, p.Line, p.Column, d.Code, d.Message)
		if d.Help != "" {
			text += " (" + d.Help + ")"
		}
		for _, r := range d.Related {
			p := files.Position(r.Span)
			text += fmt.Sprintf("; %s:%d:%d %s", p.File, p.Line, p.Column, r.Message)
		}
		out = append(out, text)
	}
	return s, out
}

func TestParse_errors(t *testing.T) {
	for name, c := range map[string]struct {
		fragments []string
		want      []string
	}{
		"colon": {
			[]string{"entity User { age Long };"},
			[]string{`a:1:19 schema.syntax: expected ':', got identifier "Long"`},
		},
		"end": {
			[]string{"entity User {\n  ä"},
			[]string{`a:2:3 schema.syntax: unexpected character 'ä'`},
		},
		"cut off": {
			[]string{"entity User {\n"},
			[]string{`a:2:1 schema.syntax: expected '}' to close record type, got the end of the text`},
		},
		"unknown types": {
			[]string{"entity User in [Groop, Group] { a: Sting, b: Set<Lng>, c: __cedar::ip };\nentity Group tags Usr;\naction view appliesTo { principal: Usre, resource: [Group], context: { x: Bol } };"},
			[]string{
				`a:1:17 schema.unknown_type: no entity type is called "Groop" (did you mean "Group"?)`,
				`a:1:36 schema.unknown_type: no type is called "Sting" (did you mean "String"?)`,
				`a:1:50 schema.unknown_type: no type is called "Lng" (did you mean "Long"?)`,
				`a:1:59 schema.unknown_type: no type is called "__cedar::ip"`,
				`a:2:19 schema.unknown_type: no type is called "Usr" (did you mean "User"?)`,
				`a:3:36 schema.unknown_type: no entity type is called "Usre" (did you mean "User"?)`,
				`a:3:75 schema.unknown_type: no type is called "Bol" (did you mean "Bool"?)`,
			},
		},
		"unknown in a namespace": {
			[]string{"namespace N { entity User { friend: Usr, other: M::User }; }"},
			[]string{
				`a:1:37 schema.unknown_type: no type is called "Usr" (did you mean "User"?)`,
				`a:1:49 schema.unknown_type: no type is called "M::User" (did you mean "N::User"?)`,
			},
		},
		"a common type is no entity type": {
			[]string{"type T = Long; entity E in T;"},
			[]string{`a:1:28 schema.unknown_type: no entity type is called "T" (did you mean "E"?)`},
		},
		"unknown actions": {
			[]string{"action a in [b, Action::\"c\", N::Action::\"a\", Other::\"a\"];\nnamespace N { action b in \"q\"; }"},
			[]string{
				`a:1:14 schema.unknown_action: no action is called "b" (did you mean "a"?)`,
				`a:1:17 schema.unknown_action: no action is called "c" (did you mean "a"?)`,
				`a:1:30 schema.unknown_action: no action is called "a"`,
				`a:1:46 schema.unknown_action: no action is called "a"`,
				`a:2:27 schema.unknown_action: no action is called "q" (did you mean "a"?)`,
			},
		},
		"twice in a fragment": {
			[]string{"entity A;\nentity B, A;\nentity C"},
			[]string{`a:2:11 schema.declared_twice: entity type "A" is declared twice; a:1:8 it is declared here first`},
		},
		"twice across fragments": {
			[]string{"entity A;\ntype T = Long;\nnamespace N { action go; }", "entity A enum [\"x\"];\nnamespace N { action go; }\ntype T = Bool;"},
			[]string{
				`b:1:8 schema.declared_twice: entity type "A" is declared twice; a:1:8 it is declared here first`,
				`b:2:22 schema.declared_twice: action N::Action::"go" is declared twice; a:3:22 it is declared here first`,
				`b:3:6 schema.declared_twice: type "T" is declared twice; a:2:6 it is declared here first`,
			},
		},
		"every fragment's errors": {
			[]string{"entity A", "entity;"},
			[]string{`a:1:9 schema.syntax: expected ';', got the end of the text`, `b:1:7 schema.syntax: expected identifier, got ";"`},
		},
		"shadowing": {
			[]string{"entity A;\ntype T = Long;\naction go;\nnamespace N { type A = Long; entity T; action go; entity B; }"},
			[]string{
				`a:4:20 schema.shadowing: type "N::A" hides entity type "A" (give one of them another name); a:1:8 which is declared here`,
				`a:4:37 schema.shadowing: entity type "N::T" hides type "T" (give one of them another name); a:2:6 which is declared here`,
				`a:4:47 schema.shadowing: action N::Action::"go" hides action Action::"go" (give one of them another name); a:3:8 which is declared here`,
			},
		},
		"cycles": {
			[]string{"type U = A;\ntype A = { b: Set<B> };\ntype B = C;\ntype C = A;\naction x in y;\naction y in x;"},
			[]string{
				`a:2:6 schema.cycle: type "A" refers to itself: A -> B -> C -> A; a:3:6 through type "B"; a:4:6 through type "C"`,
				`a:5:8 schema.cycle: action Action::"x" refers to itself: x -> y -> x; a:6:8 through action Action::"y"`,
			},
		},
		"context that is no record": {
			[]string{"entity A; action go appliesTo { principal: A, resource: A, context: Long };\nnamespace N { type A2 = T; type T = Set<U>; type U = {}; action iz, it appliesTo { principal: A, resource: A, context: A2 }; action ok appliesTo { principal: A, resource: A, context: R}; type R = U; }"},
			[]string{
				`a:1:18 schema.type: the context of action Action::"go" must be a record`,
				`a:2:65 schema.type: the context of action N::Action::"iz" must be a record`,
				`a:2:69 schema.type: the context of action N::Action::"it" must be a record`,
			},
		},
		"an attribute twice": {
			[]string{"entity A { a: Long, b: { c: Long, \"\\u{63}\"?: Bool }, a: Long };"},
			[]string{
				`a:1:35 schema.declared_twice: attribute "c" stands twice in one record; a:1:26 it stands here first`,
				`a:1:54 schema.declared_twice: attribute "a" stands twice in one record; a:1:12 it stands here first`,
			},
		},
		"JSON syntax": {
			[]string{"{\"\": {\"entityTypes\": {},}}", "{\n\"\": {", "{\"\": {\"entityTypes\": {}, \"actions\": {}}} x", "{\"a\": 1, \"a\": 2}"},
			[]string{
				`a:1:25 schema.syntax: invalid character '}' at start of string (expecting '"')`,
				`b:2:6 schema.syntax: the text ends too early`,
				`c:1:42 schema.syntax: text follows the schema's closing brace`,
				`d:1:10 schema.syntax: duplicate object member name`,
			},
		},
		"JSON shape": {
			[]string{`{"1":{"entityTypes":{},"actions":{}},
"N":{"entityTypes":{"a b":{},"E":{"memberOfType":["x"],"shape":{"type":"Long"},"tags":{"type":"Set"}},"F":{"enum":[]},"G":5},
 "actions":{"x":{"memberOf":[{"type":"Action"}, 5],"appliesTo":{"principalTypes":[1],"context":{"typ":"Long"}}},"y":{"memberOf":{}},"z":7},
 "commonTypes":{"Long":{"type":"Long"},"T":{"type":"Record","attributes":{"a":{"type":"Long","required":1},"b":{"type":"Extension","name":"ipadr"},"c":{"type":"Entity"},"d":7,"e":{"type":"Long","name":"x"},"f":{"type":1}}}},
 "annotations":{"a":1}},
"":{"annotations":{"a":"b"}}, "M":[]}`},
			[]string{
				`a:1:2 schema.syntax: "1" can't be the name of a namespace`,
				`a:2:21 schema.syntax: "a b" can't be the name of a type`,
				`a:2:35 schema.syntax: an entity type has no member "memberOfType" (did you mean "memberOfTypes"?)`,
				`a:2:64 schema.syntax: the shape of an entity type must be a Record that is written out`,
				`a:2:87 schema.syntax: "element" is missing`,
				`a:2:115 schema.syntax: an enumerated entity type needs at least one id`,
				`a:2:123 schema.syntax: an entity type must be an object`,
				`a:3:30 schema.syntax: "id" is missing`,
				`a:3:49 schema.syntax: an action group must be an object`,
				`a:3:83 schema.syntax: "principalTypes" must hold strings alone`,
				`a:3:96 schema.syntax: "type" is missing`,
				`a:3:129 schema.syntax: "memberOf" must be an array`,
				`a:3:137 schema.syntax: an action must be an object`,
				`a:4:17 schema.syntax: "Long" is a reserved type name`,
				`a:4:105 schema.syntax: "required" must be true or false`,
				`a:4:152 schema.syntax: "name" is missing`,
				`a:4:174 schema.syntax: a type must be an object`,
				`a:4:195 schema.syntax: the type Long has no member "name"`,
				`a:4:211 schema.syntax: "type" is missing`,
				`a:4:219 schema.syntax: "type" must be a string`,
				`a:5:21 schema.syntax: an annotation must be a string`,
				`a:6:4 schema.syntax: "actions" is missing`,
				`a:6:4 schema.syntax: "entityTypes" is missing`,
				`a:6:4 schema.syntax: the empty namespace can't have annotations`,
				`a:6:35 schema.syntax: a namespace must be an object`,
			},
		},
		"JSON names": {
			[]string{`{"":{"entityTypes":{"E":{"memberOfTypes":["F"],"shape":{"type":"Record","attributes":{"a":{"type":"Foo"},"b":{"type":"EntityOrCommon","name":"Bar"},"c":{"type":"Extension","name":"ipadr"},"d":{"type":"Entity","name":"e"}}}}},"actions":{"x":{"memberOf":[{"id":"y","type":"Action"}]}}}}`},
			[]string{
				`a:1:43 schema.unknown_type: no entity type is called "F" (did you mean "E"?)`,
				`a:1:99 schema.unknown_type: no type is called "Foo"`,
				`a:1:142 schema.unknown_type: no type is called "Bar"`,
				`a:1:180 schema.unknown_type: no extension type is called "ipadr" (did you mean "ipaddr"?)`,
				`a:1:217 schema.unknown_type: no entity type is called "e" (did you mean "E"?)`,
				`a:1:254 schema.unknown_action: no action is called "y" (did you mean "x"?)`,
			},
		},
		"JSON lists": {
			[]string{`{"":{"entityTypes":{"E":{"memberOfTypes":"F"}},"actions":7}}`, `[]`, ``},
			[]string{`a:1:42 schema.syntax: "memberOfTypes" must be an array of strings`, `a:1:58 schema.syntax: "actions" must be an object`, `b:1:1 schema.syntax: expected declaration (entity, action, or type), got "["`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := parseAll(c.fragments...)
			if d := cmp.Diff(c.want, got); d != "" || s != nil {
				t.Errorf("schema %v, errors (-want +got)\n%s", s, d)
			}
		})
	}
}

// nest writes open n times, then inside, then close n times.
func nest(before, open, inside, close string, n int, after string) string {
	return before + strings.Repeat(open, n) + inside + strings.Repeat(close, n) + after
}

func TestParse_depth(t *testing.T) {
	for name, c := range map[string]struct {
		before, open, inside, close, after string
		fits                               int
	}{
		"sets":         {"entity E { a: ", "Set<", "Long", ">", "};", 199},
		"records":      {"entity E ", "{ a: ", "Long", "}", ";", 200},
		"JSON":         {`{"":{"actions":{},"entityTypes":{"E":{"shape":{"type":"Record","attributes":{"a":`, `{"type":"Set","element":`, `{"type":"Long"}`, "}", "}}}}}}", 193},
		"JSON records": {`{"":{"actions":{},"entityTypes":{},"commonTypes":{"E":`, `{"type":"Record","attributes":{"a":`, `{"type":"Long"}`, "}}", "}}}", 98},
		"path":         {"entity E in a", "::a", "", "", ";", 1 << 30},
		"brackets":     {"entity E in ", "[", "", "]", ";", 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			text := func(n int) string { return nest(c.before, c.open, c.inside, c.close, n, c.after) }
			if c.fits < 1000 {
				if _, got := parseAll(text(c.fits)); got != nil {
					t.Errorf("%d: %v", c.fits, got)
				}
			} else if _, got := parseAll(text(199)); strings.Contains(fmt.Sprint(got), "depth") {
				t.Errorf("199: %v", got)
			} else {
				c.fits = 200
			}
			_, deeper := parseAll(text(c.fits + 1))
			_, deepest := parseAll(text(1_000_000))
			if len(deeper) != 1 || !strings.Contains(deeper[0], "schema.depth: ") || !cmp.Equal(deeper, deepest) {
				t.Errorf("one deeper: %v; a million: %v", deeper, deepest)
			}
		})
	}
	for _, half := range []string{"entity E { a: " + strings.Repeat("Set<", 1_000_000), "entity E in " + strings.Repeat("(", 1_000_000), strings.Repeat("{", 1_000_000), `{"a":` + strings.Repeat("[", 1_000_000)} {
		if _, got := parseAll(half); len(got) != 1 || !strings.Contains(got[0], "schema.depth") {
			t.Errorf("%.20s…: %v", half, got)
		}
	}
}

// Brackets in strings and comments are none.
func TestParse_noBrackets(t *testing.T) {
	many := strings.Repeat("{[<", 300)
	s, got := parseAll("// " + many + "\n/* " + many + " */ @doc(\"\\\"" + many + "\") entity E enum [\"" + many + "\"];")
	if s == nil || got != nil {
		t.Errorf("%v", got)
	}
}

// Definitions unfold where they are used, which must not let a short text fill the memory or the stack.
func TestParse_unfolding(t *testing.T) {
	var wide, deep, tall strings.Builder
	for i := range 40 {
		fmt.Fprintf(&wide, "type T%d = { a: T%d, b: T%d };\n", i, i+1, i+1)
	}
	wide.WriteString("type T40 = Long;\nentity E { t: T0 };")
	for i := range 100_000 {
		fmt.Fprintf(&deep, "type T%d = Set<T%d>;\n", i, i+1)
		fmt.Fprintf(&tall, "action a%d in a%d;\n", i, i+1)
	}
	deep.WriteString("type T100000 = Long;")
	tall.WriteString("action a100000;")
	names := "a"
	for i := range 2000 {
		names += fmt.Sprintf(", a%d", i)
	}
	many := "type T = { " + strings.Repeat("a", 1) + ": Long };"
	for i := range 1 << 10 {
		many += fmt.Sprintf("type U%d = T; entity E%d { t: X };", i, i)
	}
	var x strings.Builder
	for i := range 1 << 11 {
		fmt.Fprintf(&x, "a%d: Long,", i)
	}
	many += "type X = {" + x.String() + "};"
	for name, c := range map[string]struct{ text, want string }{
		"wide":   {wide.String(), `schema.size: type "T20" holds more than 1048576 parts when its types are written out`},
		"deep":   {deep.String(), `a:99801:6 schema.depth: type "T99800" stands on top of more than 200 others`},
		"tall":   {tall.String(), `a:99801:8 schema.depth: action Action::"a99800" stands on top of more than 200 others`},
		"shared": {"action " + names + " in [" + names + "];", `schema.size: the schema's declarations have more than 1048576 references together`},
		"many":   {many, `schema.size: the schema's types hold more than 1048576 parts when they are written out`},
	} {
		s, got := parseAll(c.text)
		if s != nil || len(got) != 1 || !strings.Contains(got[0], c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Ids of actions hold what they like.
func TestParse_actionIDs(t *testing.T) {
	s, got := parseAll("action \"N::x\" in [\"\\\"\"]; action \"\\\"\", \"\"; namespace N { action x in \"N::x\"; action \"Action::\\\"x\"; }")
	if s == nil || len(s.Actions()) != 5 {
		t.Errorf("%v", got)
	}
}

func TestParse_empty(t *testing.T) {
	if s, got := parseAll(); s != nil || got != nil {
		t.Errorf("no fragments: %v %v", s, got)
	}
	if s, got := parseAll(""); s == nil || got != nil || len(s.EntityTypes())+len(s.Actions()) != 0 {
		t.Errorf("an empty fragment: %v %v", s, got)
	}
}
