package server

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rune-authz/rune/server/problem"
)

// pair is one parameter of a query string.
type pair struct{ name, value string }

// checkParams reads the query string. Parameters that the route doesn't have are refused, and those that stand twice.
func (x *exchange) checkParams() *problem.Problem {
	if len(x.arguments) == 0 || x.route.anyParams {
		return nil
	}
	for part := range strings.SplitSeq(string(x.arguments), "&") {
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		v, e := url.QueryUnescape(value)
		if err != nil || e != nil {
			return badParam("the query string is wrongly encoded")
		}
		if !slices.ContainsFunc(x.route.params, func(p param) bool { return p.name == n }) {
			return badParam("there is no parameter " + strconv.Quote(n))
		}
		if _, ok := x.param(n); ok {
			return badParam(n + " stands twice")
		}
		x.params = append(x.params, pair{n, v})
	}
	return nil
}

func badParam(detail string) *problem.Problem { return problem.New(problem.CodeParameter, detail) }

// param gives a parameter of the query string.
func (x *exchange) param(name string) (string, bool) {
	for _, p := range x.params {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// explains reports whether the answer is to be explained.
func (x *exchange) explains() (bool, *problem.Problem) {
	switch v, ok := x.param("explain"); {
	case !ok || v == "false":
		return false, nil
	case v != "true":
		return false, badParam("explain is true or false")
	}
	if !x.client.Has(ScopeExplain) {
		return false, problem.New(problem.CodeScope, "explanations need the scope "+ScopeExplain.String())
	}
	return true, nil
}
