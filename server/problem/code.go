package problem

import (
	"net/http"
	"strings"

	"github.com/rune-authz/rune/host"
)

// Codes of the server's own problems. All others are the engine's and the host's.
const (
	CodeInternal        host.Code = "server.internal"
	CodeBusy            host.Code = "server.busy"     // too many requests in progress
	CodeDraining        host.Code = "server.draining" // shutting down
	CodeNotReady        host.Code = "server.not_ready"
	CodePath            host.Code = "http.path"
	CodeMethod          host.Code = "http.method"
	CodeContentType     host.Code = "http.content_type"
	CodeContentEncoding host.Code = "http.content_encoding"
	CodeFraming         host.Code = "http.framing" // no HTTP that can be read
	CodeTimeout         host.Code = "http.timeout"
	CodeBodyTooLarge    host.Code = "http.body_too_large"
	CodeHeaderTooLarge  host.Code = "http.header_too_large"
	CodeParameter       host.Code = "http.parameter" // of the query string
	CodeUnauthenticated host.Code = "access.token_missing"
	CodeTokenTwice      host.Code = "access.token_twice" // more than one Authorization
	CodeScope           host.Code = "access.scope"
	CodeOrigin          host.Code = "access.origin"      // a web page asks that isn't allowed to
	CodeCertificate     host.Code = "access.certificate" // there is no certificate, or it names nobody
	CodeRate            host.Code = "rate.exceeded"
	CodeRateBatch       host.Code = "rate.batch" // more items than the burst, which will never pass
	CodeBatchSize       host.Code = "request.batch_size"
	CodeRequestType     host.Code = "request.content_type" // where AuthZEN says so; elsewhere it is CodeContentType
	CodeRevision        host.Code = "facts.revision"       // if_revision isn't current
	CodeFactsPredicate  host.Code = "facts.unknown_predicate"
	CodeFactsUnlisted   host.Code = "facts.unlisted" // of a predicate that can't be listed
	CodeFactsFull       host.Code = "facts.full"
	CodeCursor          host.Code = "query.cursor"
	CodeCursorRevision  host.Code = "query.cursor_revision"
	CodeReload          host.Code = "config.invalid"  // what is on disk doesn't load
	CodeUnstable        host.Code = "config.unstable" // the files change while they are read
	CodeReplay          host.Code = "config.facts"    // what is on disk doesn't take the facts that were posted
)

// statuses is the table from codes to HTTP statuses. What isn't in it is the client's mistake.
var statuses = map[host.Code]int{
	CodeInternal:        http.StatusInternalServerError,
	CodeBusy:            http.StatusServiceUnavailable,
	CodeDraining:        http.StatusServiceUnavailable,
	CodeNotReady:        http.StatusServiceUnavailable,
	CodePath:            http.StatusNotFound,
	CodeMethod:          http.StatusMethodNotAllowed,
	CodeContentType:     http.StatusUnsupportedMediaType,
	CodeContentEncoding: http.StatusUnsupportedMediaType,
	CodeTimeout:         http.StatusRequestTimeout,
	CodeBodyTooLarge:    http.StatusRequestEntityTooLarge,
	CodeHeaderTooLarge:  http.StatusRequestHeaderFieldsTooLarge,
	CodeUnauthenticated: http.StatusUnauthorized,
	CodeScope:           http.StatusForbidden,
	CodeOrigin:          http.StatusForbidden,
	CodeCertificate:     http.StatusForbidden,
	CodeRate:            http.StatusTooManyRequests,
	CodeRevision:        http.StatusConflict,
	CodeFactsPredicate:  http.StatusNotFound,
	CodeFactsUnlisted:   http.StatusNotFound,
	CodeFactsFull:       http.StatusServiceUnavailable,
	CodeCursorRevision:  http.StatusConflict,
	CodeReload:          http.StatusUnprocessableEntity,
	CodeUnstable:        http.StatusUnprocessableEntity,
	CodeReplay:          http.StatusUnprocessableEntity,
	host.CodeTrap:       http.StatusInternalServerError,
	host.CodeClosed:     http.StatusServiceUnavailable,
	host.CodeVersion:    http.StatusInternalServerError,
	host.CodeTooLarge:   http.StatusRequestEntityTooLarge,
}

// StatusOf gives the HTTP status of a code. Codes that start with "access.token" are 401, whatever was wrong with the token.
func StatusOf(code host.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	if strings.HasPrefix(string(code), "access.token") {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}
