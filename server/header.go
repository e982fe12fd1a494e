package server

import "strconv"

// Names of headers, as they are sent.
var (
	headerRequestID = []byte("X-Request-Id")
	headerRevision  = []byte("X-Rune-Revision")
	headerCache     = []byte("X-Rune-Cache")
	headerSteps     = []byte("X-Rune-Steps")
)

// engineHeaders are those of answers that the engine gave.
var engineHeaders = []header{
	{"X-Rune-Revision", "the revision that was asked"},
	{"X-Rune-Cache", "hit or miss; missing where there is no cache"},
	{"X-Rune-Steps", "the steps that it took, where the request has this header"},
}

var cacheValues = [...][]byte{miss: []byte("miss"), hit: []byte("hit")}

// report adds to the answer what is known of the call: the revision that it saw, the cache's part, and the steps if they are asked for.
func (x *exchange) report() {
	h := &x.ctx.Response.Header
	if x.stats.Revision != "" {
		x.scratch.text = append(x.scratch.text[:0], x.stats.Revision...)
		h.SetCanonical(headerRevision, x.scratch.text)
	}
	if x.cached != notAsked {
		h.SetCanonical(headerCache, cacheValues[x.cached])
	}
	if len(x.ctx.Request.Header.PeekBytes(headerSteps)) > 0 {
		x.scratch.text = strconv.AppendUint(x.scratch.text[:0], x.stats.Steps, 10)
		h.SetCanonical(headerSteps, x.scratch.text)
	}
}
