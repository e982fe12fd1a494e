package analysis

import (
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

const schemaText = `version = "rune/1.0"
[defaults]
validation = "VALIDATION"
[schema]
entity User in [Group] { age: Long, nick?: String, home: { zip?: String } } tags String;
entity Group;
entity Doc { owner: User };
action read appliesTo { principal: User, resource: Doc, context: { mfa?: Bool } };
action write appliesTo { principal: [User, Group], resource: Doc, context: { risk: Long } };
[rules]
`

func TestSchemaReads(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{`forbid(P, "read", _) :- P.nick == "a".`, []string{"11:25 datalog.unguarded"}},
		{`forbid(P, "read", _) :- P.home.zip == "a".`, []string{"11:25 datalog.unguarded"}},
		{`forbid(P, "write", _) :- P.age == 1.`, []string{"11:26 datalog.unguarded"}},
		{`forbid(P) :- P.age == 1.`, []string{"11:14 datalog.unguarded"}},
		{`forbid :- context.risk > 1.`, []string{"11:11 datalog.unguarded"}},
		{`forbid(_, "write") :- context.risk > 1.`, nil},
		{`forbid(_, "nothing") :- context.risk > 1.`, []string{"11:25 datalog.unguarded"}},
		{`attribute(X, "age", 1) :- X is Group. forbid(P, "read", _) :- P.age == 1.`, []string{"11:63 datalog.unguarded"}},
		{`attribute(X, N, 1) :- X is Group, N = "age". forbid(P, "read", _) :- P.age == 1.`, []string{"11:70 datalog.unguarded"}},
		{`decl u(User). u(P) :- principal(P). forbid(P) :- u(P), P.age == 1.`, []string{"11:56 datalog.unguarded"}},
		{`decl u(User). u(P) :- principal(P), P is User. forbid(P) :- u(P), P.age == 1.`, nil},
		{`forbid(P, "read", _) :- P.age == "a".`, []string{"11:25 datalog.type a long and a string"}},
		{`permit(P) :- P is User, P.getTag("a") == 1.`, []string{"11:25 datalog.type a string and a long"}},
		{`permit(P) :- P is Usr. permit(P) :- P == Usr::"a". decl p(Usr). permit(P) :- P == Action::"a".`,
			[]string{`11:19 datalog.unknown_type the schema has no entity type "Usr"`, "11:42 datalog.unknown_type", "11:59 datalog.unknown_type"}},
	} {
		check(t, strings.Replace(schemaText, "VALIDATION", "strict", 1)+c.text+"\n", source.Error, c.want...)
	}
	strict := strings.Replace(schemaText, "VALIDATION", "strict", 1)
	for text, want := range map[string]string{
		`permit(P) :- P has nic, P is User.`:                             "11:14 datalog.unknown_attribute the schema has no attribute",
		`permit(P, "read") :- P.agge == 1.`:                              "11:22 datalog.unknown_attribute",
		`permit(_, "read") :- context has mfaa.`:                         "11:22 datalog.unknown_attribute",
		`permit(P, "read") :- P.home.zipp == "a".`:                       "11:22 datalog.unknown_attribute",
		`attribute(_, "x", 1). permit(P, "read", _) :- P.home.x == "a".`: "11:47 datalog.unknown_attribute",
	} {
		check(t, strict+text+"\n", source.Warning, want)
	}
	check(t, strict+`attribute(X, "x", 1) :- X is User. permit(P, "read") :- P.x == 1. permit(P, "write") :- P.age == 1.`+"\n", source.Warning)
	check(t, strict+`parent("usr:a", "group:b"). parent("user:a", "action:c").`+"\n", source.Error, `11:8 datalog.unknown_type the schema has no entity type "Usr"`,
		`11:46 schema.parent User::"a" can't have the parent Action::"c"`)
	in := strings.Replace(strict, "[schema]", "[data]\nm = [\"user:a\", \"usr:b\"]\n[schema]", 1)
	check(t, in+"decl m(entity).\n", source.Error, `5:16 datalog.unknown_type the schema has no entity type "Usr"`)
	for text, want := range map[string]string{
		`attribute(User::"a", "age", "b").`:      `11:29 datalog.type "b" is a string, and the schema has a long here`,
		`tag(User::"a", "t", 1).`:                `11:21 datalog.type`,
		`attribute(X, "age", "b") :- X is User.`: `11:21 datalog.type this is a string, and the schema has a long here`,
		`tag(X, "t", N) :- X is User, N = 1.`:    `11:13 datalog.type`,
	} {
		check(t, strict+text+"\n", source.Error, want)
	}
	l := accepted(t, strict+`attribute(User::"a", "age", 1). attribute(Group::"a", "age", "x"). attribute(X, "age", 1) :- X = Doc::"d". tag(X, "t", "u") :- X is User.`+"\n")
	if _, _, f := l.program.Row("attribute", []value.Value{l.table.EntityOf("User", "a"), l.table.String("age"), value.True}); f == nil || f.Code != codeUpdateType {
		t.Error(f)
	}
	if _, _, f := l.program.Row("parent", []value.Value{l.table.EntityOf("Usr", "a"), l.table.EntityOf("Group", "b")}); f == nil || f.Code != codeUnknownType {
		t.Error(f)
	}
	off := strings.Replace(schemaText, "VALIDATION", "off", 1)
	check(t, off+`forbid(P, "read", _) :- P.age == 1.`+"\n", source.Error, "11:25 datalog.unguarded")
	check(t, off+`permit(P, "read", _) :- P.age == "a", P is Usr.`+"\n", source.Error)
}
