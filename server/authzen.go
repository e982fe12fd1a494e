package server

import (
	"net/http"
	"strings"

	"github.com/rune-authz/rune/server/problem"
)

// OpenID AuthZEN's Authorization API 1.0. What its texts mean is the engine's to say.

const (
	pathEvaluation  = "/access/v1/evaluation"
	pathEvaluations = "/access/v1/evaluations"
)

func (x *exchange) evaluation() *problem.Problem { return x.decide(verbEvaluation) }

func (x *exchange) evaluations() *problem.Problem {
	if p := x.charge("evaluations"); p != nil {
		return p
	}
	return x.decide(verbEvaluations)
}

// getAuthZEN sends the metadata. Who asks has no say in the addresses, or they would lead wherever the Host header does.
func (x *exchange) getAuthZEN() *problem.Problem {
	base := x.s.config.PublicURL
	if base == "" {
		base = "http://"
		if x.ctx.IsTLS() {
			base = "https://"
		}
		if address := x.ctx.LocalAddr(); address.Network() == "tcp" {
			base += address.String()
		} else {
			base += "localhost"
		}
	}
	base = strings.TrimSuffix(base, "/")
	return x.reply(http.StatusOK, AuthZENMetadata{
		PolicyDecisionPoint: base, AccessEvaluationEndpoint: base + pathEvaluation, AccessEvaluationsEndpoint: base + pathEvaluations,
	})
}
