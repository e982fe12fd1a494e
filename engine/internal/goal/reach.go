package goal

import (
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// walk is what a breadth-first search has reached in one direction.
type walk struct {
	seed   uint64
	epoch  uint32
	slots  []slot // row: the number in nodes
	nodes  []node
	queue  []uint32 // numbers of nodes with news
	queued int      // of them done
}

// node is a value that a walk has reached, in some states, of which some are still to be followed.
type node struct {
	value       value.Value
	have, fresh state
}

func (w *walk) begin(seed uint64) {
	w.seed, w.nodes, w.queue, w.queued = seed, w.nodes[:0], w.queue[:0], 0
	if w.epoch++; w.epoch == 0 {
		clear(w.slots)
		w.epoch = 1
	}
	if len(w.slots) == 0 {
		w.slots = make([]slot, 64)
	}
}

// linearNodes is the number of values up to which they are compared one by one: most walks end before that.
const linearNodes = 16

// find returns the number of a value, or the slot where it would be, if there are so many that slots serve.
func (w *walk) find(v value.Value) (number uint32, place int, found bool) {
	if len(w.nodes) <= linearNodes {
		for i := range w.nodes {
			if w.nodes[i].value == v {
				return uint32(i), 0, true
			}
		}
		return 0, -1, false
	}
	return w.findSlot(v)
}

func (w *walk) findSlot(v value.Value) (number uint32, place int, found bool) {
	mask := len(w.slots) - 1
	for i := int(relation.Mix(w.seed^uint64(v))) & mask; ; i = (i + 1) & mask {
		s := w.slots[i]
		if s.epoch != w.epoch {
			return 0, i, false
		}
		if w.nodes[s.row].value == v {
			return s.row, i, true
		}
	}
}

// arrive notes that a value was reached, and returns in which states for the first time.
func (w *walk) arrive(v value.Value, in state) state {
	n, place, found := w.find(v)
	if !found {
		n = uint32(len(w.nodes))
		w.nodes = append(w.nodes, node{value: v})
		switch {
		case place >= 0:
			w.slots[place] = slot{epoch: w.epoch, row: n}
			if 4*len(w.nodes) >= 3*len(w.slots) {
				w.slots = make([]slot, 2*len(w.slots))
				w.fillSlots()
			}
		case len(w.nodes) > linearNodes:
			w.fillSlots()
		}
	}
	x := &w.nodes[n]
	fresh := in &^ x.have
	if fresh != 0 {
		if x.fresh == 0 {
			w.queue = append(w.queue, n)
		}
		x.have |= fresh
		x.fresh |= fresh
	}
	return fresh
}

func (w *walk) fillSlots() {
	for i := range w.nodes {
		_, place, _ := w.findSlot(w.nodes[i].value)
		w.slots[place] = slot{epoch: w.epoch, row: uint32(i)}
	}
}

func (w *walk) has(v value.Value) state {
	if n, _, found := w.find(v); found {
		return w.nodes[n].have
	}
	return 0
}

// startClosure fills the table of a goal on a closure: from the end that is bound, from both where both are.
func (e *Evaluator) startClosure(c *closure, t *table) {
	x, y := t.call[0], t.call[1]
	e.started++
	switch {
	case x != value.None && y != value.None:
		e.meet(c, t, x, y)
	case x != value.None:
		e.walkFrom(c, t, 0, x)
	case y != value.None:
		e.walkFrom(c, t, 1, y)
	default:
		e.closeAll(c, func(x, y value.Value) bool {
			e.pair(t, x, y)
			return !e.stop
		})
	}
	if !t.complete && !e.stop {
		e.finish(t)
	}
}

// The states in which the two directions begin; one's end is the other's.
var beginning = [2]state{isBefore, isAfter}

// walkFrom answers with all that can be reached in one direction.
func (e *Evaluator) walkFrom(c *closure, t *table, direction int, from value.Value) {
	w := &e.walks[direction]
	w.begin(e.tableSet.seed)
	w.arrive(from, beginning[direction])
	for w.queued < len(w.queue) && !e.stop && !t.complete {
		e.follow(c, direction, t, nil)
	}
}

// meet walks from both ends, always from that where fewer values wait, until a value is reached from both.
func (e *Evaluator) meet(c *closure, t *table, x, y value.Value) {
	ends := [2]value.Value{x, y}
	for d := range e.walks {
		e.walks[d].begin(e.tableSet.seed)
		e.walks[d].arrive(ends[d], beginning[d])
	}
	for !e.stop && !t.complete {
		d := 0
		if waiting(&e.walks[1]) < waiting(&e.walks[0]) {
			d = 1
		}
		if waiting(&e.walks[d]) == 0 {
			return // everything reachable from here is known, and the other end isn't
		}
		e.follow(c, d, t, &e.walks[1-d])
	}
}

func waiting(w *walk) int { return len(w.queue) - w.queued }

// follow goes on from the next value of a walk. It answers with each value that is reached, or, where another walk comes towards it, once
// both have reached one.
func (e *Evaluator) follow(c *closure, direction int, t *table, towards *walk) {
	w := &e.walks[direction]
	n := w.queue[w.queued]
	w.queued++
	from, news := w.nodes[n].value, w.nodes[n].fresh
	w.nodes[n].fresh = 0
	e.held += 16
	for i := range c.hops {
		h := &c.hops[i]
		to := c.after(h.kind, news, direction)
		if to == 0 || h.rel.Len() == 0 {
			continue
		}
		ids := e.hopsFrom(h, direction, from)
		rows, arity, column := h.rel.Rows(), h.rel.Arity(), h.ends[1-direction]
		e.step(1)
		for _, id := range ids {
			e.tick()
			v := rows[int(id)*arity+column]
			fresh := w.arrive(v, to)
			switch {
			case fresh == 0:
			case towards == nil:
				if fresh&beginning[1-direction] != 0 {
					e.reached(t, direction, v)
				}
			case towards.has(v)&fresh != 0:
				e.reached(t, direction, t.call[1-direction])
			}
			if e.stop || t.complete {
				return
			}
		}
	}
}

// reached answers that a walk has come to a value.
func (e *Evaluator) reached(t *table, direction int, v value.Value) {
	if direction == 0 {
		e.pair(t, t.call[0], v)
	} else {
		e.pair(t, v, t.call[1])
	}
	if t.call[1-direction] != value.None {
		e.finish(t)
	}
}

// pair adds a pair to a closure's table, which nobody reads yet, and of which each pair is found once.
func (e *Evaluator) pair(t *table, x, y value.Value) {
	t.rows = append(t.rows, x, y)
	t.n++
	e.tuple(2)
}
