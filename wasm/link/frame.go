package main

// Go's stack pointer is global 0, and local 1 keeps it within a function. As the compiler leaves it, it goes down by 8 for each call's
// return address and is read again after the call, and offsets are added to it in 64 bits. An engine that checks bounds by itself, as
// wazero does, then has to check each access to the stack anew.
//
// But a call that gives 0 leaves the stack where it was. Stacks move when they grow, which unwinds the native stack, and when
// they shrink, which the runtime never does to the goroutine that runs. So local 1 can be the same from the prologue to the return: what a
// call sees as the stack pointer, 8 below the function's own.

const (
	spGlobal = 0
	spLocal  = 1
	slot     = 8 // of a return address
)

// pattern is a sequence of instructions. An immediate of anyImm may be any number.
type pattern []instruction

const anyImm = -1 << 62

var (
	lowerSP = pattern{{op: opLocalGet, imm: spLocal}, {op: opI32Const, imm: anyImm}, {op: opI32Sub},
		{op: opLocalTee, imm: spLocal}, {op: opGlobalSet, imm: spGlobal}}
	raiseSP = pattern{{op: opLocalGet, imm: spLocal}, {op: opI32Const, imm: anyImm}, {op: opI32Add},
		{op: opLocalTee, imm: spLocal}, {op: opGlobalSet, imm: spGlobal}}
	reloadSP    = pattern{{op: opGlobalGet, imm: spGlobal}, {op: opLocalSet, imm: spLocal}}
	storeReturn = pattern{{op: opLocalGet, imm: spLocal}, {op: opI64Const, imm: anyImm}, {op: opI64Store}}
	callStatic  = pattern{{op: opI32Const}, {op: opCall, imm: anyImm}}
	callDynamic = pattern{{op: opI64Const, imm: 16}, {op: opI64ShrU}}
	stackPlace  = pattern{{op: opLocalGet, imm: spLocal}, {op: opI64ExtendU}, {op: opI64Const, imm: anyImm}, {op: opI64Add}}
	stackGuard  = pattern{{op: opLocalGet, imm: spLocal}, {op: opGlobalGet, imm: anyImm}, {op: opI32WrapI64}, {op: opI32Load, imm: anyImm}}
)

func (p pattern) matches(code []instruction) bool {
	if len(code) < len(p) {
		return false
	}
	for i, want := range p {
		if code[i].op != want.op || want.imm != anyImm && code[i].imm != want.imm {
			return false
		}
	}
	return true
}

// foldStack lets accesses to the stack have the offsets that are added to their addresses.
func foldStack(code []instruction) []instruction {
	out := make([]instruction, 0, len(code))
	more := map[int]int{} // to be added to an instruction's offset
	for i := 0; i < len(code); i++ {
		if stackPlace.matches(code[i:]) && code[i+2].imm >= 0 && i+4 < len(code) && code[i+4].op == opI32WrapI64 {
			if u := user(code, i+5); u >= 0 {
				more[u] = code[i+2].imm
				out = append(out, code[i])
				i += 4
				continue
			}
		}
		out = append(out, code[i].moved(more[i]))
	}
	return out
}

// user returns the load or store whose address is what stands on the stack before i, or -1.
func user(code []instruction, i int) int {
	above := 0 // values on the stack above the address
	for ; i < len(code); i++ {
		pops, pushes, ok := code[i].effect()
		if !ok {
			return -1
		}
		if pops > above {
			if code[i].isLoad() && above == 0 || code[i].isStore() && above == 1 {
				return i
			}
			return -1
		}
		above += pushes - pops
	}
	return -1
}

// reach is the end of all accesses to the stack, relative to local 1.
func reach(code []instruction) int {
	most := 0
	for i, in := range code {
		if in.op == opLocalGet && in.imm == spLocal {
			if u := user(code, i+1); u >= 0 {
				most = max(most, code[u].imm+code[u].size())
			}
		}
	}
	return most
}

// fixFrame makes local 1 the same from the prologue on, or reports that the function does something with it that isn't known here. A function
// that makes no call and has no frame is left: there local 1 is the same already.
func fixFrame(code []instruction) ([]instruction, bool) {
	f := frameFixer{code: code, more: map[int]int{}, reach: max(slot, slot+reach(code))}
	if !f.prologue() {
		return nil, false
	}
	for f.at < len(f.code) {
		if !f.step() {
			return nil, false
		}
	}
	return f.out, true
}

type frameFixer struct {
	code  []instruction
	at    int
	out   []instruction
	frame int         // its size
	reach int         // of the accesses to it
	more  map[int]int // to be added to an instruction's offset
}

// isCall reports whether what lowers the stack pointer at i is a call.
func (f *frameFixer) isCall(i int) bool {
	next := i + len(lowerSP)
	return lowerSP.matches(f.code[i:]) && f.code[i+1].imm == slot && storeReturn.matches(f.code[next:]) &&
		(callStatic.matches(f.code[next+len(storeReturn):]) || callDynamic.matches(f.code[next+len(storeReturn):]))
}

func (f *frameFixer) copy(n int) {
	f.out = append(f.out, f.code[f.at:f.at+n]...)
	f.at += n
}

// prologue copies the test whether the stack must grow, and lowers local 1 by the frame and the slot of a return address.
func (f *frameFixer) prologue() bool {
	if stackGuard.matches(f.code) && !f.growth() {
		return false
	}
	switch {
	case f.at < len(f.code) && lowerSP.matches(f.code[f.at:]) && !f.isCall(f.at):
		f.frame = f.code[f.at+1].imm
		f.at += len(lowerSP)
	case !f.calls():
		return false
	}
	f.out = append(f.out, number(opLocalGet, spLocal), number(opI32Const, f.frame+slot), plain(opI32Sub), number(opLocalTee, spLocal),
		number(opGlobalSet, spGlobal)) // for helpers that aren't called by Go's rules
	f.out = append(f.out, probe(spLocal, f.reach)...)
	return true
}

// growth copies the test, and says that the call which grows the stack doesn't return.
func (f *frameFixer) growth() bool {
	for f.at < len(f.code) && f.code[f.at].op != opEnd {
		if reloadSP.matches(f.code[f.at:]) {
			f.at += len(reloadSP)
			continue
		}
		f.copy(1)
	}
	if f.at == len(f.code) || f.code[f.at-1].op != opBrIf {
		return false
	}
	f.out = append(f.out, plain(opUnreachable))
	f.copy(1)
	return true
}

func (f *frameFixer) calls() bool {
	for i := range f.code {
		if f.isCall(i) {
			return true
		}
	}
	return false
}

// step copies what comes next, changed where it has to do with the stack pointer.
func (f *frameFixer) step() bool {
	rest := f.code[f.at:]
	in := rest[0]
	switch {
	case f.isCall(f.at):
		f.out = append(f.out, number(opLocalGet, spLocal), number(opGlobalSet, spGlobal))
		f.at += len(lowerSP)
		f.copy(len(storeReturn))
		if callStatic.matches(f.code[f.at:]) {
			f.copy(len(callStatic))
		}
	case callStatic.matches(rest): // instead of a return: what is called must find the caller's stack pointer
		return false
	case reloadSP.matches(rest):
		f.at += len(reloadSP)
	case f.frame == 0 && raiseSP.matches(rest) && rest[1].imm == slot:
		f.leave(len(raiseSP))
	case f.frame > 0 && raiseSP.matches(rest) && rest[1].imm == f.frame && raiseSP.matches(rest[len(raiseSP):]) && rest[len(raiseSP)+1].imm == slot:
		f.leave(2 * len(raiseSP))
	case stackPlace.matches(rest):
		f.out = append(f.out, rest[0], rest[1], number(opI64Const, rest[2].imm+slot), rest[3])
		f.at += len(stackPlace)
	case in.op == opLocalGet && in.imm == spLocal:
		if len(rest) > 1 && rest[1].op == opI64ExtendU {
			f.copy(2)
			f.out = append(f.out, number(opI64Const, slot), plain(opI64Add))
			break
		}
		u := user(f.code, f.at+1)
		if u < 0 {
			return false
		}
		f.more[u] = slot
		f.copy(1)
	case (in.op == opLocalSet || in.op == opLocalTee) && in.imm == spLocal, (in.op == opGlobalGet || in.op == opGlobalSet) && in.imm == spGlobal:
		return false
	default:
		f.out = append(f.out, in.moved(f.more[f.at]))
		f.at++
	}
	return true
}

// leave gives the caller its stack pointer back, in place of n instructions.
func (f *frameFixer) leave(n int) {
	f.out = append(f.out, number(opLocalGet, spLocal), number(opI32Const, f.frame+2*slot), plain(opI32Add), number(opGlobalSet, spGlobal))
	f.at += n
}
