package server

import (
	"errors"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/problem"
)

// refuse answers what isn't a request that can be read. The connection closes.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	ctx.Response.Header.SetCanonical(headerRequestID, s.ids.append(nil))
	send(ctx, framingProblem(err))
}

func framingProblem(err error) *problem.Problem {
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		return problem.New(problem.CodeHeaderTooLarge, "the header is too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return problem.New(problem.CodeBodyTooLarge, "the body is too large")
	case errors.As(err, &network) && network.Timeout():
		return problem.New(problem.CodeTimeout, "the request didn't come in time")
	}
	return problem.New(problem.CodeFraming, "this isn't a request that can be read")
}
