package server

import (
	"net/http"

	"github.com/rune-authz/rune/server/problem"
)

const (
	typeJSON = "application/json"
	typeText = "text/plain"
	typeHTML = "text/html; charset=utf-8"
)

// explainParam asks for proofs.
var explainParam = param{"explain", "true adds the proof to a decision; it needs the scope rune:explain", true}

// routes is everything that the server can be asked.
func routes() []*route {
	return []*route{
		{
			method: "POST", path: "/v1/authorize", scope: ScopeAuthorize, body: typeJSON, params: []param{explainParam}, traced: true, handle: (*exchange).authorize,
			summary: "Decide one request", detail: "A decision of deny is 200.",
			request: AuthorizeRequest{}, replies: []answer{{http.StatusOK, typeJSON, "the decision", AuthorizeReply{}}},
			headers: engineHeaders,
		},
		{
			method: "POST", path: "/v1/authorize/batch", scope: ScopeAuthorize, body: typeJSON, params: []param{explainParam}, traced: true, handle: (*exchange).batch,
			summary: "Decide many requests", detail: "Each is decided as if alone; a bad one is an error in its place.",
			request: BatchRequest{}, replies: []answer{{http.StatusOK, typeJSON, "decisions and errors, in order", BatchReply{}}},
			headers: engineHeaders,
		},
		{
			method: "POST", path: "/v1/query", scope: ScopeQuery, body: typeJSON, handle: (*exchange).query,
			summary: "All bindings of a goal, sorted", detail: "With limit they come in pages, of which each but the last names the next.",
			request: QueryRequest{}, replies: []answer{{http.StatusOK, typeJSON, "rows", QueryReply{}}},
			fails: []int{http.StatusConflict}, headers: engineHeaders,
		},
		{
			method: "POST", path: pathEvaluation, scope: ScopeAuthorize, body: typeJSON, wrongBody: problem.CodeRequestType, traced: true, handle: (*exchange).evaluation,
			summary: "Decide one request, in the form of OpenID AuthZEN", detail: "A denial is 200. Members that aren't known are ignored.",
			request: Evaluation{}, replies: []answer{{http.StatusOK, typeJSON, "the decision", EvaluationReply{}}},
			headers: engineHeaders,
		},
		{
			method: "POST", path: pathEvaluations, scope: ScopeAuthorize, body: typeJSON, wrongBody: problem.CodeRequestType, traced: true, handle: (*exchange).evaluations,
			summary: "Decide many requests, in the form of OpenID AuthZEN",
			detail: "What stands outside of evaluations holds for those that don't have it themselves. Each is decided as if alone; a bad one is false, and has an error. " +
				"Without evaluations the body is one itself.",
			request: Evaluations{}, replies: []answer{{http.StatusOK, typeJSON, "decisions, in order, or one", EvaluationsAnswer{}}},
			headers: engineHeaders,
		},
		{
			method: "GET", path: "/.well-known/authzen-configuration", free: true, anyParams: true, handle: (*exchange).getAuthZEN,
			summary: "Where OpenID AuthZEN's endpoints are",
			replies: []answer{{http.StatusOK, typeJSON, "their addresses", AuthZENMetadata{}}},
		},
		{
			method: "POST", path: "/v1/facts", scope: ScopeFacts, admin: true, body: typeJSON, handle: (*exchange).postFacts,
			summary: "Change facts", detail: "One transaction, deletes first. It is held in memory and made again after a reload.",
			request: FactsRequest{}, replies: []answer{{http.StatusOK, typeJSON, "the revision that every later request sees", FactsReply{}}},
			fails: []int{http.StatusConflict}, headers: engineHeaders,
		},
		{
			method: "GET", path: "/v1/facts/{predicate}", scope: ScopeFacts, admin: true, handle: (*exchange).getFacts,
			params:  []param{{"limit", "how many rows", PageLimit(0)}, {"cursor", "the next of the page before", ""}},
			summary: "The rows of a predicate", detail: "Facts from documents and updates, and what rules derive.",
			replies: []answer{{http.StatusOK, typeJSON, "rows", PredicateReply{}}},
			fails:   []int{http.StatusNotFound, http.StatusConflict}, headers: engineHeaders,
		},
		{
			method: "GET", path: "/v1/config", scope: ScopeAdmin, admin: true, handle: (*exchange).getConfig,
			summary: "What is loaded",
			replies: []answer{{http.StatusOK, typeJSON, "the configuration", ConfigReply{}}},
		},
		{
			method: "POST", path: "/v1/config/reload", scope: ScopeAdmin, admin: true, handle: (*exchange).postReload,
			summary: "Load the configuration again", detail: "All or nothing: where it doesn't load, the old one serves on.",
			replies: []answer{{http.StatusOK, typeJSON, "the revision that serves", ReloadReply{}}},
			fails:   []int{http.StatusUnprocessableEntity},
		},
		{
			method: "GET", path: "/v1/config/validate", scope: ScopeAdmin, admin: true, handle: (*exchange).getValidate,
			summary: "Would a reload succeed?", detail: "Nothing changes.",
			replies: []answer{{http.StatusOK, typeJSON, "the verdict", ValidateReply{}}},
		},
		{
			method: "POST", path: "/v1/config/validate", scope: ScopeAdmin, admin: true, body: typeText, handle: (*exchange).postValidate,
			summary: "Is this document valid?", detail: "It can't include others.",
			request: Document(""), replies: []answer{{http.StatusOK, typeJSON, "the verdict", ValidateReply{}}},
		},
		{
			method: "GET", path: "/openapi.json", free: true, everywhere: true, anyParams: true, handle: (*exchange).getOpenAPI,
			summary: "This document",
			replies: []answer{{http.StatusOK, typeJSON, "OpenAPI 3", map[string]any{}}},
		},
		{
			method: "GET", path: "/docs", free: true, everywhere: true, anyParams: true, handle: (*exchange).getDocs,
			summary: "This document as a page, on which requests can be tried",
			replies: []answer{{http.StatusOK, typeHTML, "a page that needs nothing else", ""}},
		},
		{
			method: "GET", path: "/metrics", scope: ScopeAdmin, free: true, admin: true, unguarded: true, anyParams: true, handle: (*exchange).getMetricsPage,
			summary: "Metrics for Prometheus", detail: "OpenMetrics, or Prometheus's protocol buffers, where that is asked for. On an admin listener it needs no token.",
			replies: []answer{{http.StatusOK, typeText, "in Prometheus's text format", ""}},
		},
		{
			method: "GET", path: "/health/live", free: true, admin: true, anyParams: true, handle: (*exchange).getLive,
			summary: "Is the process up?",
			replies: []answer{{http.StatusOK, typeJSON, "it is", LiveReply{}}},
		},
		{
			method: "GET", path: "/health/ready", free: true, admin: true, anyParams: true, handle: (*exchange).getReady,
			summary: "Are requests answered?", detail: "503 without keys to check tokens, and while the server goes down.",
			replies: []answer{{http.StatusOK, typeJSON, "they are", ReadyReply{}}},
			fails:   []int{http.StatusServiceUnavailable},
		},
	}
}
