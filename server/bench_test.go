package server

import (
	"bufio"
	"net"
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
)

// benchRequest is as an HTTP client sends it.
func benchRequest(path, body string) []byte {
	var r fasthttp.Request
	r.Header.SetMethod("POST")
	r.SetRequestURI(path)
	r.Header.SetHost("127.0.0.1:8181")
	r.Header.SetContentType("application/json")
	r.SetBodyString(body)
	return []byte(r.String())
}

// benchServer measures one connection that sends the same request again and again.
func benchServer(b *testing.B, h *fasthttp.Server, request []byte, status int) {
	ln := fasthttputil.NewInmemoryListener()
	done := make(chan error, 1)
	go func() { done <- h.Serve(ln) }()
	c, err := ln.Dial()
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = c.Close()
		_ = h.Shutdown()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}()
	b.ReportAllocs()
	exchangeOnce(b, c, bufio.NewReader(c), request, status)
	r := bufio.NewReader(c)
	var resp fasthttp.Response
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		if err := resp.Read(r); err != nil {
			b.Fatal(err)
		}
	}
}

func exchangeOnce(b *testing.B, c net.Conn, r *bufio.Reader, request []byte, status int) {
	if _, err := c.Write(request); err != nil {
		b.Fatal(err)
	}
	var resp fasthttp.Response
	if err := resp.Read(r); err != nil || resp.StatusCode() != status {
		b.Fatalf("%d %v: %s", resp.StatusCode(), err, resp.Body())
	}
}

// BenchmarkAuthorize compares decisions, with the cache and without, with a fixed reply.
func BenchmarkAuthorize(b *testing.B) {
	request := benchRequest("/v1/authorize", annReads)
	b.Run("fixed", func(b *testing.B) {
		reply := []byte(`{"decision":"permit","reasons":[{"id":"staff-read","kind":"rule","effect":"permit","message":"staff may read"}],"diagnostics":{"errors":[],"revision":"0123456789012345678901234567890123456789012345678901234567890123"}}`)
		benchServer(b, &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.SetContentTypeBytes(mediaJSON)
			ctx.SetBody(reply)
		}}, request, 200)
	})
	for name, bytes := range map[string]int{"engine": 0, "cached": 64 << 20} {
		b.Run(name, func(b *testing.B) {
			s := benchNew(b, people, func(c *Config) { c.CacheBytes = bytes })
			benchServer(b, s.newHTTP(s.public), request, 200)
		})
	}
	b.Run("call", func(b *testing.B) {
		s := benchNew(b, people, func(c *Config) { c.CacheBytes = 0 })
		x := exchange{s: s, client: anonymous, ctx: &fasthttp.RequestCtx{}}
		b.ReportAllocs()
		for b.Loop() {
			if p := x.ask(verbAuthorize, []byte(annReads)); p != nil {
				b.Fatal(p)
			}
		}
	})
}

func benchNew(b *testing.B, config string, change func(*Config)) *Server {
	c := DefaultConfig()
	c.Path = b.TempDir() + "/config.rune"
	write(b, c.Path, config)
	change(&c)
	s, err := New(b.Context(), c, Deps{Runtime: testRuntime(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close(b.Context()) })
	return s
}
