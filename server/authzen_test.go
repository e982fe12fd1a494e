package server

import (
	"io"
	"strings"
	"testing"
)

const annEvaluated = `{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}`

// TestEvaluation: AuthZEN's endpoints decide as the others do, and differ in form alone.
func TestEvaluation(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.MaxBatch = 3 })
	const permitted, denied = `{"decision":true,"context":{"reasons":[`, `{"decision":false,"context":{"reasons":[],`
	g := v.ask("POST", pathEvaluation, annEvaluated, "X-Request-ID", "mine")
	if g.status != 200 || !strings.HasPrefix(g.body, permitted) || g.header.Get("X-Request-ID") != "mine" || g.header.Get("X-Rune-Revision") == "" {
		t.Errorf("%+v", g)
	}
	if g := v.ask("POST", pathEvaluation, strings.Replace(annEvaluated, "ann", "nobody", 1)); g.status != 200 || !strings.HasPrefix(g.body, denied) {
		t.Errorf("%+v", g)
	}
	if g := v.ask("POST", pathEvaluations, `{"evaluations":[`+annEvaluated+`,{"subject":1},`+annEvaluated+`],"options":{"evaluations_semantic":"deny_on_first_deny"}}`); g.status != 200 ||
		strings.Count(g.body, `"decision":`) != 2 || !strings.Contains(g.body, `,{"decision":false,"context":{"error":{"code":"request.`) {
		t.Errorf("%+v", g)
	}
	if g := v.ask("POST", pathEvaluations, annEvaluated); g.status != 200 || !strings.HasPrefix(g.body, permitted) {
		t.Errorf("%+v", g)
	}
	for _, path := range []string{pathEvaluation, pathEvaluations} {
		v.ask("POST", path, annEvaluated, "Content-Type", "text/plain").wantProblem(t, 400, "request.content_type")
		v.ask("POST", path, annEvaluated, "Content-Encoding", "gzip").wantProblem(t, 415, "http.content_encoding")
		v.ask("POST", path, `{"subject":`).wantProblem(t, 400, "request.syntax")
		v.ask("POST", path, `{"subject":{"type":"user","id":"a","id":"b"}}`).wantProblem(t, 400, "request.duplicate_key")
		v.ask("POST", path, "{\"subject\":\"\xff\"}").wantProblem(t, 400, "request.string")
		v.ask("GET", path, "").wantProblem(t, 405, "http.method")
		v.ask("POST", path+"/", annEvaluated).wantProblem(t, 404, "http.path")
	}
	v.ask("POST", pathEvaluations, `{"evaluations":[{},{},{},{}]}`).wantProblem(t, 400, "request.batch_size")
	v.ask("POST", pathEvaluations, `{"evaluations":[{}],"options":{"evaluations_semantic":"some"}}`).wantProblem(t, 400, "request.semantic")
	v.ask("POST", pathEvaluations, `{"evaluations":[{}],"options":[]}`).wantProblem(t, 400, "request.type")
}

// TestAuthZENMetadata: its addresses are the server's, whatever the client calls it, which is rune.test.
func TestAuthZENMetadata(t *testing.T) {
	const path = "/.well-known/authzen-configuration"
	for public, want := range map[string]string{"http://rune.test": "http://rune.test", "": "http://"} {
		v := serve(t, people, Deps{}, func(c *Config) { c.PublicURL = public })
		r, err := v.client.Get("http://rune.test" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		g := got{status: r.StatusCode, body: string(body)}
		if g.status != 200 || strings.Contains(g.body, "rune.test") != (public != "") || !strings.HasPrefix(g.body, `{"policy_decision_point":"`+want) ||
			!strings.Contains(g.body, `/access/v1/evaluation","`) ||
			!strings.Contains(g.body, `/access/v1/evaluations"}`) || strings.Contains(g.body, "search") {
			t.Errorf("%q: %+v", public, g)
		}
	}
}
