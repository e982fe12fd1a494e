package main

// Opcodes that matter to control flow, or have immediates of their own kind.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opFirstMemory  = 0x28 // loads and stores
	opLastMemory   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Load      = 0x28
	opI64Load      = 0x29
	opI32Load8U    = 0x2d
	opI64Store     = 0x37
	opI32Eqz       = 0x45
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64ShrU      = 0x88
	opI64Eqz       = 0x50
	opI64Add       = 0x7c
	opI32WrapI64   = 0xa7
	opI64ExtendU   = 0xad
	opDrop         = 0x1a
	opSelect       = 0x1b
	opFirstNumeric = 0x45
	opLastNumeric  = 0xc4
	opPrefixed     = 0xfc

	opMemoryCopy  = 10 // after opPrefixed
	opMemoryFill  = 11
	lastTruncSat  = 7
	blockTypeVoid = 0x40
)

// instruction is one instruction as it stands, with its first immediate where that is a number: a label, a
// local, a constant, the offset of an access to memory.
type instruction struct {
	op   byte
	imm  int
	text []byte
}

// instruction reads the next instruction of a function. It knows those that Go's compiler makes.
func (r *reader) instruction() instruction {
	whole := r.buf
	in := instruction{op: r.byte()}
	switch op := in.op; {
	case op == opBlock || op == opLoop || op == opIf:
		in.imm = int(r.byte())
	case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opGlobalSet:
		in.imm = int(r.u32())
	case op == opBrTable:
		for range r.u32() + 1 {
			r.u32()
		}
	case op == opCallIndirect:
		r.u32()
		r.u32()
	case op >= opFirstMemory && op <= opLastMemory:
		r.u32()
		in.imm = int(r.u32())
	case op == opMemorySize || op == opMemoryGrow:
		r.byte()
	case op == opI32Const || op == opI64Const:
		in.imm = int(r.s64())
	case op == opF32Const:
		r.bytes(4)
	case op == opF64Const:
		r.bytes(8)
	case op == opPrefixed:
		switch sub := r.u32(); {
		case sub <= lastTruncSat:
		case sub == opMemoryCopy:
			r.bytes(2)
		case sub == opMemoryFill:
			r.byte()
		default:
			r.unknown(op)
		}
	case op == opUnreachable, op == 0x01, op == opElse, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b: // nop, drop, select
	case op >= opFirstNumeric && op <= opLastNumeric:
	default:
		r.unknown(op)
	}
	in.text = whole[:len(whole)-len(r.buf)]
	return in
}

// plain is an instruction without immediates.
func plain(op byte) instruction { return instruction{op: op, text: []byte{op}} }

// number is an instruction with an immediate that is a number. An access to memory asks for no alignment.
func number(op byte, imm int) instruction {
	text := []byte{op}
	switch {
	case op == opI32Const || op == opI64Const:
		text = appendS64(text, int64(imm))
	case op >= opFirstMemory && op <= opLastMemory:
		text = appendU32(append(text, 0), imm)
	default:
		text = appendU32(text, imm)
	}
	return instruction{op: op, imm: imm, text: text}
}

// moved is an access to memory with so much added to its offset.
func (in instruction) moved(by int) instruction {
	if by == 0 {
		return in
	}
	offset := in.imm + by
	return instruction{op: in.op, imm: offset, text: appendU32([]byte{in.op, in.text[1]}, offset)}
}

// size is the number of bytes that an access to memory reads or writes.
func (in instruction) size() int {
	switch in.op {
	case 0x2c, 0x2d, 0x30, 0x31, 0x3a, 0x3c:
		return 1
	case 0x2e, 0x2f, 0x32, 0x33, 0x3b, 0x3d:
		return 2
	case 0x28, 0x2a, 0x34, 0x35, 0x36, 0x38, 0x3e:
		return 4
	}
	return 8
}

func (in instruction) isLoad() bool  { return in.op >= 0x28 && in.op <= 0x35 }
func (in instruction) isStore() bool { return in.op >= 0x36 && in.op <= 0x3e }

// nests reports whether an instruction opens or ends a block.
func (in instruction) nests() bool {
	return in.op == opBlock || in.op == opLoop || in.op == opIf || in.op == opElse || in.op == opEnd
}

// effect is what an instruction takes off the stack and puts on it; ok is false for those that do more than compute.
func (in instruction) effect() (pops, pushes int, ok bool) {
	switch op := in.op; {
	case op == opI32Const || op == opI64Const || op == opF32Const || op == opF64Const || op == opLocalGet || op == opGlobalGet || op == opMemorySize:
		return 0, 1, true
	case op == opLocalSet || op == opGlobalSet || op == opDrop:
		return 1, 0, true
	case op == opLocalTee:
		return 1, 1, true
	case op == opSelect:
		return 3, 1, true
	case in.isLoad():
		return 1, 1, true
	case in.isStore():
		return 2, 0, true
	case op == opI32Eqz || op == opI64Eqz || op >= 0x67 && op <= 0x69 || op >= 0x79 && op <= 0x7b || op >= 0x8b && op <= 0x91 ||
		op >= 0x99 && op <= 0x9f || op >= 0xa7 && op <= 0xc4:
		return 1, 1, true
	case op >= opFirstNumeric && op <= 0xa6:
		return 2, 1, true
	case op == opPrefixed && in.text[1] <= lastTruncSat:
		return 1, 1, true
	}
	return 0, 0, false
}
