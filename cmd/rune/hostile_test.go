package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// post is a request as it should be.
func post(path, body string, fields ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", path, lines(fields), len(body), body)
}

// framed is a request whose body is framed as fields say.
func framed(body string, fields ...string) string {
	return "POST /v1/authorize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + lines(fields) + "\r\n" + body
}

func lines(fields []string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return b.String()
}

func get(path string, fields ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines(fields) + "\r\n"
}

func chunk(body string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(body), body) }

const lastChunk = "0\r\n\r\n"

// allowedRequest is a request that is permitted. Nothing may bring it in that isn't as it should be.
var allowedRequest = post("/v1/authorize", annReads)

// hostile are inputs, and the statuses that they are answered with, in order. "-" is an answer that may be missing, "permit" a 200 that
// permits.
var hostile = []struct{ name, input, want string }{
	// As it should be, so that the test shows what it would see.
	{"a request", allowedRequest, "permit"},
	{"a request of somebody else", post("/v1/authorize", eveReads), "200"},
	{"chunks", framed(chunk(annReads[:10])+chunk(annReads[10:])+lastChunk, "Transfer-Encoding: chunked"), "permit"},
	{"two requests at once", allowedRequest + post("/v1/authorize", eveReads), "permit 200"},
	{"fifty requests at once", strings.Repeat(get("/health/live"), 50), strings.TrimSpace(strings.Repeat("200 ", 50))},
	{"empty lines before", "\r\n\r\n" + allowedRequest, "permit"},

	// No requests.
	{"nothing", "", ""},
	{"line ends", "\r\n\r\n\r\n", "-"},
	{"noise", "\x00\x01\x02\xff\xfe\r\n\r\n", "400"},
	{"TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + strings.Repeat("\x42", 160) + "\n", "400"},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "400"},
	{"HTTP/0.9", "GET /health/live\r\n\r\n", "400"},
	{"HTTP/0.9 by a line feed", "GET /health/live\n", "400"},
	{"HTTP/2.0 in words", "GET /health/live HTTP/2.0\r\nHost: a\r\n\r\n", "400"},
	{"HTTP/1.2", "GET /health/live HTTP/1.2\r\nHost: a\r\n\r\n", "400"},
	{"version in lower case", "GET /health/live http/1.1\r\nHost: a\r\n\r\n", "400"},
	{"version with a blank", "GET /health/live HTTP/1.1 \r\nHost: a\r\n\r\n", "400"},
	{"version with a digit more", "GET /health/live HTTP/1.10\r\nHost: a\r\n\r\n", "400"},
	{"two blanks", "GET  /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"tabs", "GET\t/health/live\tHTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"method alone", "POST\r\n\r\n", "400"},
	{"method with a slash", "GE/T /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"method in lower case", "get /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "405"},
	{"long method", strings.Repeat("A", 4000) + " /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "405"},
	{"longer method", strings.Repeat("A", 40000) + " /health/live HTTP/1.1\r\nHost: a\r\n\r\n", "431"},

	// Targets.
	{"CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "404"},
	{"TRACE", "TRACE /health/live HTTP/1.1\r\nHost: a\r\nSecret: 1\r\n\r\n", "405"},
	{"all options", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "404"},
	{"no path", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"absolute target", strings.Replace(allowedRequest, "POST /", "POST http://localhost/", 1), "404"},
	{"absolute target of another host", "GET http://evil.example.com/v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
	{"target with a user", "GET http://a:b@localhost/v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
	{"target without a scheme", "GET ://x/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
	{"relative target", "GET health/live HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"two slashes", strings.Replace(allowedRequest, "POST /v1", "POST //v1", 1), "404"},
	{"steps back", strings.Replace(allowedRequest, "/v1/authorize", "/v1/x/../authorize", 1), "404"},
	{"steps back, escaped", strings.Replace(allowedRequest, "/v1/authorize", "/v1/x/%2e%2e/authorize", 1), "404"},
	{"path escaped", strings.Replace(allowedRequest, "/v1/authorize", "/v1/%61uthorize", 1), "404"},
	{"path in another case", strings.Replace(allowedRequest, "/v1/authorize", "/V1/authorize", 1), "404"},
	{"slash at the end", strings.Replace(allowedRequest, "/v1/authorize", "/v1/authorize/", 1), "404"},
	{"path parameter", strings.Replace(allowedRequest, "/v1/authorize", "/v1/authorize;x=1", 1), "404"},
	{"backslash", strings.Replace(allowedRequest, "/v1/authorize", "/v1\\authorize", 1), "404"},
	{"fragment", strings.Replace(allowedRequest, "/v1/authorize", "/v1/authorize#x", 1), "404"},
	{"NUL in the path", "GET /health/live\x00 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
	{"NUL in the path, escaped", get("/health/live%00"), "404"},
	{"broken escape", get("/v1/facts/%zz"), "404"},
	{"parameter twice", strings.Replace(allowedRequest, "/v1/authorize", "/v1/authorize?explain=false&explain=true", 1), "400"},
	{"unknown parameter", strings.Replace(allowedRequest, "/v1/authorize", "/v1/authorize?x=1", 1), "400"},
	{"long target", get("/" + strings.Repeat("a", 100_000)), "431"},

	// Fields.
	{"no host", "GET /health/live HTTP/1.1\r\n\r\n", "400"},
	{"two hosts", "GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
	{"empty host", "GET /health/live HTTP/1.1\r\nHost:\r\n\r\n", "400"},
	{"host with a path", "GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
	{"host with a blank", "GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
	{"line feeds", strings.ReplaceAll(get("/health/live", "X: 1"), "\r\n", "\n"), "-"},
	{"a line feed", "GET /health/live HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", "400"},
	{"request behind line feeds", "GET /health/live HTTP/1.1\r\nHost: a\n\n" + allowedRequest, "400"},
	{"carriage returns", strings.ReplaceAll(get("/health/live"), "\n", ""), "-"},
	{"field in two lines", get("/health/live", "X: a", " b"), "400"},
	{"length in two lines", framed(annReads, "Content-Length:", fmt.Sprintf(" %d", len(annReads))), "400"},
	{"blank before the first field", "GET /health/live HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
	{"blank before a colon", framed(annReads, fmt.Sprintf("Content-Length : %d", len(annReads))), "400"},
	{"blank in a name", get("/health/live", "X Y: 1"), "400"},
	{"no colon", get("/health/live", "Xyz"), "400"},
	{"no name", get("/health/live", ": x"), "400"},
	{"NUL in a field", get("/health/live", "X: a\x00b"), "400"},
	{"NUL in a name", get("/health/live", "X\x00: a"), "400"},
	{"control character in a field", get("/health/live", "X: a\x07b"), "400"},
	{"letters beyond ASCII in a field", get("/health/live", "X: \xff\xfe"), "200"},
	{"letters beyond ASCII in a name", get("/health/live", "\xc3\xa4: 1"), "400"},
	{"long field", get("/health/live", "X: "+strings.Repeat("a", 100_000)), "431"},
	{"many fields", get("/health/live", strings.Repeat("X: 1\r\n", 10_000)+"Y: 1"), "431"},
	{"request id with a line end", get("/health/live", "X-Request-ID: a\rb"), "400"},
	{"long request id", get("/health/live", "X-Request-ID: "+strings.Repeat("a", 1000)), "200"},

	// Lengths.
	{"no length", framed(""), "400"},
	{"no length, but a body", framed(annReads), "400"},
	{"length too long", framed(annReads, "Content-Length: 1000"), "-"},
	{"length too short", framed(`{}`+allowedRequest, "Content-Length: 1"), "400 400"},
	{"negative length", framed(annReads, "Content-Length: -1"), "400"},
	{"length with a plus", framed(annReads, fmt.Sprintf("Content-Length: +%d", len(annReads))), "400"},
	{"length in hexadecimal", framed(annReads, fmt.Sprintf("Content-Length: 0x%x", len(annReads))), "400"},
	{"length with a fraction", framed(annReads, fmt.Sprintf("Content-Length: %d.0", len(annReads))), "400"},
	{"length with a blank", framed(annReads, "Content-Length: 6 2"), "400"},
	{"empty length", framed(annReads, "Content-Length:"), "400"},
	{"list of lengths", framed(annReads, fmt.Sprintf("Content-Length: %d, %d", len(annReads), len(annReads))), "400"},
	{"length twice", framed(annReads, fmt.Sprintf("Content-Length: %d", len(annReads)), fmt.Sprintf("Content-Length: %d", len(annReads))), "400"},
	{"two lengths", framed(annReads, "Content-Length: 0", fmt.Sprintf("Content-Length: %d", len(annReads))), "400"},
	{"huge length", framed(annReads, "Content-Length: 9223372036854775807"), "413"},
	{"length that overflows", framed(annReads, "Content-Length: 18446744073709551678"), "400"},
	{"length beyond all", framed(annReads, "Content-Length: "+strings.Repeat("9", 100)), "400"},
	{"body too large", framed(strings.Repeat(" ", 1<<20+1), fmt.Sprintf("Content-Length: %d", 1<<20+1)), "413"},

	// Chunks.
	{"length and chunks", framed(chunk(annReads)+lastChunk, fmt.Sprintf("Content-Length: %d", len(annReads)), "Transfer-Encoding: chunked"), "400"},
	{"chunks and length", framed(lastChunk+allowedRequest, "Transfer-Encoding: chunked", fmt.Sprintf("Content-Length: %d", len(lastChunk+allowedRequest))), "400"},
	{"chunks of HTTP/1.0", strings.Replace(framed(chunk(annReads)+lastChunk, "Transfer-Encoding: chunked"), "HTTP/1.1", "HTTP/1.0", 1), "400"},
	{"no chunks after all", framed(annReads, "Transfer-Encoding: identity", fmt.Sprintf("Content-Length: %d", len(annReads))), "400"},
	{"unknown encoding", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: xchunked"), "400"},
	{"two encodings", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: gzip, chunked"), "400"},
	{"chunks first", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: chunked, identity"), "400"},
	{"encoding twice", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "400"},
	{"two encodings apart", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), "400"},
	{"encoding by a vertical tab", framed(chunk(annReads)+lastChunk, "Transfer-Encoding:\vchunked"), "400"},
	{"quoted encoding", framed(chunk(annReads)+lastChunk, `Transfer-Encoding: "chunked"`), "400"},
	{"encoding with a parameter", framed(chunk(annReads)+lastChunk, "Transfer-Encoding: chunked;q=1"), "400"},
	{"no size", framed("xyz\r\n"+annReads+"\r\n"+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"empty size", framed("\r\n"+annReads+"\r\n"+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"negative size", framed("-3e\r\n"+annReads+"\r\n"+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"size with 0x", framed(fmt.Sprintf("0x%x\r\n%s\r\n", len(annReads), annReads)+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"huge size", framed("7fffffffffffffff\r\n"+annReads, "Transfer-Encoding: chunked"), "4xx"},
	{"size that overflows", framed("1000000000000003e\r\n"+annReads+"\r\n"+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"size beyond all", framed(strings.Repeat("f", 1000)+"\r\n"+annReads, "Transfer-Encoding: chunked"), "400"},
	{"blank before a size", framed(" "+chunk(annReads)+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"size by a line feed", framed(strings.Replace(chunk(annReads), "\r\n", "\n", 1)+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"extension with a line feed", framed(fmt.Sprintf("%x;\n%s\r\n", len(annReads), annReads)+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"no end of a chunk", framed(fmt.Sprintf("%x\r\n%s", len(annReads), annReads)+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"chunk longer than its size", framed("2\r\n{}x\r\n"+lastChunk, "Transfer-Encoding: chunked"), "400"},
	{"no last chunk", framed(chunk(annReads), "Transfer-Encoding: chunked"), "-"},
	{"fields behind the body", framed(chunk(annReads)+"0\r\nX: 1\r\n\r\n", "Transfer-Encoding: chunked"), "400"},
	{"token behind the body", framed(chunk(annReads)+"0\r\nAuthorization: Bearer x\r\n\r\n", "Transfer-Encoding: chunked"), "400"},
	{"length behind the body", framed(chunk(annReads)+"0\r\nContent-Length: 1\r\n\r\n", "Transfer-Encoding: chunked"), "400"},
	{"many fields behind the body", framed(chunk(annReads)+"0\r\n"+strings.Repeat("X: 1\r\n", 10_000)+"\r\n", "Transfer-Encoding: chunked"), "4xx"},
	{"too many chunks", framed(strings.Repeat(chunk(" "), 1<<18)+chunk(strings.Repeat(" ", 1<<20))+lastChunk, "Transfer-Encoding: chunked"), "413"},

	// Bodies.
	{"empty", post("/v1/authorize", ""), "400"},
	{"no object", post("/v1/authorize", "null"), "400"},
	{"list", post("/v1/authorize", "["+annReads+"]"), "400"},
	{"key twice", post("/v1/authorize", `{"principal":"user:eve",`+annReads[1:]), "400"},
	{"key twice, once escaped", post("/v1/authorize", `{"princip\u0061l":"user:eve",`+annReads[1:]), "400"},
	{"key twice in the context", post("/v1/authorize", annReads[:len(annReads)-1]+`,"context":{"a":1,"a":2}}`), "400"},
	{"key in another case", post("/v1/authorize", strings.Replace(annReads, "principal", "Principal", 1)), "400"},
	{"unknown key", post("/v1/authorize", annReads[:len(annReads)-1]+`,"admin":true}`), "400"},
	{"own entities", post("/v1/authorize", eveReads[:len(eveReads)-1]+`,"entities":[{"uid":{"type":"User","id":"eve"},"attrs":{},"parents":[{"type":"Group","id":"staff"}]}]}`), "400"},
	{"two values", post("/v1/authorize", annReads+eveReads), "400"},
	{"something behind", post("/v1/authorize", annReads+"x"), "400"},
	{"NUL behind", post("/v1/authorize", annReads+"\x00"), "400"},
	{"cut off", post("/v1/authorize", annReads[:len(annReads)-1]), "400"},
	{"comment", post("/v1/authorize", "/* */"+annReads), "400"},
	{"comma too many", post("/v1/authorize", annReads[:len(annReads)-1]+",}"), "400"},
	{"byte order mark", post("/v1/authorize", "\xef\xbb\xbf"+annReads), "400"},
	{"no UTF-8", post("/v1/authorize", strings.Replace(annReads, "plan", "\xff", 1)), "400"},
	{"UTF-8 of too many bytes", post("/v1/authorize", strings.Replace(annReads, "ann", "\xc1\xa1nn", 1)), "400"},
	{"half a surrogate", post("/v1/authorize", strings.Replace(annReads, "plan", `\ud800`, 1)), "400"},
	{"UTF-16", post("/v1/authorize", utf16(annReads)), "400"},
	{"NaN", post("/v1/authorize", annReads[:len(annReads)-1]+`,"context":{"a":NaN}}`), "400"},
	{"number beyond all", post("/v1/authorize", annReads[:len(annReads)-1]+`,"context":{"a":1e400}}`), "400"},
	{"deep", post("/v1/authorize", annReads[:len(annReads)-1]+`,"context":{"a":`+strings.Repeat("[", 201)+strings.Repeat("]", 201)+"}}"), "400"},
	{"deeper", post("/v1/authorize", strings.Repeat(`{"a":`, 100_000)), "400"},
	{"deep brackets alone", post("/v1/query", strings.Repeat("[", 1<<20-100)), "400"},
	{"batch of none", post("/v1/authorize/batch", `{"requests":[]}`), "400"},
	{"batch of too many", post("/v1/authorize/batch", `{"requests":[`+strings.Repeat("1,", 1000)+"1]}"), "400"},
	{"batch of two lists", post("/v1/authorize/batch", `{"requests":[],"requests":[`+annReads+`]}`), "400"},
	{"batch of noise", post("/v1/authorize/batch", `{"requests":[`+strings.Repeat("[],", 999)+"{}]}"), "200"},
	{"goal that is no goal", post("/v1/query", `{"goal":"`+strings.Repeat("(", 10_000)+`"}`), "400"},

	// Types.
	{"no type", strings.Replace(allowedRequest, "Content-Type: application/json\r\n", "", 1), "415"},
	{"text", strings.Replace(allowedRequest, "application/json", "text/plain", 1), "415"},
	{"form", strings.Replace(allowedRequest, "application/json", "application/x-www-form-urlencoded", 1), "415"},
	{"parts", strings.Replace(allowedRequest, "application/json", "multipart/form-data; boundary=x", 1), "415"},
	{"parts without a boundary", strings.Replace(allowedRequest, "application/json", "multipart/form-data", 1), "415"},
	{"another charset", strings.Replace(allowedRequest, "application/json", "application/json; charset=utf-16", 1), "415"},
	{"type twice", strings.Replace(allowedRequest, "Content-Type: application/json", "Content-Type: text/plain\r\nContent-Type: application/json", 1), "400"},
	{"compressed", post("/v1/authorize", annReads, "Content-Encoding: gzip"), "415"},

	// Connections.
	{"no requests behind one that is bad", framed(annReads, "Content-Length: 1", "Content-Length: 2") + allowedRequest, "400"},
	{"no requests behind one of unsure length", framed(lastChunk, "Content-Length: 5", "Transfer-Encoding: chunked") + allowedRequest, "400"},
	{"no requests behind the last", get("/health/live", "Connection: close") + allowedRequest, "200"},
	{"WebSocket", get("/v1/authorize", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "405"},
	{"HTTP/2 by upgrade", get("/health/live", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), "200"},
	{"to be continued", framed(annReads, "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", len(annReads))), "100 permit"},
	{"to be continued, too large", framed("", "Expect: 100-continue", "Content-Length: 100000000"), "100 413"},
	{"to be continued, without a body", get("/health/live", "Expect: 100-continue"), "100 200"},
	{"other expectations", framed(annReads, "Expect: a miracle", fmt.Sprintf("Content-Length: %d", len(annReads))), "permit"},
	{"body of a question", "GET /v1/config HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "200"},
	{"another method on top", post("/v1/authorize", annReads, "X-HTTP-Method-Override: DELETE"), "permit"},
	{"another path on top", get("/health/live", "X-Original-URL: /v1/config", "X-Rewrite-URL: /v1/config"), "200"},
}

func utf16(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(text[i])
		b.WriteByte(0)
	}
	return b.String()
}

// TestServe_hostile sends what nobody should, on bare connections, to a server that runs. It stays up, never fails, and permits nothing that
// wasn't asked for as it should be.
func TestServe_hostile(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("there are %d inputs", len(hostile))
	}
	p := start(t, "--read-timeout=1s", "--watch=false")
	answers := make([]string, len(hostile))
	var all sync.WaitGroup
	for i, h := range hostile {
		c := p.dial(t)
		all.Go(func() { answers[i] = exchange(c, h.input) })
	}
	all.Wait()
	for i, h := range hostile {
		t.Run(h.name, func(t *testing.T) { checkAnswers(t, answers[i], h.want) })
	}
	p.checkAlive(t)
}

// TestServe_slow has clients that send a byte now and then, or none, or half a request: they take no more than their connection, and that
// for no longer than the timeout.
func TestServe_slow(t *testing.T) {
	p := start(t, "--read-timeout=300ms", "--max-connections=300")
	var all sync.WaitGroup
	for _, input := range []string{"", "P", allowedRequest[:20], allowedRequest[:len(allowedRequest)-1],
		framed("2\r\n{", "Transfer-Encoding: chunked"), framed("0\r\n", "Transfer-Encoding: chunked"), framed("5", "Transfer-Encoding: chunked")} {
		for range 10 {
			c := p.dial(t)
			all.Go(func() {
				if got := exchange(c, input); input != "" && !strings.Contains(got, " 408 ") || strings.Contains(got, `"decision"`) {
					t.Errorf("%q: %q", input, got)
				}
			})
		}
	}
	for range 20 {
		c := p.dial(t)
		all.Go(func() {
			for i := range allowedRequest {
				if _, err := io.WriteString(c, allowedRequest[i:i+1]); err != nil {
					return // it was closed, as it should be
				}
				time.Sleep(20 * time.Millisecond)
			}
			if strings.Contains(exchange(c, ""), `"decision"`) {
				t.Error("a request that came after the timeout is answered")
			}
		})
	}
	p.checkAlive(t)
	all.Wait()
	p.checkAlive(t)
}

// TestServe_flood has more connections than may be, that do nothing or go away: there is room for others again when they end.
func TestServe_flood(t *testing.T) {
	p := start(t, "--read-timeout=500ms", "--max-connections=50")
	busy := 0
	var open []net.Conn
	for range 200 {
		c := p.dial(t)
		open = append(open, c)
	}
	for _, c := range open {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		text, _ := io.ReadAll(c)
		if bytes.HasPrefix(text, []byte("HTTP/1.1 503 ")) && bytes.Contains(text, []byte(`"code":"server.busy"`)) {
			busy++
		}
		c.Close()
	}
	if busy == 0 {
		t.Error("nobody was told that it is busy")
	}
	for range 300 {
		c := p.dial(t)
		_, _ = io.WriteString(c, allowedRequest[:30])
		_ = c.(*net.TCPConn).SetLinger(0) // so that it ends in a reset
		c.Close()
	}
	for range 100 {
		c := p.dial(t)
		if strings.Contains(exchange(c, get("/health/live", "Connection: close")), " 200 ") {
			p.checkAlive(t)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("there is never room again")
}

func (p *process) checkAlive(t *testing.T) {
	t.Helper()
	if a := p.send("GET", "/health/ready", ""); a.status != 200 {
		t.Errorf("it isn't ready: %+v", a)
	}
	if a := p.send("POST", "/v1/authorize", annReads); !a.permits() {
		t.Errorf("ann may not read: %+v", a)
	}
}

// exchange sends input on a connection, then nothing more, and reads all answers.
func exchange(c net.Conn, input string) string {
	go func() { _, _ = io.WriteString(c, input) }() // which may be more than is read
	var all bytes.Buffer
	buffer := make([]byte, 1<<16)
	for {
		// Where nothing comes for longer than the server waits for more, it has said all.
		_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
		n, err := c.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			return all.String()
		}
	}
}

func (p *process) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial(p.network, p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// checkAnswers compares answers with those that are wanted.
func checkAnswers(t *testing.T, text, want string) {
	t.Helper()
	var got []string
	r := bufio.NewReader(strings.NewReader(text))
	for {
		if _, err := r.Peek(1); err == io.EOF {
			break
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("no answer that can be read: %v\n%q", err, text)
		}
		got = append(got, checkAnswer(t, response))
	}
	if timedOut := len(got) > 0 && got[len(got)-1] == "408"; timedOut && (want == "-" || want == "" || strings.Count(want, " ") == len(got)-2) {
		got = got[:len(got)-1] // for what never came
	}
	switch g := strings.Join(got, " "); {
	case want == "-" && (g == "" || g == "400"):
	case want == "4xx" && len(g) == 3 && g[0] == '4':
	case g != want:
		t.Errorf("answers %q, want %q\n%.1000q", g, want, text)
	}
}

// checkAnswer gives an answer's status, or "permit".
func checkAnswer(t *testing.T, r *http.Response) string {
	t.Helper()
	a, err := readAll(r)
	if err != nil {
		t.Errorf("half an answer: %v", err)
	}
	switch {
	case a.status >= 500:
		t.Errorf("the server fails: %+v", a)
	case a.status >= 400 && r.Header.Get("Content-Type") != "application/problem+json", a.status >= 400 && a.code == "":
		t.Errorf("a refusal is no problem document: %+v", a)
	case strings.Contains(a.body, "goroutine "), strings.Contains(strings.ToLower(fmt.Sprint(a.header)), "fasthttp"):
		t.Errorf("it tells too much: %+v", a)
	case a.permits():
		return "permit"
	}
	return strconv.Itoa(a.status)
}

func readAll(r *http.Response) (answer, error) {
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) && r.StatusCode < 200 {
		err = nil
	}
	a := answer{status: r.StatusCode, header: r.Header, body: string(text)}
	if i := strings.Index(a.body, `"code":"`); i >= 0 {
		a.code, _, _ = strings.Cut(a.body[i+8:], `"`)
	}
	return a, err
}
