package engine

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// load loads one document and fails the test where it can't.
func load(t testing.TB, text string, more ...string) *Engine {
	t.Helper()
	e, reply := tryLoad(text, more...)
	if e == nil {
		t.Fatalf("the document doesn't load: %s", reply)
	}
	return e
}

// tryLoad loads a document with files it includes, names and texts in turn.
func tryLoad(text string, more ...string) (*Engine, []byte) {
	files := []txtar.File{{Name: "config.rune", Data: []byte("version = \"rune/1.0\"\n" + text)}}
	for ; len(more) > 0; more = more[2:] {
		files = append(files, txtar.File{Name: more[0], Data: []byte(more[1])})
	}
	return loadFiles(files, Host{})
}

// decide returns "permit", "deny" or "error" for a request written as `principal action resource {context}`.
func decide(e *Engine, request string, h *Host) string {
	f := strings.SplitN(request, " ", 4)
	text := `{"principal":"` + f[0] + `","action":"` + f[1] + `","resource":"` + f[2] + `"`
	if len(f) > 3 {
		text += "," + f[3]
	}
	e.Authorize(nil, []byte(text+"}"), h)
	return [...]string{"error", "deny", "permit"}[e.Stats().Decision]
}

// TestNever holds one case for each thing that must never happen. A request's decision stands behind it.
func TestNever(t *testing.T) {
	for name, c := range map[string]struct{ document, decisions string }{
		"permit because some fact exists": {`[rules]
has_role("alice", "admin").
permit(P, "write", _) :- has_role(U, "admin"), entityId(P) == U.`, `
alice write x = permit
mallory write x = deny`},
		"ignore the request": {`[rules]
permit(User::"alice", "read", File::"a").`, `
alice read File::\"a\" = permit
alice read File::\"b\" = deny
alice write File::\"a\" = deny
bob read File::\"a\" = deny`},
		"order strata by source": {`[rules]
user("eve"). user("amy"). bad("eve").
allowed(X) :- user(X), not blocked(X).
blocked(X) :- bad(X).
permit(P, _, _) :- allowed(X), entityId(P) == X.`, `
amy read x = permit
eve read x = deny`},
		"take _ for one variable": {`[rules]
pair("a", "b").
permit(P, _, _) :- pair(_, _), entityId(P) == "a".
forbid(_, "same", _) :- pair(X, X).`, `
a read x = permit
a same x = permit`},
		"take a comparison for a predicate": {`[rules]
level("low", 3). level("high", 9).
permit(P, _, _) :- level(X, N), entityId(P) == X, not N > 5.`, `
low read x = permit
high read x = deny`},
		"merge two facts on a line": {`[rules]
p("a"). p("b").
permit(P, _, _) :- p(X), entityId(P) == X.`, `
a read x = permit
b read x = permit`},
		"split arguments at a comma in a string": {`[rules]
p("a,b", "c").
permit(P, _, R) :- p(X, Y), entityId(P) == X, entityId(R) == Y.`, `
a,b read c = permit
a read b = deny`},
		"swallow the line after a trailing comment": {`[rules]
p("a").   # p("b").
forbid(P, _, _) :- p(X), entityId(P) == X. // and
forbid(User::"z", _, _). /* no end of line */ permit(_, _, _).`, `
a read x = deny
z read x = deny
y read x = permit`},
		"lose an indented or annotated policy": {`[policies]
permit(principal, action, resource);
    @id("indented") @reason("no") forbid(principal == User::"a", action, resource);
@id("lines")

	forbid(principal == User::"b", action, resource);
[rules]
    @id("rule") @reason("no")
    forbid(User::"c", _, _).`, `
a read x = deny
b read x = deny
c read x = deny
d read x = permit`},
		"drop context, so that a forbid errs open": {`[policies]
permit(principal, action, resource);
forbid(principal, action, resource) unless { context.mfa };`, `
a read x = deny
a read x "context":{"mfa":false} = deny
a read x "context":{"mfa":true} = permit`},
		"drop attributes": {`[entities]
[{"uid":{"type":"User","id":"a"},"attrs":{"suspended":true},"parents":[]},{"uid":{"type":"User","id":"b"},"attrs":{"suspended":false},"parents":[]}]
[rules]
permit(_, _, _).
forbid(P, _, _) :- P has suspended, P.suspended == true.`, `
a read x = deny
b read x = permit`},
		"end early at a limit and answer": {`[defaults]
limits = { steps = 300 }
[rules]
n(0). n(1). n(2). n(3). n(4). n(5). n(6). n(7). n(8). n(9).
permit(_, _, _).
forbid(_, "search", _) :- n(A), n(B), n(C), A + B + C == 27, context has x.`, `
a read x = permit
a search x "context":{"x":1} = deny`},
		"let a client make itself an administrator": {`[rules]
permit(P, _, _) :- P in Group::"admins".`, `
m read x = deny
m read x "entities":[{"uid":{"type":"User","id":"m"},"attrs":{},"parents":[{"type":"Group","id":"admins"}]}] = error`},
		"let an id choose its type": {`[rules]
permit(Admin::"root", _, _).`, `
Admin::\"root\" read x = permit
User::\"Admin::\\\"root\\\"\" read x = deny`},
		"let an error skip a forbid": {`[rules]
permit(_, _, _).
forbid(_, _, _) :- context has n, 10 / context.n > 5.`, `
a read x = permit
a read x "context":{"n":100} = permit
a read x "context":{"n":1} = deny
a read x "context":{"n":0} = deny
a read x "context":{"n":"one"} = deny`},
	} {
		t.Run(name, func(t *testing.T) {
			e := load(t, c.document)
			for line := range strings.SplitSeq(strings.TrimSpace(c.decisions), "\n") {
				i := strings.LastIndex(line, " = ")
				if got := decide(e, line[:i], &Host{Entities: EntitiesAdd}); got != line[i+3:] {
					t.Errorf("%s: %s", line, got)
				}
			}
		})
	}
}

// TestNever_load holds documents that must not load, with the code that says why.
func TestNever_load(t *testing.T) {
	for name, c := range map[string]struct{ document, code string }{
		"drop a rule without final period":    {"[rules]\np(\"a\").\npermit(_, _, _) :- p(_)", "datalog.missing_period"},
		"hold a misspelt predicate under not": {"[rules]\nblocked(\"a\").\npermit(P, _, _) :- P is User, not bloked(\"a\").", "datalog.unknown_predicate"},
		"permit everybody by data":            {"[data]\nallow = true", "document.reserved_key"},
	} {
		t.Run(name, func(t *testing.T) {
			e, reply := tryLoad(c.document)
			if e != nil || !strings.HasPrefix(string(reply), `{"error":{"code":"`+c.code+`"`) {
				t.Errorf("%s", reply)
			}
		})
	}
}

// TestNever_update: consequences of deleted facts go, and inserted facts join old ones.
func TestNever_update(t *testing.T) {
	e := load(t, `[rules]
decl edge(string, string).
edge("a", "b").
path(X, Y) :- edge(X, Y).
path(X, Z) :- path(X, Y), edge(Y, Z).
permit(P, _, R) :- path(X, Y), entityId(P) == X, entityId(R) == Y.`)
	for _, step := range []struct{ update, decision string }{
		{`{}`, "deny"},
		{`{"insert":{"edge":[["b","c"]]}}`, "permit"},
		{`{"delete":{"edge":[["a","b"]]}}`, "deny"},
		{`{"insert":{"edge":[["a","b"]]},"delete":{"edge":[["a","b"]]}}`, "permit"},
	} {
		if reply := e.Update(nil, []byte(step.update), &Host{}); !strings.HasPrefix(string(reply), `{"revision":`) {
			t.Fatalf("%s: %s", step.update, reply)
		}
		if got := decide(e, "a read c", &Host{}); got != step.decision {
			t.Errorf("after %s: %s", step.update, got)
		}
	}
}
