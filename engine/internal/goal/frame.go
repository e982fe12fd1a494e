package goal

import "github.com/rune-authz/rune/engine/internal/value"

// frame is a rule, or the walk of a hierarchy, that waits for answers.
type frame struct {
	kind   frameKind
	target *table // whose answers it makes
	source *table // that it reads
	next   int32  // answer to take
	queued bool
	plan   *plan // of a rule in T
	step   int32
	code   *code // of a rule in P
	lit    int32 // that is to be continued; of an expansion: the row
	saved  int32 // where its variables stand in Evaluator.saved
	// Of a rule in P: rows to take where source is nil, and the error for which what it has so far may hold.
	rows   int32 // where they stand in Evaluator.saved
	count  int32
	faults int32 // where their faults stand in search.faults, -1 for none
	blame  blame
}

type frameKind uint8

const (
	frameT frameKind = iota
	frameP
	frameExpand
)

// deliver lets a frame take one answer.
func (e *Evaluator) deliver(id int32) {
	f := &e.frames[id]
	if f.target.complete || f.kind == frameP && e.gaveUp {
		return
	}
	n := f.count
	if f.source != nil {
		n = int32(f.source.n)
	}
	i := f.next
	if i >= n { // it has what it needs
		f.queued = false
		return
	}
	f.next++
	if f.queued = f.next < n; f.queued {
		e.push(deliver, id, 0)
	}
	e.asker = f.target
	switch f.kind {
	case frameT:
		e.deliverT(f, int(i))
	case frameP:
		e.deliverP(f, int(i))
	case frameExpand:
		e.deliverParent(f, int(i))
	}
}

// resume lets a frame go on whose table is complete.
func (e *Evaluator) resume(id int32) {
	f := &e.frames[id]
	if f.target.complete || f.kind == frameP && e.gaveUp {
		return
	}
	e.asker = f.target
	switch f.kind {
	case frameT:
		e.loadVars(f)
		e.run(f.plan, int(f.step), f.target)
	case frameP:
		e.resumeP(f)
	case frameExpand:
		e.expand(f.target, f.lit)
	}
}

// await leaves a frame that goes on once a table is complete.
func (e *Evaluator) await(t *table, f frame) {
	t.waiters = append(t.waiters, e.addFrame(f))
	e.levels[t.level].waited++
}

// consume leaves a frame that goes on with each answer of a table, beginning with those it has.
func (e *Evaluator) consume(t *table, f frame) {
	f.source = t
	f.queued = t.n > 0
	id := e.addFrame(f)
	t.consumers = append(t.consumers, id)
	if f.queued {
		e.push(deliver, id, 0)
	}
	if t.errs && f.kind != frameP && f.target.mode == modeT {
		e.mark(f.target)
	}
}

func (e *Evaluator) addFrame(f frame) int32 {
	e.frames = append(e.frames, f)
	e.held += 80
	return int32(len(e.frames) - 1)
}

// save keeps values for a frame.
func (e *Evaluator) save(vs []value.Value) int32 {
	at := len(e.saved)
	e.saved = append(e.saved, vs...)
	e.held += 4 * len(vs)
	return int32(at)
}
