package server

import (
	"net/http"

	"github.com/rune-authz/rune/server/problem"
)

// getLive tells that the process is up.
func (x *exchange) getLive() *problem.Problem {
	return x.reply(http.StatusOK, &LiveReply{Status: "live"})
}

// notReady is why requests can't be answered, or nil: tokens can't be checked, or the server goes down.
func (s *Server) notReady() *problem.Problem {
	if s.draining.Load() {
		return problem.New(problem.CodeDraining, "the server is going down")
	}
	if err := s.gate.Ready(); err != nil {
		return problem.New(problem.CodeNotReady, err.Error())
	}
	return nil
}

// getReady tells whether requests can be answered: a configuration is loaded, tokens can be checked, and the server isn't going down.
func (x *exchange) getReady() *problem.Problem {
	if p := x.s.notReady(); p != nil {
		return p
	}
	g := x.s.store.Current()
	d, err := g.Describe(x.s.ctx)
	if x.s.store.Replaced(g, err) {
		return x.getReady()
	}
	if err != nil {
		return problem.New(problem.CodeNotReady, err.Error())
	}
	return x.reply(http.StatusOK, &ReadyReply{Status: "ready", Name: d.Name, Revision: d.Revision, Counts: d.Counts})
}
