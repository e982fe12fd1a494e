package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// api is the server's OpenAPI document, and the apiCalls and statuses that were seen. Every answer is held to the document.
type api struct {
	doc    *openapi3.T
	router routers.Router

	mu      sync.Mutex
	seen    map[string]bool // "POST /v1/authorize 200"
	members map[string]bool // "Reason.message", of those that answers have
}

// readAPI reads the document that a server serves.
func readAPI(t *testing.T, p *process) *api {
	t.Helper()
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	d := &api{seen: map[string]bool{}, members: map[string]bool{}}
	var err error
	if d.doc, err = openapi3.NewLoader().LoadFromData([]byte(p.send("GET", "/openapi.json", "").body)); err == nil {
		err = d.doc.Validate(t.Context())
	}
	if err == nil {
		d.router, err = legacy.NewRouter(d.doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// check holds an answer to the document, and notes that it was given.
func (d *api) check(t *testing.T, method, target string, a answer) {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	request := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: "localhost", Header: http.Header{}}
	route, params, err := d.router.FindRoute(request)
	if err != nil {
		t.Errorf("%s %s: %v", method, target, err)
		return
	}
	if err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}); err != nil {
		t.Errorf("%s %s: %d isn't as the document says: %v\n%s", method, target, a.status, err, a.body)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[fmt.Sprintf("%s %s %d", method, route.Path, a.status)] = true
	var body any
	if r := route.Operation.Responses.Status(a.status); r != nil && json.Unmarshal([]byte(a.body), &body) == nil {
		for _, c := range r.Value.Content {
			d.walk(c.Schema, body)
		}
	}
}

// walk notes which members of the document's types a value has.
func (d *api) walk(s *openapi3.SchemaRef, value any) {
	for _, one := range s.Value.OneOf {
		if one.Value.VisitJSON(value) == nil {
			d.walk(one, value)
		}
	}
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			if s.Value.Items != nil {
				d.walk(s.Value.Items, e)
			}
		}
	case map[string]any:
		for name, e := range v {
			if member := s.Value.Properties[name]; member != nil {
				d.members[typeName(s)+"."+name] = true
				d.walk(member, e)
			}
		}
	}
}

func typeName(s *openapi3.SchemaRef) string {
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}

// unused lists the members of types that answers have which no answer had: a type could do without them, and no test would fail.
func (d *api) unused() (list []string) {
	reached := map[string]bool{}
	var reach func(s *openapi3.SchemaRef)
	reach = func(s *openapi3.SchemaRef) {
		if s == nil || s.Value == nil || s.Ref != "" && reached[s.Ref] {
			return
		}
		reached[s.Ref] = true
		for _, one := range s.Value.OneOf {
			reach(one)
		}
		reach(s.Value.Items)
		for name, member := range s.Value.Properties {
			if !d.members[typeName(s)+"."+name] {
				list = append(list, typeName(s)+"."+name)
			}
			reach(member)
		}
	}
	for _, item := range d.doc.Paths.Map() {
		for _, o := range item.Operations() {
			for _, r := range o.Responses.Map() {
				for _, c := range r.Value.Content {
					reach(c.Schema)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// missing lists what the document promises and wasn't seen.
func (d *api) missing() (list []string) {
	for path, item := range d.doc.Paths.Map() {
		for method, o := range item.Operations() {
			for status := range o.Responses.Map() {
				if name := method + " " + path + " " + status; !d.seen[name] {
					list = append(list, name)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// documented is a configuration that makes answers with everything that they can have in them.
const documented = people + `permit(P, "wait", _) :- member(P, G).
@id("told") @reason("staff may read") permit(P, "read", _) :- member(P, Group::"staff").
[policies]
permit(principal, action == Action::"add", resource) when { context has n && context.n + 9223372036854775807 > 0 };
`

// apiCall is one of the document's, with a request that is answered with 200.
type apiCall struct{ method, path, media, body, scope string }

const annEvaluated = `{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}`

const typeJSON = "application/json"

const pathMetrics = "/metrics"

var apiCalls = []apiCall{
	{"POST", "/v1/authorize", typeJSON, annReads, "rune:authorize"},
	{"POST", "/v1/authorize/batch", typeJSON, `{"requests":[` + annReads + `,{},` + eveReads + `]}`, "rune:authorize"},
	{"POST", "/access/v1/evaluation", typeJSON, annEvaluated, "rune:authorize"},
	{"POST", "/access/v1/evaluations", typeJSON, `{"evaluations":[` + annEvaluated + `,{}]}`, "rune:authorize"},
	{"GET", "/.well-known/authzen-configuration", "", "", ""},
	{"POST", "/v1/query", typeJSON, `{"goal":"member(U, G)","limit":1}`, "rune:query"},
	{"POST", "/v1/facts", typeJSON, `{"insert":{"seen":[["ann"],["bob"]]}}`, "rune:facts"},
	{"GET", "/v1/facts/seen", "", "", "rune:facts"},
	{"GET", "/v1/config", "", "", "rune:admin"},
	{"POST", "/v1/config/reload", "", "", "rune:admin"},
	{"GET", "/v1/config/validate", "", "", "rune:admin"},
	{"POST", "/v1/config/validate", "text/plain", people, "rune:admin"},
	{"GET", "/health/live", "", "", ""},
	{"GET", "/health/ready", "", "", ""},
	{"GET", "/openapi.json", "", "", ""},
	{"GET", pathMetrics, "", "", "rune:admin"},
	{"GET", "/docs", "", "", ""},
}

// secured are the apiCalls that not everybody may ask for.
func secured() []apiCall {
	return slices.DeleteFunc(slices.Clone(apiCalls), func(o apiCall) bool { return o.scope == "" })
}

// limited are those of them that are refused where there is too much to do: not metrics, which tell of it.
func limited() []apiCall {
	return slices.DeleteFunc(secured(), func(o apiCall) bool { return o.path == pathMetrics })
}

// try sends an operation's request with other headers or another body, checks the answer, and wants a status.
func (d *api) try(t *testing.T, p *process, o apiCall, status int, code string, headers ...string) answer {
	t.Helper()
	if o.media != "" {
		headers = append([]string{"Content-Type", o.media}, headers...)
	}
	a := p.sendExactly(t, o, headers)
	d.check(t, o.method, o.path, a)
	if a.status != status || a.code != code && status != 200 {
		t.Errorf("%s %s: %d %s, want %d %s\n%s", o.method, o.path, a.status, a.code, status, code, a.body)
	}
	return a
}

// sendExactly sends a request with these headers alone.
func (p *process) sendExactly(t *testing.T, o apiCall, headers []string) answer {
	t.Helper()
	q, err := http.NewRequest(o.method, "http://localhost"+o.path, strings.NewReader(o.body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	r, err := p.client.Do(q)
	if err != nil {
		t.Fatalf("%s %s: %v", o.method, o.path, err)
	}
	defer r.Body.Close()
	return read(t, r)
}

// TestServe_document asks the command, as a process, for every operation with every status that its OpenAPI document names, and holds each
// answer to the document.
func TestServe_document(t *testing.T) {
	i := newIssuer(t)
	everything := i.token("admin", "rune:authorize rune:query rune:facts rune:admin rune:explain")
	config := filepath.Join(t.TempDir(), "config.rune")
	writeFile(t, config, documented)
	p := startAt(t, config, i.flags("--read-timeout=500ms", "--max-body=2048", "--max-header=2048", "--max-in-flight=1")...)
	p.awaitReady(t)
	d := readAPI(t, p)
	t.Run("good", func(t *testing.T) { d.good(t, p, everything) })
	t.Run("bad", func(t *testing.T) { d.bad(t, p, everything) })
	t.Run("access", func(t *testing.T) { d.access(t, p, i) })
	t.Run("framing", func(t *testing.T) { d.framing(t, p) })
	t.Run("busy", func(t *testing.T) { d.busy(t, p, everything) })
	t.Run("rate", func(t *testing.T) {
		limited := start(t, i.flags("--rate-limit=0.0001", "--rate-burst=1")...)
		limited.awaitReady(t)
		d.rate(t, limited, i)
	})
	t.Run("not ready", func(t *testing.T) {
		i.serve("")
		d.try(t, start(t, i.flags()...), apiCall{"GET", "/health/ready", "", "", ""}, 503, "server.not_ready")
	})
	if missing := d.missing(); len(missing) > 0 {
		t.Errorf("promised and never seen:\n%s", strings.Join(missing, "\n"))
	}
	if unused := d.unused(); len(unused) > 0 {
		t.Errorf("members that no answer has:\n%s", strings.Join(unused, "\n"))
	}
}

func (d *api) good(t *testing.T, p *process, token string) {
	for _, o := range apiCalls {
		d.try(t, p, o, 200, "", "Authorization", token)
	}
}

// bad asks for what is wrong in other ways than access.
func (d *api) bad(t *testing.T, p *process, token string) {
	for _, o := range apiCalls {
		authorized := []string{"Authorization", token}
		switch {
		case strings.HasPrefix(o.path, "/access/"):
			d.try(t, p, apiCall{o.method, o.path, "x/y", o.body, ""}, 400, "request.content_type", authorized...)
			d.try(t, p, o, 415, "http.content_encoding", append([]string{"Content-Encoding", "gzip"}, authorized...)...)
		case o.media != "":
			d.try(t, p, apiCall{o.method, o.path, "x/y", o.body, ""}, 415, "http.content_type", authorized...)
		}
		if o.scope != "" && o.path != pathMetrics { // which ignores parameters
			d.try(t, p, apiCall{o.method, o.path + "?nothing=1", o.media, o.body, ""}, 400, "http.parameter", authorized...)
		}
	}
	d.try(t, p, apiCall{"GET", "/v1/facts/nothing", "", "", ""}, 404, "facts.unknown_predicate", "Authorization", token)
	var page struct{ Next string }
	read := d.try(t, p, apiCall{"GET", "/v1/facts/seen?limit=1", "", "", ""}, 200, "", "Authorization", token)
	decode(t, read.body, &page)
	row := d.try(t, p, apiCall{"POST", "/v1/query", typeJSON, `{"goal":"seen(U)","limit":1}`, ""}, 200, "", "Authorization", token)
	var rows struct{ Next string }
	decode(t, row.body, &rows)
	stale := `{"insert":{"seen":[["eve"]]},"if_revision":"no longer"}`
	d.try(t, p, apiCall{"POST", "/v1/facts", typeJSON, stale, ""}, 409, "facts.revision", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/facts", typeJSON, `{"insert":{"seen":[["eve"]]}}`, ""}, 200, "", "Authorization", token)
	d.try(t, p, apiCall{"GET", "/v1/facts/seen?limit=1&cursor=" + page.Next, "", "", ""}, 409, "query.cursor_revision", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/query", typeJSON, `{"goal":"seen(U)","cursor":"` + rows.Next + `"}`, ""}, 409, "query.cursor_revision", "Authorization", token)
	writeFile(t, p.config, "broken")
	d.try(t, p, apiCall{"POST", "/v1/config/reload", "", "", ""}, 422, "config.invalid", "Authorization", token)
	d.try(t, p, apiCall{"GET", "/v1/config/validate", "", "", ""}, 200, "", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/config/validate", "text/plain", "broken", ""}, 200, "", "Authorization", token)
	d.try(t, p, apiCall{"GET", "/v1/config", "", "", ""}, 200, "", "Authorization", token)
	d.try(t, p, apiCall{"GET", "/v1/config", "", "", ""}, 200, "", "Authorization", token)
	writeFile(t, p.config, documented)
	for _, body := range []string{
		`{"principal":"ann","action":"add","resource":"x","context":{"n":1}}`,
		`{"principal":"ann","action":"read","resource":"x"}`,
	} {
		d.try(t, p, apiCall{"POST", "/v1/authorize", typeJSON, body, ""}, 200, "", "Authorization", token)
	}
	d.try(t, p, apiCall{"POST", "/v1/query", typeJSON, `{"goal":"sen(U)"}`, ""}, 400, "datalog.unknown_predicate", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/authorize", typeJSON, `{"principle":1}`, ""}, 400, "request.unknown_field", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/authorize/batch", typeJSON, `{"requests":[{"principle":1}]}`, ""}, 200, "", "Authorization", token)
	d.try(t, p, apiCall{"POST", "/v1/config/validate", "text/plain", people + "decl seen(User).\n", ""}, 200, "", "Authorization", token)
}

func (d *api) access(t *testing.T, p *process, i *issuer) {
	for _, o := range secured() {
		d.try(t, p, o, 401, "access.token_missing")
		others := slices.DeleteFunc([]string{"rune:authorize", "rune:query", "rune:facts", "rune:admin"}, func(s string) bool { return s == o.scope })
		d.try(t, p, o, 403, "access.scope", "Authorization", i.token("somebody", strings.Join(others, " ")))
	}
}

// framing sends what can't be read to every path: too much, and too little.
func (d *api) framing(t *testing.T, p *process) {
	for _, o := range apiCalls {
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n", o.method, o.path)
		answers := map[int]string{431: head + "X: " + strings.Repeat("x", 4000) + "\r\n\r\n", 408: head}
		if o.media != "" {
			answers[413] = head + "Content-Type: " + o.media + "\r\nContent-Length: 3000\r\n\r\n" + strings.Repeat("x", 3000)
			answers[408] = head + "Content-Type: " + o.media + "\r\nContent-Length: 10\r\n\r\n{"
		}
		for status, text := range answers {
			a := p.raw(t, text)
			d.check(t, o.method, o.path, a)
			if a.status != status {
				t.Errorf("%s %s: %d, want %d", o.method, o.path, a.status, status)
			}
		}
	}
}

// raw sends text on a connection of its own, and reads one answer.
func (p *process) raw(t *testing.T, text string) answer {
	t.Helper()
	c := p.dial(t)
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	return read(t, resp)
}

// busy asks while other requests are being answered, of which there may be one.
func (d *api) busy(t *testing.T, p *process, token string) {
	stop := make(chan struct{})
	var others sync.WaitGroup
	defer others.Wait()
	defer close(stop)
	long := apiCall{"POST", "/v1/query", typeJSON, longGoal, ""}
	for range 3 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					p.sendExactly(t, long, []string{"Content-Type", typeJSON, "Authorization", token})
				}
			}
		})
	}
	for _, o := range limited() {
		p.await(t, "too many ask", func() bool {
			a := p.sendExactly(t, o, []string{"Content-Type", o.media, "Authorization", token})
			d.check(t, o.method, o.path, a)
			return a.status == 503 && a.code == "server.busy"
		})
	}
}

func decode(t *testing.T, text string, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// longGoal takes a while, until it has too many steps.
var longGoal = func() string {
	numbers := strings.Trim(strings.ReplaceAll(fmt.Sprint(slices.Collect(func(yield func(int) bool) {
		for n := range 100 {
			if !yield(n) {
				return
			}
		}
	})), " ", ","), "[]")
	return fmt.Sprintf(`{"goal":"X in [%[1]s], Y in [%[1]s], Z in [%[1]s], X * Y * Z = 1000003"}`, numbers)
}()

// rate asks until the rate is used up, which is after one.
func (d *api) rate(t *testing.T, p *process, i *issuer) {
	for n, o := range limited() {
		token := i.token(fmt.Sprint("client ", n), o.scope)
		if strings.HasSuffix(o.path, "/batch") {
			o.body = `{"requests":[` + annReads + `]}` // it costs its items
		}
		if strings.HasSuffix(o.path, "/evaluations") {
			o.body = `{"evaluations":[` + annEvaluated + `]}`
		}
		d.try(t, p, o, 200, "", "Authorization", token)
		d.try(t, p, o, 429, "rate.exceeded", "Authorization", token)
	}
}
