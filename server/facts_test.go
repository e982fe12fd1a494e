package server

import (
	"fmt"
	"strings"
	"testing"
)

func TestFacts(t *testing.T) {
	v := serve(t, people, Deps{})
	start := v.config().Revision
	var r FactsReply
	post := func(body string) got { return v.ask("POST", "/v1/facts", body) }
	g := post(`{"insert":{"member":[["dan","staff"]]},"if_revision":"`+start+`"}`).wantOK(t, `{"revision":"`)
	g.into(t, &r)
	if g.header.Get("X-Rune-Revision") != r.Revision || v.config().Revision != r.Revision || r.Revision == start {
		t.Errorf("revisions %s, %v", start, g)
	}
	dan := strings.Replace(annReads, "ann", "dan", 1)
	v.ask("POST", "/v1/authorize", dan).wantOK(t, "permit")
	p := post(`{"if_revision":"`+start+`","delete":{"member":[["dan","staff"]]}}`).wantProblem(t, 409, "facts.revision")
	if !strings.Contains(p.Detail, r.Revision) {
		t.Errorf("detail: %s", p.Detail)
	}
	v.ask("POST", "/v1/authorize", dan).wantOK(t, "permit")
	post(`{"if_revision":"`+r.Revision+`","delete":{"member":[["dan","staff"]]}}`).wantOK(t, "")
	v.ask("POST", "/v1/authorize", dan).wantOK(t, "deny")
	for body, code := range map[string]string{
		`{"insert":{"member":[["dan"]]}}`:      "update.arity",
		`{"insert":{"nothing":[["dan"]]}}`:     "update.unknown_predicate",
		`{"insert":{"permit":[[1,2,3]]}}`:      "update.reserved_predicate",
		`{"insert":{"member":[[1,"staff"]]}}`:  "update.type",
		`{"insert":{"member":"x"}}`:            "request.type",
		`{"more":{}}`:                          "request.unknown_field",
		`{"if_revision":7}`:                    "request.type",
		`{"if_revision":"a","if_revision":""}`: "request.unknown_field",
		``:                                     "request.syntax",
	} {
		if body == "" {
			v.ask("POST", "/v1/facts", body, "Content-Type", "application/json").wantProblem(t, 400, code)
			continue
		}
		post(body).wantProblem(t, 400, code)
	}
}

func TestFacts_list(t *testing.T) {
	v := serve(t, numbers, Deps{})
	list := func(path string) got { return v.ask("GET", "/v1/facts/"+path, "") }
	list("n").wantOK(t, `{"predicate":"n","columns":["long"],"rows":[[1],[2],[3],[4],[5],[6],[7]],"revision":"`)
	list("even").wantOK(t, `"rows":[[2],[4],[6]],"revision"`)
	list("none").wantOK(t, `"rows":[],"revision"`)
	list("yes").wantOK(t, `{"predicate":"yes","columns":[],"rows":[[]],"revision":"`)
	var r PredicateReply
	list("n?limit=5").wantOK(t, `"rows":[[1],[2],[3],[4],[5]],"next":"`).into(t, &r)
	list("n?limit=5&cursor="+r.Next).wantOK(t, `"rows":[[6],[7]],"revision"`)
	list("even?cursor="+r.Next).wantProblem(t, 400, "query.cursor")
	for _, bad := range []string{"limit=0", "limit=01", "limit=x", "limit=10001", "limit=", "limit=1&limit=1", "page=1"} {
		list("n?"+bad).wantProblem(t, 400, "http.parameter")
	}
	list("n?cursor=x").wantProblem(t, 400, "query.cursor")
	list("nothing").wantProblem(t, 404, "facts.unknown_predicate")
	list("parent").wantProblem(t, 404, "facts.unlisted")
	v.ask("POST", "/v1/facts", `{"insert":{"n":[[8]]}}`).wantOK(t, "")
	list("n?cursor="+r.Next).wantProblem(t, 409, "query.cursor_revision")
	for i, path := range []string{"", "n/", "n%20", "%6e", "n;x", "n/m", "../config", "n("} {
		v.ask("GET", "/v1/facts/"+path, "", "X-Request-ID", fmt.Sprint(i)).wantProblem(t, 404, "http.path")
	}
}
