package main

import "slices"

// structure gives the body of a function that starts with basic block 0 and whose jumps are branches of their own, without a table, by the
// method of Ramsey, "Beyond Relooper" (ICFP 2022). It reports whether the flow is one that has such a form: its loops have one entry each. A call
// that is to start with another block goes to the function rest.
func (f *flow) structure(rest int) ([]byte, bool) {
	s := newStructurer(f)
	if !s.reducible() {
		return nil, false
	}
	s.low, s.addresser.reach = f.countLocals()+tempCount, f.reach
	if f.gated {
		s.way = s.low
		s.low++
	}
	if f.unwinds {
		s.open(opBlock, unwind)
	}
	s.emit(f.start)
	s.body = append(s.body, opUnreachable)
	if f.unwinds {
		s.body = append(s.body, opEnd, opI32Const, 1)
	}
	s.body = append(s.body, opEnd)

	r := reader{buf: f.locals}
	out := append(appendU32(nil, int(r.u32())+1), r.buf...)
	out = append(appendU32(out, tempCount+b2i(f.gated)+s.lows), typeI32)
	switch {
	case f.gated:
		out = appendU32(append(out, opLocalGet, 0, opLocalSet), s.way)
	case f.resumes && !f.ways:
		out = append(out, opLocalGet, 0, opIf, blockTypeVoid, opLocalGet, 0, opCall)
		out = append(appendU32(out, rest), opReturn, opEnd)
	}
	out = append(out, opGlobalGet, spGlobal, opLocalSet, spLocal)
	return append(out, s.body...), true
}

// structurer is at work on one function.
type structurer struct {
	*flow
	addresser
	way       int      // the local for PC_B while the function is on its way to where it is resumed
	entry     []*facts // by block: what is known where it starts
	postorder []int    // blocks that can be reached
	number    []int    // in reverse postorder; -1 where it can't be reached
	dominator []int
	preds     [][]int
	children  [][]int // in the tree of dominators, last in order first
	loops     []bool  // whether a block is the head of a loop
	labels    []label // that are open
	body      []byte
}

// label is where a branch goes: to the end of a block, behind which basic block `to` stands, or to the head of a loop.
type label struct {
	to   int
	loop bool
}

// unwind is the label of what gives 1.
const unwind = -1

func newStructurer(f *flow) *structurer {
	s := &structurer{flow: f, entry: make([]*facts, len(f.blocks))}
	s.order()
	s.dominate()
	return s
}

func (s *structurer) successors(b int) []int {
	var out []int
	for _, to := range s.blocks[b].resume {
		if to != noWay && !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	for _, in := range s.blocks[b].code {
		if in.op == opJump || in.op == opJumpIf {
			out = append(out, in.imm)
		}
	}
	if s.blocks[b].falls {
		out = append(out, b+1)
	}
	return out
}

// order numbers the blocks that can be reached.
func (s *structurer) order() {
	n := len(s.blocks)
	s.number, s.preds, s.loops = slices.Repeat([]int{-1}, n), make([][]int, n), make([]bool, n)
	type visit struct {
		block int
		next  []int
	}
	seen := make([]bool, n)
	stack := []visit{{s.start, s.successors(s.start)}}
	seen[s.start] = true
	for len(stack) > 0 {
		v := &stack[len(stack)-1]
		if len(v.next) == 0 {
			s.postorder = append(s.postorder, v.block)
			stack = stack[:len(stack)-1]
			continue
		}
		to := v.next[0]
		v.next = v.next[1:]
		s.preds[to] = append(s.preds[to], v.block)
		if !seen[to] {
			seen[to] = true
			stack = append(stack, visit{to, s.successors(to)})
		}
	}
	for i, b := range s.postorder {
		s.number[b] = len(s.postorder) - 1 - i
	}
}

// dominate finds each block's immediate dominator (Cooper, Harvey and Kennedy 2001).
func (s *structurer) dominate() {
	s.dominator = slices.Repeat([]int{-1}, len(s.blocks))
	s.dominator[s.start] = s.start
	for changed := true; changed; {
		changed = false
		for i := len(s.postorder) - 2; i >= 0; i-- {
			b, d := s.postorder[i], -1
			for _, p := range s.preds[b] {
				switch {
				case s.dominator[p] < 0:
				case d < 0:
					d = p
				default:
					d = s.common(p, d)
				}
			}
			if s.dominator[b] != d {
				s.dominator[b], changed = d, true
			}
		}
	}
}

func (s *structurer) common(a, b int) int {
	for a != b {
		for s.number[a] > s.number[b] {
			a = s.dominator[a]
		}
		for s.number[b] > s.number[a] {
			b = s.dominator[b]
		}
	}
	return a
}

func (s *structurer) dominates(a, b int) bool {
	for s.number[b] > s.number[a] {
		b = s.dominator[b]
	}
	return a == b
}

// reducible marks the heads of loops, and reports whether each is their only entry. It lists what each block dominates.
func (s *structurer) reducible() bool {
	s.children = make([][]int, len(s.blocks))
	for _, b := range s.postorder {
		if b != s.start {
			s.children[s.dominator[b]] = append(s.children[s.dominator[b]], b)
		}
		for _, to := range s.successors(b) {
			if s.number[to] > s.number[b] {
				continue
			}
			if !s.dominates(to, b) {
				return false
			}
			s.loops[to] = true
		}
	}
	return true
}

func (s *structurer) open(op byte, l int) {
	s.body = append(s.body, op, blockTypeVoid)
	s.labels = append(s.labels, label{l, op == opLoop})
}

func (s *structurer) close() {
	s.body = append(s.body, opEnd)
	s.labels = s.labels[:len(s.labels)-1]
}

// emit writes a block and those that it dominates. Nothing falls through at its end.
func (s *structurer) emit(b int) {
	if s.loops[b] {
		s.open(opLoop, b)
	}
	kids := s.children[b]
	next, runs := s.behind(), false // the block that comes behind
	if len(kids) > 0 {
		next = kids[len(kids)-1]
		runs = s.runsInto(b, next)
	}
	for _, k := range kids {
		if k != next || !runs {
			s.open(opBlock, k)
		}
	}
	s.write(b, next)
	for i := len(kids) - 1; i >= 0; i-- {
		if kids[i] != next || !runs {
			s.close()
		}
		s.emit(kids[i])
	}
	if s.loops[b] {
		s.close()
	}
}

// behind returns the block that stands behind the end of the innermost label, or noWay.
func (s *structurer) behind() int {
	if n := len(s.labels); n > 0 && !s.labels[n-1].loop {
		return s.labels[n-1].to
	}
	return noWay
}

// runsInto reports whether all that goes to a block, but from within its loop, is the end of the block before it.
func (s *structurer) runsInto(b, next int) bool {
	ways := 0
	for _, p := range s.preds[next] {
		if s.number[p] < s.number[next] {
			ways++
		}
	}
	return ways == 1 && s.ends(b) == next
}

// ends returns the block that a block goes to at its end, or noWay.
func (s *structurer) ends(b int) int {
	x := &s.blocks[b]
	if x.falls {
		return b + 1
	}
	if n := len(x.code); n > 0 && x.code[n-1].op == opJump {
		return x.code[n-1].imm
	}
	return noWay
}

// write writes a block's own code. following is the block that comes behind.
func (s *structurer) write(b, following int) {
	x := &s.blocks[b]
	s.facts = facts{}
	if s.entry[b] != nil && !s.loops[b] {
		s.facts = *s.entry[b]
	}
	if s.fixed && !s.plain && len(s.preds[b]) > 1 && !s.loops[b] {
		s.body = append(s.body, opLocalGet, spLocal, opLocalSet, spLocal) // wazero then takes it for the value that it is in all preds
	}
	s.resume(b)
	code := x.code
	if !s.plain {
		code = s.rewrite(x.code, s.note)
		if x.falls {
			s.note(b + 1)
		}
	}
	depth := 0
	for i, in := range code {
		switch in.op {
		case opJump:
			if in.imm != following || i < len(code)-1 {
				s.branch(opBr, depth, b, in.imm)
			}
			continue
		case opJumpIf:
			s.branch(opBrIf, depth, b, in.imm)
			continue
		case opUnwind:
			s.branch(opBrIf, depth, b, unwind)
			continue
		case opArrive:
			if s.gated {
				s.body = appendU32(append(s.body, opI32Const, 0, opLocalSet), s.way)
			}
			continue
		case opBlock, opIf:
			depth++
		case opEnd:
			depth--
		}
		s.body = append(s.body, in.text...)
	}
	if x.falls && b+1 != following {
		s.branch(opBr, 0, b, b+1)
	}
}

// note adds what is known now to what is known where a block starts. All blocks that go to one come before it, but for those of a loop.
func (s *structurer) note(to int) {
	if s.entry[to] == nil {
		known := s.facts
		s.entry[to] = &known
		return
	}
	s.entry[to].meet(&s.facts)
}

// resume writes the branch to where the function is resumed. There, the stack pointer is the function's own.
func (s *structurer) resume(b int) {
	x := &s.blocks[b]
	if x.resume == nil {
		return
	}
	s.body = append(appendU32(append(s.body, opLocalGet), s.way), opIf, blockTypeVoid)
	if s.fixed && b == s.start {
		s.body = append(s.body, opLocalGet, spLocal, opI32Const, slot, opI32Sub, opLocalSet, spLocal)
	}
	s.body = append(appendU32(append(s.body, opBlock, blockTypeVoid, opLocalGet), s.way), opBrTable)
	s.body = appendU32(s.body, len(x.resume))
	for _, to := range x.resume {
		if to == noWay {
			s.body = appendU32(s.body, 0)
			continue
		}
		s.note(to)
		s.body = appendU32(s.body, s.label(2, b, to))
	}
	s.body = append(s.body, 0, opEnd, opUnreachable, opEnd)
}

// branch writes a branch from a block to another, or to unwind, from within so many blocks of the former's own.
func (s *structurer) branch(op byte, depth, from, to int) {
	s.body = appendU32(append(s.body, op), s.label(depth, from, to))
}

// label returns the label of such a branch.
func (s *structurer) label(depth, from, to int) int {
	back := to >= 0 && s.number[to] <= s.number[from]
	for i := len(s.labels) - 1; i >= 0; i-- {
		if s.labels[i].to == to && s.labels[i].loop == back {
			return depth + len(s.labels) - 1 - i
		}
	}
	panic("a branch to nowhere")
}
