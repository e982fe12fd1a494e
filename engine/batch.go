package engine

import "github.com/rune-authz/rune/engine/internal/wire"

// Batch appends {"results":[…]} for {"requests":[…]}: each request's reply or error in its place, decided and limited as if alone. Where all replies
// together are longer than the host's limit of bytes, or the default if that is higher, the batch is an error: short requests may have long replies.
func (e *Engine) Batch(dst, batch []byte, h *Host) []byte {
	if d := e.enter(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	defer e.leave()
	e.begin(h)
	total := Stats{Cacheable: true}
	items, err := e.reader.Batch(batch)
	if err != nil {
		dst = e.appendRequestError(dst, batch, err)
		e.end()
		return dst
	}
	start := len(dst)
	dst = append(dst, `{"results":[`...)
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		e.begin(h)
		dst = e.authorize(dst, batch[item.Start:item.End], h, false)
		e.end()
		total.add(&e.stats)
		if h.tooLong(len(dst) - start) {
			e.stats = total
			return appendTooLong(dst[:start])
		}
	}
	e.stats = total
	return append(dst, "]}"...)
}

// tooLong reports whether the replies to a batch are longer than they may be.
func (h *Host) tooLong(length int) bool {
	return uint64(length) > max(h.Limits.ArenaBytes, defaultLimits.ArenaBytes)
}

func appendTooLong(dst []byte) []byte {
	return wire.AppendError(dst, "limit.arena_bytes", "the replies to the batch are longer than limit.arena_bytes", "", 0, 0, "split the batch")
}

// add sums the statistics of a batch's items.
func (s *Stats) add(item *Stats) {
	s.Cacheable = s.Cacheable && item.Cacheable
	s.UsedNow = s.UsedNow || item.UsedNow
	s.Steps += item.Steps
	s.ErrorSteps += item.ErrorSteps
	s.ArenaBytes += item.ArenaBytes
	s.Tuples += item.Tuples
	s.Tables += item.Tables
	s.RulesEvaluated += item.RulesEvaluated
	s.PoliciesEvaluated += item.PoliciesEvaluated
	s.Reasons += item.Reasons
	s.Errors += item.Errors
	s.Items++
	s.Permits += item.Permits
	s.Denies += item.Denies
	s.Limit = max(s.Limit, item.Limit)
	for i := range s.Phases {
		s.Phases[i] += item.Phases[i]
	}
}
