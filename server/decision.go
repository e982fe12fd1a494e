package server

import (
	"bytes"
	"time"

	"github.com/rune-authz/rune/server/audit"
)

var headerTrace = []byte("Traceparent")

// forms are those of bodies and answers that hold many decisions.
var forms = map[*verb]audit.Form{verbBatch: audit.Batch, verbEvaluations: audit.Evaluations}

// record writes the decisions of an answer down, if there is a log of them.
func (x *exchange) record(v *verb) {
	if x.s.audit == nil {
		return
	}
	client := x.client.Subject
	if client == "" {
		client = "local"
		if a := x.s.gate.Address(x.ctx); a.IsValid() {
			client = a.String()
		}
	}
	x.s.audit.Write(&audit.Record{
		Time: time.Now(), ID: string(x.id), Client: client, Trace: x.traceID(),
		Revision: x.stats.Revision, Cached: x.cached == hit, Form: forms[v],
		Request: bytes.Clone(x.body()), Reply: bytes.Clone(x.ctx.Response.Body()),
	})
}

// traceID is the id of the trace that a request belongs to, in the form of W3C's Trace Context; "" where there is none.
func traceID(parent []byte) string {
	const version, end, whole = len("00-"), len("00-") + 32, len("00-") + 32 + len("-") + 16 + len("-00")
	if len(parent) < whole || parent[2] != '-' || parent[end] != '-' {
		return ""
	}
	id := parent[version:end]
	for _, c := range id {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return ""
		}
	}
	return string(id)
}
