package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/live"
)

const closed = `version = "rune/1.0"
[data]
member = [["ann", "staff"]]
[rules]
decl member(User, Group).
forbid(_, _, _) :- member(_, _).
`

func (v *served) config() (c ConfigReply) {
	v.t.Helper()
	v.ask("GET", "/v1/config", "").wantOK(v.t, "").into(v.t, &c)
	return c
}

func TestConfig(t *testing.T) {
	v := serve(t, people, Deps{})
	c := v.config()
	want := ConfigReply{
		Name: "people", Revision: c.Documents, Documents: v.store.Current().Base, Since: c.Since,
		Sources: []live.File{{Name: "config.rune", Bytes: len(people)}}, Counts: live.Counts{Facts: 3, Rules: 0, Statements: 2},
		Predicates: []live.Predicate{{Name: "member", Columns: []string{"User", "Group"}, Facts: 3}, {Name: "banned", Columns: []string{"User"}}},
		Needs:      []string{}, Warnings: []host.Diagnostic{},
		LastLoad: LoadReport{Time: c.LastLoad.Time, Cause: "start", Result: "success", Milliseconds: c.LastLoad.Milliseconds},
		Engine:   EngineReport{Version: "0.4.0", ABI: 1, SHA256: host.ModuleSHA256()},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if time.Since(c.Since) > time.Hour || c.LastLoad.Milliseconds <= 0 {
		t.Errorf("times: %+v", c)
	}
}

func TestReload(t *testing.T) {
	v := serve(t, people, Deps{})
	before := v.config()
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	v.ask("POST", "/v1/config/reload", "").wantOK(t, `"result":"unchanged","revision":"`+before.Revision+`"`)

	write(t, v.path, closed)
	v.ask("GET", "/v1/config/validate", "").wantOK(t, `"valid":true`)
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	var r ReloadReply
	v.ask("POST", "/v1/config/reload", "").wantOK(t, `"result":"success"`).into(t, &r)
	g := v.ask("POST", "/v1/authorize", annReads).wantOK(t, `"decision":"deny"`)
	if r.Revision == before.Revision || g.header.Get("X-Rune-Revision") != r.Revision || g.header.Get("X-Rune-Cache") != "miss" {
		t.Errorf("revisions %s, %s, %v", before.Revision, r.Revision, g.header)
	}

	write(t, v.path, closed+"p(X) :- q(Y).\n")
	p := v.ask("POST", "/v1/config/reload", "").wantProblem(t, http.StatusUnprocessableEntity, "config.invalid")
	if len(p.Diagnostics) < 2 || p.Diagnostics[0].File != "config.rune" || p.Diagnostics[0].Line != 7 {
		t.Errorf("diagnostics: %+v", p.Diagnostics)
	}
	v.ask("GET", "/v1/config/validate", "").wantOK(t, `"valid":false`).wantOK(t, "datalog.unsafe_variable")
	c := v.config()
	if c.Revision != r.Revision || c.LastLoad.Result != "failed" || c.LastLoad.Cause != "request" || c.LastLoad.Error == nil ||
		c.LastLoad.Error.Code != "config.invalid" || c.Reloads != (Reloads{Success: 2, Failed: 1}) {
		t.Errorf("after a failure: %+v", c)
	}
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, `"decision":"deny"`)
	if err := os.Remove(v.path); err != nil {
		t.Fatal(err)
	}
	v.ask("POST", "/v1/config/reload", "").wantProblem(t, http.StatusUnprocessableEntity, "config.invalid")
	write(t, v.path, people)
	if err := v.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := v.config(); c.Revision != before.Revision || c.LastLoad.Cause != "signal" {
		t.Errorf("after the way back: %+v", c)
	}
}

// TestReload_facts: facts that were posted are there after a reload, in their order, or the reload fails.
func TestReload_facts(t *testing.T) {
	v := serve(t, people, Deps{})
	v.ask("POST", "/v1/facts", `{"insert":{"banned":[["ann"],["bob"]]}}`).wantOK(t, "revision")
	v.ask("POST", "/v1/facts", `{"delete":{"banned":[["bob"]]}}`).wantOK(t, "revision")
	facts := func() string { return v.ask("GET", "/v1/facts/banned", "").wantOK(t, "").body }
	before := facts()
	v.ask("POST", "/v1/config/reload", "").wantOK(t, "unchanged")
	if facts() != before {
		t.Error("facts changed by a reload that changed nothing")
	}
	write(t, v.path, people+"permit(P, \"write\", _) :- member(P, _).\n")
	v.ask("POST", "/v1/config/reload", "").wantOK(t, "success")
	after := facts()
	if cut := func(s string) string { return s[:strings.Index(s, `"revision"`)] }; cut(after) != cut(before) || after == before {
		t.Errorf("facts before %s, after %s", before, after)
	}
	v.ask("POST", "/v1/authorize", annWrites).wantOK(t, "deny")
	v.ask("POST", "/v1/authorize", strings.Replace(annWrites, "ann", "bob", 1)).wantOK(t, "permit")

	write(t, v.path, closed)
	p := v.ask("POST", "/v1/config/reload", "").wantProblem(t, http.StatusUnprocessableEntity, "config.facts")
	if !strings.Contains(p.Detail, "transaction 1") || !strings.Contains(p.Detail, "update.unknown_predicate") {
		t.Errorf("detail: %s", p.Detail)
	}
	v.ask("GET", "/v1/config/validate", "").wantOK(t, `"valid":false,"diagnostics":[{"severity":"error","code":"config.facts"`)
	if facts() != after {
		t.Error("a reload that failed changed facts")
	}
}

func TestValidate_text(t *testing.T) {
	v := serve(t, people, Deps{})
	check := func(text string) got {
		return v.ask("POST", "/v1/config/validate", text, "Content-Type", "text/plain; charset=UTF-8")
	}
	check(people).wantOK(t, `{"valid":true,"diagnostics":[]}`)
	check(people+"p(X) :- member(X, _).\n").wantOK(t, `{"valid":true,"diagnostics":[]}`)
	check("version").wantOK(t, `{"valid":false,"diagnostics":[{"severity":"error","code":"`)
	check("version = \"rune/1.0\"\ninclude = [\"/etc/passwd\"]\n").wantOK(t, `"valid":false`)
	check("version = \"rune/1.0\"\ninclude = [\"config.rune\"]\n").wantOK(t, `"valid":false`)
	check("\xff").wantOK(t, `"valid":false`)
	needs := "version = \"rune/1.0\"\n[defaults]\nhost_context = [\"token\"]\n[policies]\npermit(principal, action, resource) when { context.token.a == 1 };\n"
	check(needs).wantOK(t, `"valid":false,"diagnostics":[{"severity":"error","code":"host.needs"`)
}

// TestNew_fails: a configuration that doesn't load is the host's error, with everything that was found.
func TestNew_fails(t *testing.T) {
	c := DefaultConfig()
	c.Path = filepath.Join(t.TempDir(), "config.rune")
	write(t, c.Path, people+"p(X) :- q(Y).\n")
	_, err := New(t.Context(), c, Deps{Runtime: testRuntime(t)})
	if e, ok := err.(*host.Error); !ok || len(e.Diagnostics) < 2 {
		t.Errorf("error: %v", err)
	}
	write(t, c.Path, people)
	c.JWTKeys = "keys.pem"
	if _, err := New(t.Context(), c, Deps{Runtime: testRuntime(t)}); err == nil {
		t.Error("settings that ask for tokens are served without a gate")
	}
	c = DefaultConfig()
	c.Path, c.DecisionLog = filepath.Join(t.TempDir(), "config.rune"), filepath.Join(t.TempDir(), "no", "log")
	if _, err := New(t.Context(), c, Deps{Runtime: testRuntime(t)}); err == nil {
		t.Error("a log that can't be opened is nothing")
	}
}
