package main

// An engine that checks bounds by itself remembers how far from a value it has checked, but not that two computations give the same
// value. So an address that is used again is kept in a local, and the farthest access comes first.

// facts are what is known of a function's locals at some point.
type facts struct {
	probed bool            // the farthest access to the stack was made
	low    [mostLocals]int // by 64-bit local: which value's low half is in the local for that; 0 is none
}

// mostLocals is how many locals are looked at: Go's compiler uses 16 registers for integers.
const mostLocals = 24

// meet keeps what two ways to a point have in common.
func (f *facts) meet(other *facts) {
	f.probed = f.probed && other.probed
	for i := range f.low {
		if f.low[i] != other.low[i] {
			f.low[i] = 0
		}
	}
}

// forget drops what was known of a local that is given another value.
func (f *facts) forget(local int) {
	switch {
	case local == spLocal:
		f.probed = false
	case local < mostLocals:
		f.low[local] = 0
	}
}

// addresser changes the addresses of a function's accesses.
type addresser struct {
	facts
	reach   int // of the accesses to the stack
	low     int // the first of the locals for low halves
	lows    int // how many of these are used
	values  int // numbered so far
	code    []instruction
	out     []instruction
	outside []facts // of the blocks that are open
}

// rewrite returns the code of a basic block with fewer checks. It calls jump with the facts at each jump.
func (a *addresser) rewrite(code []instruction, jump func(to int)) []instruction {
	a.code, a.out = code, make([]instruction, 0, len(code)+8)
	for i := 0; i < len(code); i++ {
		switch in := code[i]; in.op {
		case opJump, opJumpIf:
			jump(in.imm)
		case opIf, opBlock:
			a.outside = append(a.outside, a.facts)
		case opElse:
			a.facts = a.outside[len(a.outside)-1]
		case opEnd:
			a.facts = a.outside[len(a.outside)-1]
			a.outside = a.outside[:len(a.outside)-1]
		case opLocalSet, opLocalTee:
			a.forget(in.imm)
			for j := range a.outside {
				a.outside[j].forget(in.imm)
			}
		case opLocalGet:
			if in.imm == spLocal {
				a.probeStack(i)
			} else if in.imm < mostLocals && i+1 < len(code) && code[i+1].op == opI32WrapI64 {
				a.lowHalf(i)
				i++
				continue
			}
		}
		a.out = append(a.out, code[i])
	}
	return a.out
}

// probeStack makes the farthest access to the stack before the one at i, if it is one.
func (a *addresser) probeStack(i int) {
	u := user(a.code, i+1)
	if a.probed || u < 0 || storeReturn.matches(a.code[i:]) {
		return
	}
	if a.code[u].imm+a.code[u].size() < a.reach {
		a.out = append(a.out, probe(spLocal, a.reach)...)
	}
	a.probed = true
}

// lowHalf gives the low half of a local, which is an address as a rule.
func (a *addresser) lowHalf(i int) {
	local := a.code[i].imm
	a.lows = max(a.lows, local+1)
	half := a.low + local
	if a.facts.low[local] > 0 {
		a.out = append(a.out, number(opLocalGet, half))
		return
	}
	a.values++
	a.facts.low[local] = a.values
	a.out = append(a.out, a.code[i], a.code[i+1], number(opLocalTee, half))
	if first, far := a.accesses(i); first < far {
		a.out = append(a.out, number(opI32Load8U, far-1), plain(opDrop), number(opLocalGet, half))
	}
}

// accesses returns how far the first access from the low half at i reaches, and the farthest of those that are sure to follow.
func (a *addresser) accesses(i int) (first, far int) {
	local := a.code[i].imm
	for at := i; at+1 < len(a.code); at++ {
		switch in := a.code[at]; {
		case in.op == opLocalGet && in.imm == local && a.code[at+1].op == opI32WrapI64:
			u := user(a.code, at+2)
			if u < 0 {
				break
			}
			end := a.code[u].imm + a.code[u].size()
			if far = max(far, end); at == i {
				first = end
			}
		case (in.op == opLocalSet || in.op == opLocalTee) && in.imm == local:
			return first, far
		default:
			if _, _, simple := in.effect(); !simple {
				return first, far
			}
		}
	}
	return first, far
}

// probe reads the byte before an end of accesses relative to a local, so that those before it need no check.
func probe(local, end int) []instruction {
	return []instruction{number(opLocalGet, local), number(opI32Load8U, end-1), plain(opDrop)}
}
