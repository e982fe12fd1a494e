package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/problem"
)

// TestPaths: only a documented spelling is a route.
func TestPaths(t *testing.T) {
	v := serve(t, people, Deps{})
	for _, path := range []string{
		"/", "//", "/v1", "/v1/", "/v1/config/", "//v1/config", "/v1//config", "/V1/config", "/v1/Config", "/v1/config;x", "/v1/%63onfig", "/v1/config%20",
		"/v1/./config", "/v1/x/../config", "/v1/config%00", "/v1/config/reload/", "/health", "/health/live/", "/metrics/", "/openapi.json/", "/docs/", "/favicon.ico",
		"/v1/config#x", "/v1/config%3Fx", "/v1/facts", "/v2/config", "/access/v1/search/subject",
	} {
		method := "GET"
		if path == "/v1/facts" {
			method = "POST"
			v.ask(method, path+"/", "{}").wantProblem(t, 404, "http.path")
			continue
		}
		v.ask(method, path, "").wantProblem(t, 404, "http.path")
	}
	v.ask("GET", "/health/live?anything=%zz&x", "").wantOK(t, "live")
}

func TestMethods(t *testing.T) {
	v := serve(t, people, Deps{})
	for _, c := range []struct{ method, path, allow string }{
		{"GET", "/v1/authorize", "POST"}, {"PUT", "/v1/authorize", "POST"}, {"HEAD", "/v1/facts", "POST"}, {"OPTIONS", "/v1/query", "POST"},
		{"POST", "/v1/facts/member", "GET, HEAD"}, {"DELETE", "/v1/config/validate", "GET, HEAD, POST"}, {"post", "/v1/authorize", "POST"},
		{"CONNECT", "/v1/authorize", "POST"}, {"GETX", "/health/live", "GET, HEAD"}, {"TRACE", "/docs", "GET, HEAD"},
	} {
		g := v.ask(c.method, c.path, "")
		if c.method != "HEAD" {
			g.wantProblem(t, 405, "http.method")
		}
		if g.status != 405 || g.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q, want %q", c.method, c.path, g.status, g.header.Get("Allow"), c.allow)
		}
	}
	for _, path := range []string{"/health/live", "/health/ready", "/v1/config", "/openapi.json", "/docs", "/v1/facts/member"} {
		get, head := v.ask("GET", path, ""), v.ask("HEAD", path, "")
		if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(get.body)) || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d %q %v", path, head.status, head.body, head.header)
		}
	}
	if g := v.ask("HEAD", "/nothing", ""); g.status != 404 || g.body != "" {
		t.Errorf("HEAD of nothing: %+v", g)
	}
}

func TestContentType(t *testing.T) {
	v := serve(t, people, Deps{})
	for contentType, ok := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "Application/JSON;charset=\"UTF-8\"": true,
		"application/json; charset=latin1": false, "application/json; boundary=x": false, "text/json": false, "application/json-patch+json": false,
		"application/x-www-form-urlencoded": false, "multipart/form-data; boundary=x": false, "application/json, text/plain": false, "json": false, " ": false,
	} {
		g := v.ask("POST", "/v1/authorize", annReads, "Content-Type", contentType)
		if ok {
			g.wantOK(t, "permit")
		} else {
			g.wantProblem(t, 415, "http.content_type")
		}
	}
	for _, encoding := range []string{"gzip", "identity", "x"} {
		v.ask("POST", "/v1/authorize", annReads, "Content-Encoding", encoding).wantProblem(t, 415, "http.content_encoding")
	}
	v.ask("POST", "/v1/config/reload", "whatever", "Content-Type", "x/y", "Content-Encoding", "gzip").wantOK(t, "unchanged")
	v.ask("POST", "/v1/config/validate", people).wantProblem(t, 415, "http.content_type")
}

func TestRequestID(t *testing.T) {
	v := serve(t, people, Deps{})
	for id, echoed := range map[string]bool{
		"a": true, "with blank ~!": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "": false, "ümlaut": false, "tab\there": false,
	} {
		g := v.ask("GET", "/health/live", "", "X-Request-ID", id)
		if got := g.header.Get("X-Request-Id"); (got == id) != echoed {
			t.Errorf("id %q is answered with %q", id, got)
		}
	}
	made := map[string]bool{}
	for range 100 {
		made[v.ask("GET", "/nothing", "").header.Get("X-Request-Id")] = true
	}
	if len(made) != 100 {
		t.Errorf("%d different ids of 100", len(made))
	}
}

// raw sends bytes on a connection of their own, and returns the answers until it closes, or none comes.
func (v *served) raw(text string) []*http.Response {
	v.t.Helper()
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		v.t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var list []*http.Response
	for r := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return list
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return list
		}
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		list = append(list, resp)
	}
}

// TestFraming: what isn't HTTP that can be read is a problem as well, and ends the connection.
func TestFraming(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.MaxHeader, c.MaxBody, c.ReadTimeout = 2048, 1024, 300*time.Millisecond })
	const head = "POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		text   string
		status int
		code   string
	}{
		"no HTTP":            {"hello\r\n\r\n", 400, "http.framing"},
		"no version":         {"GET /health/live\r\n\r\n", 400, "http.framing"},
		"a header too large": {"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Large: " + strings.Repeat("x", 4096) + "\r\n\r\n", 431, "http.header_too_large"},
		"a path too long":    {"GET /" + strings.Repeat("x", 4096) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, "http.header_too_large"},
		"a body too large":   {head + "Content-Length: 1025\r\n\r\n" + strings.Repeat("x", 1025), 413, "http.body_too_large"},
		"chunks too large":   {head + "Transfer-Encoding: chunked\r\n\r\n800\r\n" + strings.Repeat("x", 2048) + "\r\n0\r\n\r\n", 413, "http.body_too_large"},
		"a bad length":       {head + "Content-Length: x\r\n\r\n{}", 400, "http.framing"},
		"a bad chunk":        {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "http.framing"},
		"a body that stalls": {head + "Content-Length: 100\r\n\r\n{", 408, "http.timeout"},
		"a head that stalls": {head, 408, "http.timeout"},
		"a negative length":  {head + "Content-Length: -1\r\n\r\n", 400, "http.framing"},
	} {
		t.Run(name, func(t *testing.T) {
			list := v.raw(c.text)
			if len(list) != 1 {
				t.Fatalf("%d answers", len(list))
			}
			body, _ := io.ReadAll(list[0].Body)
			g := got{list[0].StatusCode, list[0].Header, string(body)}
			g.wantProblem(t, c.status, c.code)
			if g.header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
	v.ask("GET", "/health/live", "").wantOK(t, "live")
}

// TestBusy: what is more than can be done at once is refused, but not health.
func TestBusy(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.MaxInFlight = 1 })
	v.inFlight.Add(1)
	if p := v.ask("POST", "/v1/authorize", annReads); p.header.Get("Retry-After") != "1" {
		t.Error("no Retry-After")
	} else {
		p.wantProblem(t, 503, "server.busy")
	}
	v.ask("GET", "/health/ready", "").wantOK(t, "ready")
	v.inFlight.Add(-1)
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	if n := v.inFlight.Load(); n != 0 {
		t.Errorf("%d in flight", n)
	}
}

// TestPanic: a bug ends a request, not the server.
func TestPanic(t *testing.T) {
	v := serve(t, people, Deps{})
	v.public.exact["/v1/query"].routes[0].handle = func(*exchange) *problem.Problem { panic("bug") }
	v.ask("POST", "/v1/query", `{"goal":"member(A, B)"}`).wantProblem500(t)
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
}

func (g got) wantProblem500(t *testing.T) {
	t.Helper()
	if p := g.problem(t); g.status != 500 || p.Code != "server.internal" || strings.Contains(g.body, "bug") {
		t.Errorf("%d %s", g.status, g.body)
	}
}

// TestAdminListener: what is for administrators is there alone, and decisions aren't.
func TestAdminListener(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.AdminListen = "127.0.0.1:0" })
	for _, r := range routes() {
		path := strings.Replace(r.path, "{predicate}", "member", 1)
		body := ""
		if r.body != "" {
			body = "{}"
		}
		main, admin := v.ask(r.method, path, body).status != 404, v.askAt(v.admin, r.method, path, body).status != 404
		wantMain, wantAdmin := true, false
		switch {
		case path == "/openapi.json" || path == "/docs":
			wantAdmin = true
		case path == "/metrics" || strings.HasPrefix(path, "/health/") || strings.HasPrefix(path, "/v1/config") || strings.HasPrefix(path, "/v1/facts"):
			wantMain, wantAdmin = false, true
		}
		if main != wantMain || admin != wantAdmin {
			t.Errorf("%s %s is on main %v, on admin %v", r.method, path, main, admin)
		}
	}
}

// TestLogger: what fasthttp says is passed on without its arguments, which hold headers.
func TestLogger(t *testing.T) {
	var log strings.Builder
	v := serve(t, people, Deps{Log: logTo(&log)})
	h := v.newHTTP(v.public)
	h.Logger.Printf("error in %s", "Authorization: Bearer secret")
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "error in") {
		t.Errorf("log: %s", text)
	}
	if h.Name != "" || !h.NoDefaultServerHeader || !h.DisablePreParseMultipartForm {
		t.Error("settings of fasthttp")
	}
	var _ fasthttp.Logger = quiet{}
}
