package cedar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
)

// when is a policy with an expression as its only condition; the expression starts at column 40.
func when(expr string) string { return "permit(principal, action, resource) when { " + expr + " };" }

// show writes diagnostics as line:column code "text at the span": message (help).
func show(files *source.Files, diags []source.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		p := files.Position(d.Span)
		text := files.File(d.Span.File).Text[d.Span.Start:d.Span.End]
		fmt.Fprintf(&b, "%d:%d %s %q: %s", p.Line, p.Column, d.Code, text, d.Message)
		if d.Help != "" {
			fmt.Fprintf(&b, " (%s)", d.Help)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestParse_errors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"permit(principal, action, resource)", `
1:36 cedar.syntax "": the text ends where ";" is expected (a policy ends with a semicolon)
`},
		{"permit(principal, action, resource", `
1:35 cedar.syntax "": the text ends where ")" is expected (conditions stand after the parentheses, in when { … })
`},
		{"permit(principal, action);", `
1:25 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"permit(principal, resource, action);", `
1:19 cedar.syntax "resource": found "resource" where "action" is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"permit(principl, action, resource);", `
1:8 cedar.syntax "principl": found "principl" where "principal" is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"prmit(principal, action, resource);", `
1:1 cedar.syntax "prmit": found "prmit" where "permit" or "forbid" is expected (did you mean permit?)
`},
		{"permit(principal is, action, resource);", `
1:20 cedar.syntax ",": found "," where an entity type is expected
`},
		{"permit(principal = User::\"a\", action, resource);", `
1:18 cedar.syntax "=": unexpected "=" (equality is written ==)
`},
		{"permit(principal == \"a\", action, resource);", `
1:21 cedar.syntax "\"a\"": found "a" where an entity is expected (an entity is written Type::"id")
`},
		{"permit(principal == ?principal, action, resource);", `
1:21 cedar.syntax "?": unexpected "?" (policy templates are not supported; write one policy for each entity)
`},
		{"permit(principal in [User::\"a\"], action, resource);", `
1:21 cedar.syntax "[": found "[" where an entity is expected (an entity is written Type::"id")
`},
		{"permit(principal, action is Action, resource);", `
1:26 cedar.syntax "is": found "is" where "," is expected (an action is constrained by == or in)
`},
		{"permit(principal, action in [Action::\"a\" Action::\"b\"], resource);", `
1:42 cedar.syntax "Action": found "Action" where "," or "]" is expected
`},
		{"permit(principal, action == Action::, resource);", `
1:37 cedar.syntax ",": found "," where an entity is expected (an entity is written Type::"id")
`},
		{"permit(principal, action == Action::1, resource);", `
1:37 cedar.syntax "1": found "1" where an entity is expected (an entity is written Type::"id")
`},
		{"permit(principal, action, resource when true);", `
1:36 cedar.syntax "when": found "when" where ")" is expected (conditions stand after the parentheses, in when { … })
`},
		{"permit(principal, action, resource) wen { true };", `
1:37 cedar.syntax "wen": found "wen" where ";" is expected (did you mean when?)
`},
		{"permit(principal, action, resource) if { true };", `
1:37 cedar.syntax "if": found "if" where ";" is expected (a policy ends with a semicolon)
`},
		{"permit(principal, action, resource) when true;", `
1:42 cedar.syntax "true": found "true" where "{" is expected (a condition stands in braces)
`},
		{"permit(principal, action, resource) when { true;", `
1:48 cedar.syntax ";": found ";" where "}" is expected
`},
		{"permit(principal, action, resource) when { };", `
1:44 cedar.syntax "}": found "}" where an expression is expected
`},
		{"@ permit(principal, action, resource);", `
1:10 cedar.syntax "principal": found "principal" where a string is expected (strings stand in double quotes)
`},
		{"@id(name) permit(principal, action, resource);", `
1:5 cedar.syntax "name": found "name" where a string is expected (strings stand in double quotes)
`},
		{"@id(\"a\") @id(\"b\") permit(principal, action, resource);", `
1:11 cedar.syntax "id": the annotation "@id" is given twice
`},
		{"@id(\"a\" permit(principal, action, resource);", `
1:9 cedar.syntax "permit": found "permit" where ")" is expected
`},
		{"@id(\"a\\q\") permit(principal, action, resource);", `
1:7 cedar.syntax "\\q": unknown escape "\q" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{"@id(\"a\\*\") permit(principal, action, resource);", `
1:7 cedar.syntax "\\*": the escape "\*" stands outside of a pattern (write * itself)
`},
		{"@id permit(principal, action, resource);", `
1:1 cedar.empty_id "@id": @id names nothing, so the policy goes by its number (write @id("name"))
`},
		{"@id(\"a) permit(principal, action, resource);\npermit(principal, action, resource);", `
1:5 cedar.syntax "\"a) permit(principal, action, resource);": the string that starts here doesn't end on its line (close it with ")
`},
		{"# comment\n# and more\npermit(principal, action, resource);\n#end", `
1:1 cedar.syntax "# comment": a comment starts with "//" in policies, not with "#" (write // instead of #)
4:1 cedar.syntax "#end": a comment starts with "//" in policies, not with "#" (write // instead of #)
`},
		{"permit(principal, action, resource) # no\nwhen { true };\npermit(principal);", `
1:37 cedar.syntax "# no": a comment starts with "//" in policies, not with "#" (write // instead of #)
3:17 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"/* open\npermit(principal, action, resource);", `
1:1 cedar.syntax "/*": the comment that starts here doesn't end (close it with */)
`},
		{"permit(principal, action, resource); // a\x00b", `
1:42 cedar.syntax "\x00": the text contains a NUL character
`},
		{"permit(principal, action, resource); /* \xff */ permit(principal, action, resource)", `
1:41 cedar.syntax "\xff": the text is not valid UTF-8 here
`},
		{"permit(principal, action, resource) when { \"a\xff\" == \"\" };", `
1:46 cedar.syntax "\xff": the text is not valid UTF-8 here
`},
		{"permit(principal, action, resource) é;", `
1:37 cedar.syntax "é": unexpected "é"
`},
		{"\xef\xbb\xbfpermit(principal, action);", `
1:25 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"\r\n\r\n  permit(principal, action);", `
3:27 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"permit(principal, action);\nforbid(principal, action, resource);\npermit(action);\npermit(resource)", `
1:25 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
3:8 cedar.syntax "action": found "action" where "principal" is expected (the scope is (principal, action, resource), each with its constraint)
4:8 cedar.syntax "resource": found "resource" where "principal" is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"permit(principal, action, resource)\npermit(principal, action, resource);\n@id(\"x\") forbid(principal,action);", `
2:1 cedar.syntax "permit": found "permit" where ";" is expected (a policy ends with a semicolon)
3:33 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"permit(principal, action, resource) when { a b }\n@id(\"y\")\npermit(principal, action, resource);", `
1:44 cedar.syntax "a": found "a" where an expression is expected (strings stand in double quotes; attributes follow a dot, as in principal.a)
`},
		{"@id(x) permit(principal, action, resource)\npermit(principal);", `
1:5 cedar.syntax "x": found "x" where a string is expected (strings stand in double quotes)
2:17 cedar.syntax ")": found ")" where "," is expected (the scope is (principal, action, resource), each with its constraint)
`},
		{"}", `
1:1 cedar.syntax "}": found "}" where "permit" or "forbid" is expected
`},
		{";", `
1:1 cedar.syntax ";": found ";" where "permit" or "forbid" is expected
`},
		{when("1 == 2 == 3"), `
1:51 cedar.syntax "==": found "==" behind the comparison with "==" (comparisons don't chain; join them with && or use parentheses)
`},
		{when("1 < 2 has x"), `
1:50 cedar.syntax "has": found "has" behind the comparison with "<" (comparisons don't chain; join them with && or use parentheses)
`},
		{when("principal has 1"), `
1:58 cedar.syntax "1": found "1" where the name of an attribute is expected (a name that is no identifier stands in double quotes)
`},
		{when("principal has a."), `
1:61 cedar.syntax "}": found "}" where the name of an attribute is expected
`},
		{when("principal has if"), `
1:58 cedar.syntax "if": found "if" where the name of an attribute is expected (a name that is no identifier stands in double quotes)
`},
		{when("principal.name like principal"), `
1:64 cedar.syntax "principal": found "principal" where a pattern in double quotes is expected
`},
		{when("principal is \"User\""), `
1:57 cedar.syntax "\"User\"": found "User" where an entity type is expected
`},
		{when("principal is User in"), `
1:65 cedar.syntax "}": found "}" where an expression is expected
`},
		{when("principal.if"), `
1:54 cedar.syntax "if": found "if" where the name of an attribute or method is expected (a reserved word as attribute is written ["name"])
`},
		{when("principal.\"a\""), `
1:54 cedar.syntax "\"a\"": found "a" where the name of an attribute or method is expected (a reserved word as attribute is written ["name"])
`},
		{when("principal[1]"), `
1:54 cedar.syntax "1": found "1" where a string is expected (strings stand in double quotes)
`},
		{when("principal[\"a\""), `
1:58 cedar.syntax "}": found "}" where "]" is expected
`},
		{when("principal.contans(1)"), `
1:54 cedar.syntax "contans": there is no method "contans" (did you mean contains?)
`},
		{when("principal.contains(1, 2)"), `
1:54 cedar.syntax "contains": the method "contains" takes 1 argument, not 2
`},
		{when("principal.isEmpty(1)"), `
1:54 cedar.syntax "isEmpty": the method "isEmpty" takes no arguments, not 1
`},
		{when("principal.ip()"), `
1:54 cedar.syntax "ip": "ip" is a function, not a method (write ip(…))
`},
		{when("isIpv4(principal)"), `
1:44 cedar.syntax "isIpv4": "isIpv4" is a method, not a function (write it behind a dot, as in context.x.isIpv4(…))
`},
		{when("ipp(\"1.1.1.1\")"), `
1:44 cedar.syntax "ipp": there is no function "ipp" (did you mean ip?)
`},
		{when("Foo::bar(1)"), `
1:44 cedar.syntax "Foo::bar": there is no function "Foo::bar"
`},
		{when("Foo::bar"), `
1:53 cedar.syntax "}": found "}" where "::" or "(" is expected (an entity is written Type::"id")
`},
		{when("Foo::1"), `
1:49 cedar.syntax "1": found "1" where a name or a string after "::" is expected
`},
		{when("foo"), `
1:44 cedar.syntax "foo": found "foo" where an expression is expected (strings stand in double quotes; attributes follow a dot, as in principal.foo)
`},
		{when("pricipal"), `
1:44 cedar.syntax "pricipal": found "pricipal" where an expression is expected (did you mean principal?)
`},
		{when("permit"), `
1:44 cedar.syntax "permit": found "permit" where an expression is expected (strings stand in double quotes; attributes follow a dot, as in principal.permit)
`},
		{when("in"), `
1:44 cedar.syntax "in": found "in" where an expression is expected
`},
		{when("(1"), `
1:47 cedar.syntax "}": found "}" where ")" is expected
`},
		{when("[1, 2"), `
1:50 cedar.syntax "}": found "}" where "," or "]" is expected
`},
		{when("[1 2]"), `
1:47 cedar.syntax "2": found "2" where "," or "]" is expected
`},
		{when("{a: 1, a: 2}"), `
1:51 cedar.syntax "a": the key "a" is given twice
`},
		{when("{a: 1, \"\\x61\": 2}"), `
1:51 cedar.syntax "\"\\x61\"": the key "\x61" is given twice
`},
		{when("{1: 1}"), `
1:45 cedar.syntax "1": found "1" where a key is expected (a reserved word as key stands in double quotes)
`},
		{when("{a 1}"), `
1:47 cedar.syntax "1": found "1" where ":" is expected
`},
		{when("{a: 1 b: 2}"), `
1:50 cedar.syntax "b": found "b" where "," or "}" is expected
`},
		{when("{if: 1}"), `
1:45 cedar.syntax "if": found "if" where a key is expected (a reserved word as key stands in double quotes)
`},
		{when("if true then 1"), `
1:59 cedar.syntax "}": found "}" where "else" is expected (in Cedar an if has an else)
`},
		{when("if true 1"), `
1:52 cedar.syntax "1": found "1" where "then" is expected
`},
		{when("9223372036854775808 == 1"), `
1:44 cedar.syntax "9223372036854775808": the number "9223372036854775808" doesn't fit into a long (longs go from -9223372036854775808 to 9223372036854775807)
`},
		{when("-9223372036854775809 == 1"), `
1:45 cedar.syntax "9223372036854775809": the number "9223372036854775809" doesn't fit into a long (longs go from -9223372036854775808 to 9223372036854775807)
`},
		{when("1 & 2"), `
1:46 cedar.syntax "&": unexpected "&" (and is written &&)
`},
		{when("1 | 2"), `
1:46 cedar.syntax "|": unexpected "|" (or is written ||)
`},
		{when("1 = 2"), `
1:46 cedar.syntax "=": unexpected "=" (equality is written ==)
`},
		{when("1 / 2"), `
1:46 cedar.syntax "/": unexpected "/" (Cedar has no division; the rules section has)
`},
		{when("1 % 2"), `
1:46 cedar.syntax "%": unexpected "%" (Cedar has no division; the rules section has)
`},
		{when("'a' == \"a\""), `
1:44 cedar.syntax "'": unexpected "'" (strings stand in double quotes)
`},
		{when("\"\\u{110000}\" == \"\""), `
1:45 cedar.syntax "\\u{110000}": unknown escape "\u{110000}" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\u{_1}\" == \"\""), `
1:45 cedar.syntax "\\u{": unknown escape "\u{" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\u{1234567}\" == \"\""), `
1:45 cedar.syntax "\\u{1234567}": unknown escape "\u{1234567}" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\x80\" == \"\""), `
1:45 cedar.syntax "\\x80": unknown escape "\x80" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\x8\" == \"\""), `
1:45 cedar.syntax "\\x8": unknown escape "\x8" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\u1\" == \"\""), `
1:45 cedar.syntax "\\u": unknown escape "\u" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"\\é\" == \"\""), `
1:45 cedar.syntax "\\é": unknown escape "\é" in a string (escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like)
`},
		{when("\"a\\*\" == \"\""), `
1:46 cedar.syntax "\\*": the escape "\*" stands outside of a pattern (write * itself)
`},
		{when("\"a\\"), `
1:44 cedar.syntax "\"a\\ };": the string that starts here doesn't end on its line (close it with ")
`},
		{when("\"a\nb\" == \"\""), `
1:44 cedar.syntax "\"a": the string that starts here doesn't end on its line (close it with ")
`},
		{when("\"\\x7F\\u{1F600}\" == 'x'"), `
1:63 cedar.syntax "'": unexpected "'" (strings stand in double quotes)
`},
		{when(strings.Repeat("é", 30)), `
1:44 cedar.syntax "é": unexpected "é"
`},
		{when("principal." + strings.Repeat("b", 60) + "()"), `
1:54 cedar.syntax "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": there is no method "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…"
`},
		{"permit(principal == A::\"\\", `
1:24 cedar.syntax "\"\\": the string that starts here doesn't end on its line (close it with ")
`},
		{"permit(principal == A::\"\\\n\", action, resource);", `
1:24 cedar.syntax "\"\\": the string that starts here doesn't end on its line (close it with ")
`},
		{when("1 +"), `
1:48 cedar.syntax "}": found "}" where an expression is expected
`},
		{when("!"), `
1:46 cedar.syntax "}": found "}" where an expression is expected
`},
	}
	for _, tt := range tests {
		_, files, diags := parse(tt.text)
		if diff := cmp.Diff(strings.TrimLeft(tt.want, "\n"), show(files, diags)); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", tt.text, diff)
		}
	}
}
