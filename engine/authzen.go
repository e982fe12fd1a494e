package engine

import "github.com/rune-authz/rune/engine/internal/wire"

// Evaluation appends the reply to an evaluation of OpenID AuthZEN's Authorization API 1.0, {"decision":true|false,"context":{…}}, or {"error":{…}} for
// a text that is none.
func (e *Engine) Evaluation(dst, text []byte, h *Host) []byte {
	if d := e.enter(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	defer e.leave()
	e.begin(h)
	x, err := e.reader.Evaluation(text)
	dst = e.evaluation(dst, text, &x, err, h)
	e.end()
	return dst
}

// Evaluations appends {"evaluations":[…]} for several evaluations, each with its reply in its place, up to the last that its semantic wants. One that
// is wrong is false, and its context has the error. A text without evaluations is one itself.
func (e *Engine) Evaluations(dst, text []byte, h *Host) []byte {
	if d := e.enter(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	defer e.leave()
	e.begin(h)
	all, err := e.reader.Evaluations(text)
	if err != nil || len(all.Items) == 0 {
		dst = e.evaluation(dst, text, &all.Defaults, err, h)
		e.end()
		return dst
	}
	total := Stats{Cacheable: true}
	start := len(dst)
	dst = append(dst, `{"evaluations":[`...)
	for i := range all.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		e.begin(h)
		dst = e.item(dst, text, &all, i, h)
		e.end()
		total.add(&e.stats)
		if h.tooLong(len(dst) - start) {
			e.stats = total
			return appendTooLong(dst[:start])
		}
		permit := e.stats.Decision == Permit
		if all.Semantic == wire.DenyOnFirstDeny && !permit || all.Semantic == wire.PermitOnFirstPermit && permit {
			break
		}
	}
	e.stats = total
	return append(dst, "]}"...)
}

// item answers one of several evaluations.
func (e *Engine) item(dst, text []byte, all *wire.Evaluations, i int, h *Host) []byte {
	const before = `{"decision":false,"context":`
	x, err := e.reader.Item(text, all, i)
	start := len(dst)
	dst = e.evaluation(append(dst, before...), text, &x, err, h)
	if e.stats.Decision == NoDecision {
		return append(dst, '}')
	}
	return append(dst[:start], dst[start+len(before):]...)
}

// evaluation answers an evaluation, unless err says what is wrong with its text.
func (e *Engine) evaluation(dst, text []byte, x *wire.Evaluation, err *wire.Error, h *Host) []byte {
	e.authzen = true
	e.table.ReuseFaults(true)
	dst = e.decideEvaluation(dst, text, x, err, h)
	e.table.ReuseFaults(false)
	e.authzen = false
	e.watch.end(&e.stats)
	return dst
}

func (e *Engine) decideEvaluation(dst, text []byte, x *wire.Evaluation, err *wire.Error, h *Host) []byte {
	e.watch.begin()
	can := false
	if err == nil {
		can, err = e.reader.ReadEvaluation(text, x, &e.request)
	}
	if err == nil && can {
		err = e.admit(&e.request, h, false)
	}
	e.watch.mark(PhaseFacts)
	switch {
	case err != nil:
		return e.appendRequestError(dst, text, err)
	case !can: // there is no such entity, of which nothing can be true
		e.stats.Cacheable = true
		return e.appendDenied(dst, string(wire.CodeEntity))
	}
	return e.answer(dst, h)
}
