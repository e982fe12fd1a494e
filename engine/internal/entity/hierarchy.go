package entity

import "github.com/rune-authz/rune/engine/internal/value"

// walk goes through a hierarchy breadth first. Its memory is reused.
type walk struct {
	seen  []uint32 // by entity number: the epoch of the walk that met it
	epoch uint32
	queue []value.Value
}

// edgeWork is what following one edge adds to a table's Work, which counts text: as much as one step.
const edgeWork = 16

// start begins a walk at an entity.
func (w *walk) start(uid value.Value) {
	w.epoch++
	if w.epoch == 0 {
		clear(w.seen)
		w.epoch = 1
	}
	w.queue = w.queue[:0]
	w.meet(uid)
}

// meet queues an entity that the walk hasn't met.
func (w *walk) meet(uid value.Value) {
	n := uid.Number()
	if n >= len(w.seen) {
		w.seen = append(w.seen, make([]uint32, n+1-len(w.seen))...)
	}
	if w.seen[n] != w.epoch {
		w.seen[n] = w.epoch
		w.queue = append(w.queue, uid)
	}
}

// In reports whether a is b, or has it as an ancestor.
func (v *View) In(a, b value.Value) Tri {
	if v.derivesParents {
		t, fault := v.deriver.In(a, b)
		if t == Err {
			v.fault = fault
		}
		return t
	}
	return TriOf(a == b || v.reaches(a, b))
}

// reaches reports whether b is an ancestor of a by what is stored.
func (v *View) reaches(a, b value.Value) bool {
	w := &v.walk
	w.start(a)
	for i := 0; i < len(w.queue); i++ {
		parents := v.StoredParents(w.queue[i])
		v.table.Work += edgeWork * len(parents)
		for _, p := range parents {
			if p == b {
				return true
			}
			w.meet(p)
		}
	}
	return false
}

// Ancestors appends the ancestors of an entity to dst, the entity itself included, each once. Where it says Erred there may
// be more of them.
func (v *View) Ancestors(uid value.Value, dst []value.Value) ([]value.Value, Status) {
	if v.derivesParents {
		dst, status, fault := v.deriver.Ancestors(uid, dst)
		if status == Erred {
			v.fault = fault
		}
		return dst, status
	}
	w := &v.walk
	w.start(uid)
	for i := 0; i < len(w.queue); i++ {
		parents := v.StoredParents(w.queue[i])
		v.table.Work += edgeWork * len(parents)
		for _, p := range parents {
			w.meet(p)
		}
	}
	return append(dst, w.queue...), OK
}
