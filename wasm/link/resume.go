package main

import "slices"

// A function that may be resumed needs a way to each block that it may be resumed with. A hot function has its old body for that, behind its new
// one. Any other has ways of its own, which take less room and more time: its body starts with a branch to that block, and where the block stands
// in loops, to a gate before each of their heads first, which goes on with such a branch; so a loop keeps one entry.

// resumable adds these ways to a flow. It reports whether the flow is one that can have them: its loops have one entry each.
func (f *flow) resumable() bool {
	s, ok := f.loops()
	if !ok {
		return false
	}
	r := resumer{flow: f, around: s.around(), gates: map[int]int{}}
	r.entry = r.add(f.start)
	f.start = r.entry
	r.ways()
	r.close()
	f.ways = true
	f.gated = len(r.gates) > 0
	return true
}

// loops finds the flow's loops. What can't be reached from its start counts as reached from outside.
func (f *flow) loops() (*structurer, bool) {
	g := *f
	g.start = len(f.blocks)
	root := basicBlock{code: []instruction{{op: opJump, imm: f.start}}}
	for {
		g.blocks = append(slices.Clone(f.blocks), root)
		s := newStructurer(&g)
		lost := slices.IndexFunc(f.again, func(b int) bool { return s.number[b] < 0 })
		if lost < 0 {
			return s, s.reducible()
		}
		root.resume = append(slices.Clone(root.resume), f.again[lost])
	}
}

// around lists for each block the heads of the loops that it is in, the outermost first.
func (s *structurer) around() [][]int {
	heads := make([][]int, len(s.blocks))
	for _, head := range slices.Backward(s.postorder) { // an outer loop's comes before those of inner ones
		if !s.loops[head] {
			continue
		}
		todo := []int{head}
		for _, p := range s.preds[head] {
			if s.number[p] >= s.number[head] {
				todo = append(todo, p)
			}
		}
		for in := map[int]bool{}; len(todo) > 0; {
			b := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if in[b] {
				continue
			}
			in[b], heads[b] = true, append(heads[b], head)
			if b != head {
				todo = append(todo, s.preds[b]...)
			}
		}
	}
	return heads
}

// resumer is at work on one flow.
type resumer struct {
	*flow
	around [][]int     // by block: the heads of the loops that it is in
	entry  int         // the first of the blocks that are added
	gates  map[int]int // by head of a loop
}

// add adds a block that goes to another, and returns its number.
func (r *resumer) add(to int) int {
	r.blocks = append(r.blocks, basicBlock{code: []instruction{{op: opJump, imm: to}}})
	return len(r.blocks) - 1
}

// ways makes the ways.
func (r *resumer) ways() {
	slices.Sort(r.again)
	r.again = slices.Compact(r.again)
	for pcb, b := range r.table {
		if _, ok := slices.BinarySearch(r.again, b); !ok {
			continue
		}
		at := r.entry
		for _, head := range r.around[b] {
			gate, ok := r.gates[head]
			if !ok {
				gate = r.add(head)
				r.gates[head] = gate
			}
			r.way(at, pcb, gate)
			at = gate
		}
		r.way(at, pcb, b)
	}
	for _, b := range r.again {
		r.blocks[b].code = append([]instruction{{op: opArrive}}, r.blocks[b].code...)
	}
}

// way goes from a block to another if the function is resumed with PC_B.
func (r *resumer) way(at, pcb, to int) {
	x := &r.blocks[at]
	for len(x.resume) <= pcb {
		x.resume = append(x.resume, noWay)
	}
	x.resume[pcb] = to
}

// close puts the gates in the way of all that goes to the head of a loop.
func (r *resumer) close() {
	for i := range r.entry {
		x := &r.blocks[i]
		for j := range x.code {
			in := &x.code[j]
			if gate, ok := r.gates[in.imm]; ok && (in.op == opJump || in.op == opJumpIf) {
				in.imm = gate
			}
		}
		if gate, ok := r.gates[i+1]; ok && x.falls {
			x.code, x.falls = append(x.code, instruction{op: opJump, imm: gate}), false
		}
	}
}
