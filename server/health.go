package server

import (
	"net/http"

	"github.com/rune-authz/rune/server/problem"
)

// getLive tells that the process is up.
func (x *exchange) getLive() *problem.Problem {
	return x.reply(http.StatusOK, &LiveReply{Status: "live"})
}

// getReady tells whether requests can be answered: a configuration is loaded, tokens can be checked, and the server isn't going down.
func (x *exchange) getReady() *problem.Problem {
	if x.s.draining.Load() {
		return problem.New(problem.CodeDraining, "the server is going down")
	}
	if err := x.s.gate.Ready(); err != nil {
		return problem.New(problem.CodeNotReady, err.Error())
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
