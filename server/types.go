package server

import (
	"time"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/live"
	"github.com/rune-authz/rune/server/problem"
)

// The types below are what goes over the wire, for the OpenAPI document. The bodies of decisions and queries are the engine's own bytes:
// tests hold them to these types.

// EntityName is an entity, as text or as {"type","id"}.
type EntityName any

// Value is a value of Cedar's as JSON.
type Value any

// Entity is an entity that a request brings, where the server allows that.
type Entity struct {
	UID     EntityUID        `json:"uid"`
	Attrs   map[string]Value `json:"attrs"`
	Parents []EntityUID      `json:"parents"`
	Tags    map[string]Value `json:"tags,omitempty"`
}

// EntityUID is an entity's name in Cedar's JSON.
type EntityUID struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// AuthorizeRequest asks for a decision.
type AuthorizeRequest struct {
	Principal EntityName       `json:"principal"`
	Action    EntityName       `json:"action"`
	Resource  EntityName       `json:"resource"`
	Context   map[string]Value `json:"context,omitempty"`
	Entities  []Entity         `json:"entities,omitempty"`
}

// AuthorizeReply is a decision, with all statements that decided.
type AuthorizeReply struct {
	Decision    string      `json:"decision" enum:"permit,deny"`
	Reasons     []Reason    `json:"reasons"`
	Diagnostics Diagnostics `json:"diagnostics"`
}

// Reason is a statement that decided, or a limit that did.
type Reason struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Effect  string `json:"effect"`
	Message string `json:"message,omitempty"`
}

// Diagnostics says what went wrong while deciding, and what was decided by.
type Diagnostics struct {
	Errors   []StatementError `json:"errors"`
	Revision string           `json:"revision"`
}

// StatementError is a statement that raised an error.
type StatementError struct {
	ID      string    `json:"id"`
	Code    host.Code `json:"code"`
	Message string    `json:"message"`
}

// BatchRequest asks for many decisions.
type BatchRequest struct {
	Requests []BatchItem `json:"requests" filled:"yes"`
}

// BatchItem is a request, or should be.
type BatchItem any

// BatchReply holds a decision or an error for each request, in order.
type BatchReply struct {
	Results []BatchResult `json:"results"`
}

// BatchResult is a decision or an error.
type BatchResult any

// ErrorReply is what stands in a decision's place where the request is wrong.
type ErrorReply struct {
	Error RequestError `json:"error"`
}

// RequestError is what is wrong with a request, and where in its item.
type RequestError struct {
	Code    host.Code `json:"code"`
	Message string    `json:"message"`
	Line    int       `json:"line,omitempty"`
	Column  int       `json:"column,omitempty"`
	Help    string    `json:"help,omitempty"`
}

// QueryRequest asks a goal, with a request or without.
type QueryRequest struct {
	Goal      string           `json:"goal" filled:"yes"`
	Principal EntityName       `json:"principal,omitempty"`
	Action    EntityName       `json:"action,omitempty"`
	Resource  EntityName       `json:"resource,omitempty"`
	Context   map[string]Value `json:"context,omitempty"`
	Entities  []Entity         `json:"entities,omitempty"`
	Limit     int              `json:"limit,omitempty" minimum:"1"`
	Cursor    string           `json:"cursor,omitempty"`
}

// QueryReply holds the goal's bindings, sorted.
type QueryReply struct {
	Columns  []string  `json:"columns"`
	Rows     [][]Value `json:"rows"`
	Next     string    `json:"next,omitempty"`
	Revision string    `json:"revision"`
}

// FactsRequest changes facts, deletes first.
type FactsRequest struct {
	Insert     map[string][][]Value `json:"insert,omitempty"`
	Delete     map[string][][]Value `json:"delete,omitempty"`
	IfRevision string               `json:"if_revision,omitempty"`
}

// FactsReply names the state after the change.
type FactsReply struct {
	Revision string `json:"revision"`
}

// PredicateReply holds what is true of a predicate, sorted.
type PredicateReply struct {
	Predicate string    `json:"predicate"`
	Columns   []string  `json:"columns"` // types
	Rows      [][]Value `json:"rows"`
	Next      string    `json:"next,omitempty"`
	Revision  string    `json:"revision"`
}

// PageLimit is how many rows a page has.
type PageLimit int

// ConfigReply tells what is loaded.
type ConfigReply struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Version     string            `json:"version"`
	Revision    string            `json:"revision"`  // of documents and facts
	Documents   string            `json:"documents"` // the revision without posted facts
	Since       time.Time         `json:"since"`
	Sources     []live.File       `json:"sources"`
	Counts      live.Counts       `json:"counts"`
	Predicates  []live.Predicate  `json:"predicates"`
	Needs       []string          `json:"needs"` // keys of context that the server gives
	Warnings    []host.Diagnostic `json:"warnings"`
	LastLoad    LoadReport        `json:"last_load"`
	Reloads     Reloads           `json:"reloads"`
	Engine      EngineReport      `json:"engine"`
}

// LoadReport tells of a load.
type LoadReport struct {
	Time         time.Time        `json:"time"`
	Cause        string           `json:"cause" enum:"start,request,signal,watch"`
	Result       string           `json:"result" enum:"success,unchanged,failed"`
	Milliseconds float64          `json:"milliseconds"`
	Error        *problem.Problem `json:"error,omitempty"`
}

// Reloads counts reloads since the start.
type Reloads struct {
	Success uint64 `json:"success"`
	Failed  uint64 `json:"failed"`
}

// EngineReport names the engine.
type EngineReport struct {
	Version string `json:"version"`
	ABI     int    `json:"abi"`
	SHA256  string `json:"sha256"` // of the module
}

// ReloadReply tells what serves after a reload.
type ReloadReply struct {
	Result   string `json:"result" enum:"success,unchanged"`
	Revision string `json:"revision"`
}

// ValidateReply tells whether a configuration would load.
type ValidateReply struct {
	Valid       bool              `json:"valid"`
	Diagnostics []host.Diagnostic `json:"diagnostics"`
}

// LiveReply tells that the process is up.
type LiveReply struct {
	Status string `json:"status" enum:"live"`
}

// ReadyReply tells that requests are answered, and from what.
type ReadyReply struct {
	Status   string      `json:"status" enum:"ready"`
	Name     string      `json:"name"`
	Revision string      `json:"revision"`
	Counts   live.Counts `json:"counts"`
}

// Document is the text of a .rune document.
type Document string
