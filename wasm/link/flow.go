package main

import "slices"

// Go's compiler leaves a function of several basic blocks in this form. Its parameter, local 0, is PC_B: the block to start with. That is
// 0 in a call; another number resumes a goroutine that was switched out, whose native stack is gone.
//
//	global.get SP; local.set 1
//	block                    ; left for the end, to give 1, where a call gives 1; not in functions without calls
//	  loop $entry            ; not in functions without jumps
//	    block … block        ; one for each basic block
//	      local.get PC_B
//	      br_table 0 1 …     ; to the end of one of them
//	    end
//	    … basic block 0 …    ; a jump is: i32.const n; local.set PC_B; br $entry
//	    end
//	    … basic block 1 …
//	  end
//	  unreachable
//	end
//	i32.const 1
//	end

// flow is the control flow of such a function.
type flow struct {
	locals  []byte // their declarations
	blocks  []basicBlock
	plain   bool
	start   int // the block that comes first
	unwinds bool
	resumes bool  // it may be called to start with another block than 0
	table   []int // block by PC_B
	again   []int // the blocks that it may be called to start with, 0 aside
	ways    bool  // it has ways of its own to these
	gated   bool  // some of them lead through gates
	fixed   bool  // local 1 is the same all along
	reach   int   // of the accesses to the stack, from local 1
}

// basicBlock is one basic block, or several that only follow each other. Its code may have ifs and blocks of its own, out of which lead jumps.
type basicBlock struct {
	code   []instruction
	falls  bool  // into the next
	resume []int // where it goes first if the function is resumed, by PC_B
}

// More opcodes, for what leaves a basic block.
const (
	opJump   = 0xf0 // to the basic block imm
	opJumpIf = 0xf1 // if what is on the stack isn't 0
	opUnwind = 0xf2 // out of the function, to give 1, if what is on the stack isn't 0
	opArrive = 0xf3 // where a function is resumed: it is on its way no longer
)

// noWay stands for the block where there is none.
const noWay = -1

// callees tells of functions by their numbers.
type callees struct {
	never    func(f int) bool // it never returns, but may unwind
	grows    func(f int) bool // it makes the stack grow, and then its caller starts again
	recovers func(f int) bool // it runs what was deferred: where a panic is recovered from, the caller goes on with that call
}

// parseFlow reads a function's body, and reports whether it has that form and nothing else. If it is to be plain, it won't get code that is
// longer, for speed.
func parseFlow(body []byte, c callees, plain bool) (*flow, bool) {
	p := flowParser{flow: &flow{plain: plain}, callees: c}
	var err error
	if p.locals, p.code, err = parseBody(body); err != nil || !p.head() || !p.tail() {
		return nil, false
	}
	p.resumed()
	if !plain {
		p.code = expandMoves(p.code, p.countLocals())
	}
	p.code = foldStack(p.code)
	if code, ok := fixFrame(p.code); ok {
		p.code, p.fixed = code, true
	}
	p.reach = reach(p.code)
	p.split()
	for i, b := range p.blocks {
		if slices.ContainsFunc(b.code, func(in instruction) bool { return in.op == opCall && p.recovers(in.imm) }) {
			p.again = append(p.again, i)
		}
	}
	return p.flow, p.count == p.table[len(p.table)-1]+1 && p.resolve()
}

// parseBody divides a function's body into the declarations of its locals and its instructions.
func parseBody(body []byte) (locals []byte, code []instruction, err error) {
	r := &reader{buf: body}
	for range r.u32() {
		r.u32()
		r.byte()
	}
	locals = body[:len(body)-len(r.buf)]
	for len(r.buf) > 0 {
		code = append(code, r.instruction())
	}
	return locals, code, r.err
}

// countLocals counts the locals, with PC_B.
func (f *flow) countLocals() int {
	r, n := reader{buf: f.locals}, 1
	for range r.u32() {
		n += int(r.u32())
		r.byte()
	}
	return n
}

type flowParser struct {
	*flow
	callees
	code     []instruction
	looped   bool
	count    int          // of the function's own blocks
	outlined []basicBlock // which come after these
}

// take takes an instruction off the front, if it is the next.
func (p *flowParser) take(op byte, imm int) bool {
	if len(p.code) == 0 || p.code[0].op != op || p.code[0].imm != imm {
		return false
	}
	p.code = p.code[1:]
	return true
}

// takeLast takes one off the end.
func (p *flowParser) takeLast(op byte, imm int) bool {
	n := len(p.code) - 1
	if n < 0 || p.code[n].op != op || p.code[n].imm != imm {
		return false
	}
	p.code = p.code[:n]
	return true
}

// head takes off what comes before basic block 0.
func (p *flowParser) head() bool {
	if !p.take(opGlobalGet, spGlobal) || !p.take(opLocalSet, spLocal) {
		return false
	}
	outer, inner := 0, 0
	for p.take(opBlock, blockTypeVoid) {
		outer++
	}
	if p.take(opLoop, blockTypeVoid) {
		p.looped = true
		for p.take(opBlock, blockTypeVoid) {
			inner++
		}
	}
	if !p.take(opLocalGet, 0) || len(p.code) == 0 || p.code[0].op != opBrTable {
		return false
	}
	r := reader{buf: p.code[0].text[1:]}
	for range r.u32() + 1 {
		p.table = append(p.table, int(r.u32()))
	}
	p.code = p.code[1:]
	blocks := p.table[len(p.table)-1] + 1
	if !p.looped {
		outer, inner = outer-blocks, blocks
	}
	p.unwinds = outer == 1
	return inner == blocks && (outer == 0 || outer == 1) && p.take(opEnd, 0)
}

// tail takes off what comes after the last basic block.
func (p *flowParser) tail() bool {
	return p.takeLast(opEnd, 0) &&
		(!p.unwinds || p.takeLast(opI32Const, 1) && p.takeLast(opEnd, 0)) &&
		p.takeLast(opUnreachable, 0) &&
		(!p.looped || p.takeLast(opEnd, 0))
}

// block returns the basic block that PC_B stands for.
func (p *flowParser) block(pcb int) int { return p.table[min(pcb, len(p.table)-1)] }

// resumed finds the blocks that a goroutine which is switched in may go on with: after a call that returns, or with another block than 0 once the
// stack has grown.
func (p *flowParser) resumed() {
	for i := range p.code {
		if !lowerSP.matches(p.code[i:]) || p.code[i+1].imm != slot {
			continue
		}
		rest := p.code[i+len(lowerSP):]
		if !storeReturn.matches(rest) {
			continue
		}
		call, to := rest[len(storeReturn):], p.block(rest[1].imm&(1<<16-1))
		if callStatic.matches(call) && (p.never(call[1].imm) || p.grows(call[1].imm) && to == 0) {
			continue
		}
		p.resumes = true
		p.again = append(p.again, to)
	}
}

// split cuts the code where blocks that were opened before it end.
func (p *flowParser) split() {
	start, depth := 0, 0
	for i, in := range p.code {
		switch in.op {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			if depth--; depth < 0 {
				p.blocks = append(p.blocks, basicBlock{code: p.code[start:i]})
				start, depth = i+1, 0
			}
		}
	}
	p.blocks = append(p.blocks, basicBlock{code: p.code[start:]})
	p.count = len(p.blocks)
}

// resolve finds what leaves each basic block, and reports whether it knows all of it.
func (p *flowParser) resolve() bool {
	for i := range p.blocks {
		if !p.resolveBlock(i) {
			return false
		}
	}
	p.blocks = append(p.blocks, p.outlined...)
	return true
}

func (p *flowParser) resolveBlock(i int) bool {
	b := &p.blocks[i]
	code, ok := p.exits(b.code, p.count-1-i)
	if !ok {
		return false
	}
	code = p.outline(code)
	b.code, b.falls = p.cut(code)
	if b.falls && i == p.count-1 {
		b.code, b.falls = append(b.code, plain(opUnreachable)), false
	}
	return true
}

// jumpLength is the number of instructions of a jump.
const jumpLength = 3

// exits makes jumps and unwinding one instruction each. open is how many blocks are open around the code that is a basic block's.
func (p *flowParser) exits(code []instruction, open int) (out []instruction, ok bool) {
	depth, leave := 0, open
	if p.looped {
		leave++
	}
	for _, in := range code {
		out = append(out, in)
		n := len(out) - 1
		switch in.op {
		case opBlock, opIf:
			depth++
		case opEnd:
			depth--
		case opLoop, opBrTable:
			return nil, false
		case opBr:
			if in.imm < depth {
				break
			}
			n -= jumpLength - 1
			if !p.looped || in.imm != depth+open || n < 0 || out[n].op != opI32Const || out[n+1].op != opLocalSet || out[n+1].imm != 0 {
				return nil, false
			}
			to := p.block(out[n].imm)
			if to == 0 { // the prologue would come again
				return nil, false
			}
			out = append(out[:n], instruction{op: opJump, imm: to})
		case opBrIf:
			if in.imm < depth {
				break
			}
			if !p.unwinds || in.imm != depth+leave {
				return nil, false
			}
			out[n] = instruction{op: opUnwind}
		}
	}
	return out, true
}

// outline makes jumps of the ifs that only jump, and basic blocks of those that don't return, such as where a pointer is nil. An if that is
// left by its end is one more block to an engine, and what wazero knows of bounds doesn't get past it.
func (p *flowParser) outline(code []instruction) []instruction {
	var out []instruction
	for i := 0; i < len(code); i++ {
		end := i + 1
		for end < len(code) && !code[end].nests() {
			end++
		}
		if code[i].op != opIf || code[i].imm != blockTypeVoid || end == len(code) || code[end].op != opEnd {
			out = append(out, code[i])
			continue
		}
		body, falls := p.cut(code[i+1 : end])
		switch {
		case falls:
			out = append(out, code[i])
			continue
		case len(body) == 1 && body[0].op == opJump:
			out = append(out, instruction{op: opJumpIf, imm: body[0].imm})
		default:
			out = append(out, instruction{op: opJumpIf, imm: p.count + len(p.outlined)})
			p.outlined = append(p.outlined, basicBlock{code: body})
		}
		i = end
	}
	return out
}

// cut returns the code up to where it is sure to end, and whether it comes to its end instead.
func (p *flowParser) cut(code []instruction) ([]instruction, bool) {
	depth := 0
	for i, in := range code {
		switch {
		case in.op == opEnd:
			depth--
		case in.nests():
			depth++
		case depth > 0:
		case in.op == opCall && p.never(in.imm):
			return append(code[:i+1:i+1], plain(opReturn)), false // what it gives: 1, where the panic is recovered from
		case in.op == opJump || in.op == opReturn || in.op == opUnreachable:
			return code[:i+1], false
		}
	}
	return code[:len(code):len(code)], true
}
