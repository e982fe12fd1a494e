package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

func init() {
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
}

// people is a configuration for tests.
const people = `version = "rune/1.0"
[metadata]
name = "people"
[data]
member = [["ann", "staff"], ["bob", "staff"], ["cleo", "guests"]]
banned = []
[rules]
decl member(User, Group).
decl banned(User).
@id("staff-read") @reason("staff may read")
permit(P, "read", _) :- member(P, Group::"staff").
forbid(P, _, _) :- banned(P).
`

const (
	annReads  = `{"principal":"ann","action":"read","resource":"doc:plan"}`
	annWrites = `{"principal":"ann","action":"write","resource":"doc:plan"}`
)

// served is a server in this process.
type served struct {
	*Server
	t      *testing.T
	path   string // of the configuration
	client *http.Client
	admin  *http.Client // nil where there is no admin listener
	addr   string
	stop   context.CancelFunc
	done   chan error
	router routers.Router
	doc    *openapi3.T
}

// serve starts a server with the configuration in a folder of its own; it ends with the test.
func serve(t *testing.T, config string, d Deps, change ...func(*Config)) *served {
	t.Helper()
	c := DefaultConfig()
	c.Path = filepath.Join(t.TempDir(), "config.rune")
	write(t, c.Path, config)
	c.Watch = false
	for _, f := range change {
		f(&c)
	}
	if d.Runtime == nil {
		d.Runtime = testRuntime(t)
	}
	s, err := New(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	v := &served{Server: s, t: t, path: c.Path, done: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	v.stop = stop
	ln := listen(t)
	v.client, v.addr = clientOf(ln), ln.Addr().String()
	var adminListener net.Listener
	if c.AdminListen != "" {
		adminListener = listen(t)
		v.admin = clientOf(adminListener)
	}
	go func() { v.done <- s.Serve(ctx, ln, adminListener) }()
	t.Cleanup(func() {
		stop()
		v.client.CloseIdleConnections()
		if err := <-v.done; err != nil {
			t.Error("serve:", err)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error("close:", err)
		}
	})
	v.readDocument()
	return v
}

// shared is one compiled module for all tests.
var shared = sync.OnceValues(func() (*host.Runtime, error) { return host.New(context.Background(), host.Options{}) })

func testRuntime(t testing.TB) *host.Runtime {
	t.Helper()
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// clientOf asks a listener, whatever the URL says.
func clientOf(ln net.Listener) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
		},
		DisableCompression: true,
	}}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readDocument makes ready to check answers.
func (v *served) readDocument() {
	v.t.Helper()
	text, err := v.openAPI()
	if err != nil {
		v.t.Fatal(err)
	}
	if v.doc, err = openapi3.NewLoader().LoadFromData(text); err == nil {
		v.router, err = legacy.NewRouter(v.doc)
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// got is an answer.
type got struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to the main listener. headers are names and values; a body is JSON unless they say something else.
func (v *served) ask(method, path, body string, headers ...string) got {
	v.t.Helper()
	return v.askAt(v.client, method, path, body, headers...)
}

func (v *served) askAt(client *http.Client, method, path, body string, headers ...string) got {
	v.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, "http://rune.test"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.URL.Opaque, r.URL.RawQuery = path, "" // as it is written
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	g := got{resp.StatusCode, resp.Header, string(text)}
	v.check(method, path, g)
	return g
}

// check holds an answer to the OpenAPI document, and a problem to its type.
func (v *served) check(method, path string, g got) {
	v.t.Helper()
	if id := g.header.Get("X-Request-Id"); id == "" {
		v.t.Errorf("%s %s: no request id", method, path)
	}
	if g.status >= 400 && method != "HEAD" {
		g.problem(v.t)
	}
	u, err := url.Parse(path)
	if err != nil || method == "HEAD" {
		return
	}
	r := &http.Request{Method: method, URL: u, Header: http.Header{}, Host: "rune.test"}
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		if g.status != http.StatusNotFound && g.status != http.StatusMethodNotAllowed {
			v.t.Errorf("%s %s: %d, and the document has no such route", method, path, g.status)
		}
		return
	}
	if strings.Contains(g.body, `"code":"http.path"`) || g.status == http.StatusInternalServerError {
		return // which no document promises
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 g.status, Header: g.header, Body: io.NopCloser(strings.NewReader(g.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		v.t.Errorf("%s %s: %d isn't as the document says: %v\n%s", method, path, g.status, err, g.body)
	}
}

// problem reads an answer that has to be a problem.
func (g got) problem(t testing.TB) problem.Problem {
	t.Helper()
	var p problem.Problem
	d := json.NewDecoder(strings.NewReader(g.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil || g.header.Get("Content-Type") != problem.ContentType {
		t.Errorf("%d isn't a problem: %v, %s, %s", g.status, err, g.header.Get("Content-Type"), g.body)
	}
	if p.Code == "" || p.Detail == "" || p.Status != g.status || p.Title != http.StatusText(g.status) {
		t.Errorf("an unfinished problem: %s", g.body)
	}
	return p
}

// wantProblem fails the test unless the answer is a problem of that status and code.
func (g got) wantProblem(t testing.TB, status int, code string) problem.Problem {
	t.Helper()
	p := g.problem(t)
	if g.status != status || string(p.Code) != code {
		t.Errorf("%d %s, want %d %s\n%s", g.status, p.Code, status, code, g.body)
	}
	return p
}

// wantOK fails the test unless the answer is 200 and has text in it.
func (g got) wantOK(t testing.TB, text string) got {
	t.Helper()
	if g.status != http.StatusOK || !strings.Contains(g.body, text) {
		t.Errorf("%d, want 200 with %s\n%s", g.status, text, g.body)
	}
	return g
}

// into reads an answer's JSON.
func (g got) into(t testing.TB, out any) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader([]byte(g.body))).Decode(out); err != nil {
		t.Fatalf("%v: %s", err, g.body)
	}
}

func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
