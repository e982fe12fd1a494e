package server

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/guard"
	"github.com/rune-authz/rune/server/problem"
)

// refuse answers what isn't a request that can be read. The connection closes.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	ctx.Response.Header.SetCanonical(headerRequestID, s.ids.append(nil))
	p := guard.Of(err)
	send(ctx, p)
	s.metrics.Other(nil).Answered(p.Status, 0)
}

// Busy is the answer to connections that are too many, as it goes over the wire.
func Busy() []byte {
	var ctx fasthttp.RequestCtx
	send(&ctx, problem.New(problem.CodeBusy, "there are too many connections").With("Retry-After", "1"))
	ctx.Response.Header.SetNoDefaultContentType(true)
	ctx.Response.SetConnectionClose()
	var b bytes.Buffer
	_, _ = ctx.Response.WriteTo(&b) // a buffer takes everything
	return b.Bytes()
}
