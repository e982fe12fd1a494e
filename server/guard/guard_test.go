package guard

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// read reads a request as the server does.
func read(text string) (*fasthttp.Request, error) {
	var r fasthttp.Request
	err := r.ReadLimitBody(bufio.NewReader(strings.NewReader(text)), 1<<20)
	return &r, err
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // "" is taken, "?" may also be refused by fasthttp
	}{
		{"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		{"no fields", "GET / HTTP/1.0\r\n\r\n", ""},
		{"body", "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\nContent-Type: application/json\r\n\r\n{}", ""},
		{"chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", ""},
		{"fields that begin alike", "GET / HTTP/1.1\r\nHost: a\r\nContent: 1\r\nContent: 2\r\nContent-Typ: 1\r\nContent-Typ: 1\r\nTrailers: 1\r\nC: 1\r\nO: 1\r\nO: 2\r\n\r\n", ""},
		{"two versions", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version"},
		{"odd version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version"},
		{"length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "beside"},
		{"chunks and length", "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "beside"},
		{"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", "isn't chunked"},
		{"line feed alone", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "CR LF"},
		{"line feeds alone", "GET / HTTP/1.1\r\nHost: a\n\n", "?CR LF"},
		{"line feed at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", "?CR LF"},
		{"another request behind line feeds", "GET / HTTP/1.1\r\nHost: a\n\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n", "CR LF"},
		{"blank in a name", "GET / HTTP/1.1\r\nHost: a\r\nContent Length: 2\r\n\r\n", "no name"},
		{"blank behind a name", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}", "?no name"},
		{"folded", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "?goes on"},
		{"folded by a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", "?goes on"},
		{"CR", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "?a CR"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "?twice"},
		{"two types", "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 0\r\ncontent-type: c/d\r\n\r\n", "twice"},
		{"two origins", "GET / HTTP/1.1\r\nHost: a\r\nOrigin: a\r\nOrigin: b\r\n\r\n", "twice"},
		{"trailer named", "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n", "behind the body"},
		{"trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Y: 1\r\n\r\n", "?behind the body"},
		{"empty trailer", "GET / HTTP/1.1\r\nHost: a\r\nTrailer:\r\n\r\n", "?behind the body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := read(c.text)
			want, either := strings.CutPrefix(c.want, "?")
			if err != nil {
				if !either {
					t.Error(err)
				}
				return
			}
			p := Check(r)
			if want == "" && p != nil || want != "" && (p == nil || !strings.Contains(p.Detail, want) || p.Code != problem.CodeFraming || p.Status != 400) {
				t.Errorf("%v, want %q", p, want)
			}
		})
	}
}

func TestOf(t *testing.T) {
	small := &fasthttp.ErrSmallBuffer{}
	for _, c := range []struct {
		err    error
		code   host.Code
		status int
	}{
		{small, problem.CodeHeaderTooLarge, 431},
		{fmt.Errorf("read: %w", fasthttp.ErrBodyTooLarge), problem.CodeBodyTooLarge, 413},
		{fasthttp.ErrTimeout, problem.CodeTimeout, 408},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), problem.CodeTimeout, 408},
		{io.ErrUnexpectedEOF, problem.CodeFraming, 400},
		{errors.New("x"), problem.CodeFraming, 400},
	} {
		if p := Of(c.err); p.Code != c.code || p.Status != c.status {
			t.Errorf("%v: %v", c.err, p)
		}
	}
}

func FuzzCheckFields(f *testing.F) {
	f.Add([]byte("Host: a\r\nContent-Length: 2\r\n\r\n"))
	f.Add([]byte("T:\n\r\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if checkFields(raw) == "" && len(raw) > 0 && raw[0] == ' ' {
			t.Errorf("%q is taken", raw)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	r, err := read("POST /v1/authorize HTTP/1.1\r\nHost: localhost:8181\r\nUser-Agent: wrk\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if Check(r) != nil {
			b.Fatal("it is refused")
		}
	}
}
