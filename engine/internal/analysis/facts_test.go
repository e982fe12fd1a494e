package analysis

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFacts(t *testing.T) {
	l := accepted(t, `version = "rune/1.0"
include = ["n.csv", "tag.csv", "m.csv"]
[data]
role = [["user:alice", "admin"], ["agent:bob", "dev"]]
objects = [[{type = "user", id = "a:b"}, 1], [{type = "App::User", id = ""}, 2]]
addr = ["10.0.0.1"]
when = [["2026-01-01", "1h", "1.5"]]
free = ["x"]
none = []
[rules]
decl role(entity, string).
decl objects(entity, any).
decl addr(ip).
decl when(datetime, duration, decimal).
decl n(long, bool, string, Action).
role("User::\"carol\"", "x").
tag(X, "b", 1) :- X is User.
tag(User::"z", "b", 2). tag(User::"z", "c", 3).
p(X) :- none(X, _).
-- n.csv --
a,b,c,d
1,true,,s3:Get
-2,false,"x,y",action:b
-- tag.csv --
e,k,v
user:a,b,x
user:a,c,y
-- m.csv --
a,b
"x, y",1
`)
	var got []string
	for _, f := range l.program.Facts {
		p := &l.program.Preds[f.Pred]
		if f.Count != len(f.Origin) && len(f.Origin) != 1 || len(f.Rows) != f.Count*p.Arity {
			t.Errorf("%s: %d rows of %d, %d cells", p.Name, f.Count, len(f.Origin), len(f.Rows))
		}
		for r := range f.Count {
			s := p.Name
			for _, v := range f.Rows[r*p.Arity : (r+1)*p.Arity] {
				s += " " + string(l.table.Append(nil, v))
			}
			got = append(got, s)
		}
	}
	want := []string{
		`role User::"alice" "admin"`, `role Agent::"bob" "dev"`, `objects User::"a:b" 1`, `objects App::User::"" 2`, `addr ip("10.0.0.1")`,
		`when datetime("2026-01-01T00:00:00.000Z") duration("1h") decimal("1.5")`, `free "x"`,
		`n 1 true "" Action::"s3:Get"`, `n -2 false "x,y" Action::"b"`, `tag/"b" User::"a" "b" "x"`, `tag User::"a" "c" "y"`, `m "x, y" "1"`,
		`role User::"carol" "x"`, `tag/"b" User::"z" "b" 2`, `tag User::"z" "c" 3`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if l.program.Preds[l.program.ByName.Of("none")].Arity != 2 {
		t.Error("an empty array has the arity that a rule gives it")
	}
}

func TestBadTables(t *testing.T) {
	const text = `version = "rune/1.0"
include = ["n.csv", "m.csv", "k.csv", "w.csv", "parent.csv", "s.csv"]
[data]
mixed = [["a", 1], ["b", "c"], ["d", 2]]
typed = ["x", "5", 7]
arity = [["a", "b"]]
objects = [{type = "user"}, {type = "1x", id = "a"}, {type = "User", id = "a", x = 1}]
[rules]
decl typed(long).
decl objects(entity).
decl n(User, long).
decl m(who: User, grp: Group).
decl k(a: string, string).
decl w(string).
decl s(Set<string>, Record).
p(X) :- arity(X).
-- n.csv --
a,b
alice,5
"bo,b",many
,6
x,
"Group::""g""",1
-- m.csv --
who,group
a,b
-- k.csv --
b,a
1,2
-- w.csv --
a,b
1,2
-- parent.csv --
a,b
user:a,group
-- s.csv --
a,b
x,y
`
	l := load(text)
	var got []string
	for _, d := range l.diags.All() {
		p := l.files.Position(d.Span)
		got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, d.Code))
	}
	want := []string{"config.rune:4:26 datalog.type", "config.rune:5:10 datalog.type", "config.rune:5:15 datalog.type", "config.rune:7:12 datalog.type", "config.rune:7:29 datalog.type", "config.rune:7:54 datalog.type", "config.rune:16:9 datalog.arity",
		"n.csv:3:8 datalog.type", "n.csv:4:1 csv.empty_cell", "n.csv:5:3 csv.empty_cell", "n.csv:6:1 datalog.type",
		"m.csv:1:1 csv.column_name", "k.csv:1:1 csv.column_name", "w.csv:1:1 datalog.arity", "parent.csv:2:8 entity.untyped", "s.csv:2:1 datalog.type", "s.csv:2:3 datalog.type"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
