package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const numbers = `version = "rune/1.0"
[data]
n = [1, 2, 3, 4, 5, 6, 7]
text = [["a]\"[", 1], ["b,", 2]]
none = []
[rules]
decl n(long).
yes() :- n(1).
even(X) :- n(X), X = 2 * Y, n(Y).
`

// all follows the cursors of a query.
func (v *served) all(goal string, limit int) (rows [][]any, pages int) {
	v.t.Helper()
	cursor := ""
	for {
		var r struct {
			Rows [][]any
			Next string
		}
		v.ask("POST", "/v1/query", fmt.Sprintf(`{"goal":%q,"limit":%d%s}`, goal, limit, cursor)).wantOK(v.t, "").into(v.t, &r)
		rows, pages = append(rows, r.Rows...), pages+1
		if r.Next == "" {
			return rows, pages
		}
		if len(r.Rows) != limit {
			v.t.Fatalf("a page of %d rows, of %d", len(r.Rows), limit)
		}
		cursor = fmt.Sprintf(`,"cursor":%q`, r.Next)
	}
}

// TestQuery_pages: pages of any size make up all rows.
func TestQuery_pages(t *testing.T) {
	v := serve(t, numbers, Deps{})
	for goal, n := range map[string]int{"n(X)": 7, "n(X), n(Y)": 49, "text(A, B)": 2, "n(9)": 0, "n(1)": 1, "none(X)": 0, "even(X)": 3} {
		var whole struct{ Rows [][]any }
		v.ask("POST", "/v1/query", fmt.Sprintf(`{"goal":%q}`, goal)).wantOK(t, "").into(t, &whole)
		if len(whole.Rows) != n {
			t.Errorf("%s has %d rows, want %d", goal, len(whole.Rows), n)
		}
		for limit := 1; limit <= 9; limit++ {
			rows, pages := v.all(goal, limit)
			if want := max(1, (n+limit-1)/limit); pages != want {
				t.Errorf("%s by %d has %d pages, want %d", goal, limit, pages, want)
			}
			if diff := cmp.Diff(whole.Rows, append([][]any{}, rows...)); diff != "" {
				t.Errorf("%s by %d: %s", goal, limit, diff)
			}
		}
	}
}

func TestQuery_cursor(t *testing.T) {
	v := serve(t, numbers, Deps{})
	var first QueryReply
	ask := func(body string) got { return v.ask("POST", "/v1/query", body) }
	ask(`{"limit":2,"goal":"n(X)"}`).wantOK(t, `{"columns":["X"],"rows":[[1],[2]],"next":"`).into(t, &first)
	next := fmt.Sprintf(`"cursor":%q`, first.Next)
	ask(`{ "goal" : "n(X)",`+next+`}`).wantOK(t, `"rows":[[3],[4],[5],[6],[7]],"revision"`)
	ask(`{"limit":1,"goal":"n(Y)",`+next+`}`).wantProblem(t, 400, "query.cursor")
	for _, bad := range []string{`""`, `"AAAA"`, `"` + strings.Repeat("A", 54) + `"`, `"%"`, `"` + first.Next + `="`} {
		ask(`{"goal":"n(X)","cursor":`+bad+`}`).wantProblem(t, 400, "query.cursor")
	}
	for _, bad := range []string{`"limit":0`, `"limit":-1`, `"limit":1.5`, `"limit":"1"`, `"limit":null`, `"limit":1e99`, `"cursor":7`, `"cursor":null`} {
		ask(`{"goal":"n(X)",`+bad+`}`).wantProblem(t, 400, "request.type")
	}
	v.ask("POST", "/v1/facts", `{"insert":{"n":[[8]]}}`).wantOK(t, "")
	ask(`{"limit":2,"goal":"n(X)",`+next+`}`).wantProblem(t, 409, "query.cursor_revision")
}

func TestQuery_refuses(t *testing.T) {
	v := serve(t, numbers, Deps{})
	for body, code := range map[string]string{
		`{}`:                                  "request.missing_field",
		`{"limit":1}`:                         "request.missing_field",
		`{"goal":"n(X","limit":2}`:            "datalog.syntax",
		`{"goal":"m(X)"}`:                     "datalog.unknown_predicate",
		`{"goal":"n(X)","limit":1,"more":1}`:  "request.unknown_field",
		`{"goal":"n(X)","limit":1,"limit":1}`: "request.unknown_field",
		`{"goal":"n(X)","limit":1`:            "request.unknown_field",
		`[{"goal":"n(X)","limit":1}]`:         "request.type",
	} {
		v.ask("POST", "/v1/query", body).wantProblem(t, 400, code)
	}
	p := v.ask("POST", "/v1/query", "{\"limit\":5,\n  \"more\":1,\"goal\":\"n(X)\"}").wantProblem(t, 400, "request.unknown_field")
	if p.Line != 2 || p.Column != 3 {
		t.Errorf("position %d:%d", p.Line, p.Column)
	}
	p = v.ask("POST", "/v1/query", `{"goal":"m(X)"}`).wantProblem(t, 400, "datalog.unknown_predicate")
	if len(p.Diagnostics) == 0 {
		t.Error("no diagnostics of a bad goal")
	}
}

func TestTakeMembers(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":2}`:                    `{      "b":2}`,
		`{"b":2 , "a" : 1 }`:               `{"b":2           }`,
		`{"a":[1,{"a":2}],"c":"a","b":{}}`: `{                        "b":{}}`,
		`{"a":1}`:                          `{     }`,
		"{\"a\":\n1}":                      "{    \n }",
		`{"b":{"a":1}}`:                    `{"b":{"a":1}}`,
		`{"\u0061":1,"b":"\\"}`:            `{           "b":"\\"}`,
		`{"x\"":1,"a":2}`:                  `{"x\"":1      }`,
		`{"a":1,"a":2}`:                    `{"a":1,"a":2}`,
		`{"a":1}{}`:                        `{"a":1}{}`,
		`{"a":1`:                           `{"a":1`,
		`["a"]`:                            `["a"]`,
		``:                                 ``,
	} {
		taken, rest := takeMembers([]byte(in), "a", "c")
		if string(rest) != want {
			t.Errorf("%s leaves %q, want %q", in, rest, want)
		}
		if string(rest) != in && !json.Valid(rest) {
			t.Errorf("%s leaves what isn't JSON", in)
		}
		if v, ok := taken["a"]; ok != (in != want) && !strings.HasPrefix(in, `{"b":{`) || ok && !json.Valid(v) {
			t.Errorf("%s gives %q", in, taken)
		}
	}
}
