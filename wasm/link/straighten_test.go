package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/tetratelabs/wazero"
	"pgregory.net/rapid"
)

// Functions of the modules that are tried: what is imported is none.
const (
	helperFunc  = 0 // a call that adds to the total, and sometimes unwinds
	panicFunc   = 1 // one that unwinds, as where a panic is recovered from
	growFunc    = 2 // one that makes the stack grow
	subjectFunc = 3
)

// Globals: Go's stack pointer, context and goroutine, then those of the test.
const (
	goroutineGlobal = 2
	totalGlobal     = 3
	fuelGlobal      = 4
)

const (
	opI32Lt  = 0x48
	opI64Mul = 0x7e
	opI64And = 0x83
	opI32And = 0x71
	opI64Shr = 0x88
	opI64Xor = 0x85
)

// program is the code of a subject as Go's compiler would write it, block by block.
type program struct {
	frame  int
	faults bool // even without a frame it has calls, of what unwinds
	blocks [][]instruction
	jumps  bool
	calls  bool
	starts []int // blocks that it may start with: 0 and those behind calls
	plain  bool  // its speed doesn't matter
	twice  bool  // it gets two bodies
}

// drawProgram draws blocks that count down fuel, compute, use the stack in all the ways that there are, call, and jump anywhere.
func drawProgram(t *rapid.T) *program {
	p := &program{starts: []int{0}, frame: 8 * rapid.IntRange(0, 6).Draw(t, "frame"), faults: rapid.Bool().Draw(t, "faults"),
		plain: rapid.Bool().Draw(t, "plain"), twice: rapid.Bool().Draw(t, "twice")}
	n := rapid.IntRange(2, 9).Draw(t, "blocks")
	for b := range n {
		p.blocks = append(p.blocks, p.drawBlock(t, b, n))
	}
	return p
}

func (p *program) drawBlock(t *rapid.T, b, n int) []instruction {
	var c []instruction
	emit := func(in ...instruction) { c = append(c, in...) }
	if b == 0 {
		p.prologue(emit)
	}
	emit(number(opGlobalGet, fuelGlobal), number(opI32Const, 1), plain(opI32Sub), number(opGlobalSet, fuelGlobal))
	if p.frame > 0 || p.faults { // out of fuel: as where a pointer is nil
		emit(number(opGlobalGet, fuelGlobal), number(opI32Const, 0), plain(opI32Lt), number(opIf, blockTypeVoid))
		p.call(emit, panicFunc, b)
		emit(number(opBrIf, leaves), plain(opEnd))
	} else {
		emit(number(opGlobalGet, fuelGlobal), number(opI32Const, 0), plain(opI32Lt), number(opIf, blockTypeVoid), plain(opUnreachable), plain(opEnd))
	}
	for range rapid.IntRange(0, 5).Draw(t, "steps") {
		p.drawStep(t, emit)
	}
	if rapid.Bool().Draw(t, "jump?") {
		p.test(t, emit)
		emit(number(opIf, blockTypeVoid))
		p.jump(emit, rapid.IntRange(1, n-1).Draw(t, "to"))
		emit(plain(opEnd))
	}
	switch end := rapid.IntRange(0, 6).Draw(t, "end"); {
	case end == 6: // as in a wrapper of a method
		p.tail(emit)
	case end == 0 || b == n-1:
		p.leave(emit)
	case end == 1:
		p.jump(emit, rapid.IntRange(1, n-1).Draw(t, "to"))
	case end == 2 && p.frame > 0:
		p.call(emit, helperFunc, b+1)
		p.starts = append(p.starts, b+1)
		emit(number(opBrIf, leaves))
	}
	return c
}

// leaves and enters stand for labels until a function is put together.
const (
	leaves = 1000
	enters = 2000
)

func (p *program) prologue(emit func(...instruction)) {
	if p.frame == 0 {
		return
	}
	emit(number(opLocalGet, spLocal), number(opGlobalGet, goroutineGlobal), plain(opI32WrapI64), number(opI32Load, 16), plain(0x4d), number(opIf, blockTypeVoid))
	p.call(emit, growFunc, 0)
	emit(number(opBrIf, leaves), plain(opEnd))
	emit(number(opLocalGet, spLocal), number(opI32Const, p.frame), plain(opI32Sub), number(opLocalTee, spLocal), number(opGlobalSet, spGlobal))
}

// call calls a function; what it gives is left on the stack.
func (p *program) call(emit func(...instruction), f, resume int) {
	p.calls = true
	emit(number(opLocalGet, spLocal), number(opI32Const, slot), plain(opI32Sub), number(opLocalTee, spLocal), number(opGlobalSet, spGlobal),
		number(opLocalGet, spLocal), number(opI64Const, subjectFunc<<16|resume), number(opI64Store, 0),
		number(opI32Const, 0), number(opCall, f), number(opGlobalGet, spGlobal), number(opLocalSet, spLocal))
}

func (p *program) leave(emit func(...instruction)) {
	p.dropFrame(emit)
	raise(emit, slot)
	emit(number(opI32Const, 0), plain(opReturn))
}

// tail calls a function that returns to the caller.
func (p *program) tail(emit func(...instruction)) {
	p.dropFrame(emit)
	emit(number(opI32Const, 0), number(opCall, helperFunc), number(opGlobalGet, spGlobal), number(opLocalSet, spLocal), plain(opReturn))
}

func (p *program) dropFrame(emit func(...instruction)) {
	if p.frame > 0 {
		raise(emit, p.frame)
	}
}

func raise(emit func(...instruction), n int) {
	emit(number(opLocalGet, spLocal), number(opI32Const, n), plain(opI32Add), number(opLocalTee, spLocal), number(opGlobalSet, spGlobal))
}

func (p *program) jump(emit func(...instruction), to int) {
	p.jumps = true
	emit(number(opI32Const, to), number(opLocalSet, 0), number(opBr, enters))
}

func (p *program) test(t *rapid.T, emit func(...instruction)) {
	emit(number(opGlobalGet, totalGlobal), number(opI64Const, rapid.IntRange(0, 7).Draw(t, "bit")), plain(opI64Shr), plain(opI32WrapI64),
		number(opI32Const, 1), plain(opI32And))
}

// drawStep adds something to the total. Local 2 is a register.
func (p *program) drawStep(t *rapid.T, emit func(...instruction)) {
	mix := func() {
		emit(number(opGlobalGet, totalGlobal), number(opI64Const, 31), plain(opI64Mul), plain(opI64Xor), number(opGlobalSet, totalGlobal))
	}
	at := 8 * rapid.IntRange(0, max(0, p.frame/8-1)).Draw(t, "at")
	place := func() {
		emit(number(opLocalGet, spLocal), plain(opI64ExtendU))
		if at > 0 {
			emit(number(opI64Const, at), plain(opI64Add))
		}
	}
	switch step := rapid.IntRange(0, 8).Draw(t, "step"); {
	case step == 0:
		emit(number(opI64Const, rapid.IntRange(-9, 9).Draw(t, "n")))
		mix()
	case step == 1: // an address in the page's upper half
		emit(number(opGlobalGet, totalGlobal), number(opI64Const, 0xfff), plain(opI64And), number(opI64Const, 0x8000), plain(opI64Add), number(opLocalSet, 2))
	case step == 2:
		emit(number(opLocalGet, 2), plain(opI32WrapI64), number(opI64Load, 8*rapid.IntRange(0, 4).Draw(t, "offset")))
		mix()
	case step == 3:
		emit(number(opLocalGet, 2), plain(opI32WrapI64), number(opGlobalGet, totalGlobal), number(opI64Store, 8*rapid.IntRange(0, 4).Draw(t, "offset")))
	case step == 8: // an if that is left by its end
		p.test(t, emit)
		emit(number(opIf, blockTypeVoid), number(opLocalGet, 2), number(opI64Const, 64), plain(opI64Add), number(opLocalSet, 2), plain(opEnd))
	case p.frame == 0:
	case step == 4:
		place()
		emit(plain(opI32WrapI64), number(opGlobalGet, totalGlobal), number(opI64Store, 0))
	case step == 5:
		emit(number(opLocalGet, spLocal), number(opI64Load, at))
		mix()
	case step == 6:
		place()
		mix()
	case step == 7:
		place()
		emit(plain(opI32WrapI64), number(opLocalGet, spLocal), number(opI64Load, at), number(opI64Store, 0))
	}
}

// body puts the function together in the form that flow.go shows.
func (p *program) body() []byte {
	out := []byte{2, 1, typeI32, 1, typeI64, opGlobalGet, spGlobal, opLocalSet, spLocal}
	outer := 0
	if p.calls {
		out, outer = append(out, opBlock, blockTypeVoid), 1
	}
	if p.jumps {
		out = append(out, opLoop, blockTypeVoid)
	}
	for range p.blocks {
		out = append(out, opBlock, blockTypeVoid)
	}
	out = appendU32(append(out, opLocalGet, 0, opBrTable), len(p.blocks)-1)
	for i := range p.blocks {
		out = appendU32(out, i)
	}
	for i, b := range p.blocks {
		out = append(out, opEnd)
		open, depth := len(p.blocks)-1-i, 0
		for _, in := range b {
			switch {
			case in.op == opIf:
				depth++
			case in.op == opEnd:
				depth--
			case in.op == opBr && in.imm == enters:
				in = number(opBr, open+depth)
			case in.op == opBrIf && in.imm == leaves:
				in = number(opBrIf, open+depth+b2i(p.jumps))
			}
			out = append(out, in.text...)
			if in.op == opIf && len(in.text) == 1 {
				out = append(out, blockTypeVoid)
			}
		}
	}
	if p.jumps {
		out = append(out, opEnd)
	}
	out = append(out, opUnreachable)
	if outer == 1 {
		out = append(out, opEnd, opI32Const, 1)
	}
	return append(out, opEnd)
}

// module is a module around a subject.
func (p *program) module() []byte {
	code := func(in ...instruction) []byte {
		out := []byte{0}
		for _, i := range in {
			out = append(out, i.text...)
		}
		return append(out, opEnd)
	}
	pop := []instruction{number(opGlobalGet, spGlobal), number(opI32Const, slot), plain(opI32Add), number(opGlobalSet, spGlobal)}
	helper := code(append([]instruction{
		number(opGlobalGet, totalGlobal), number(opI64Const, 77), plain(opI64Xor), number(opGlobalSet, totalGlobal)},
		append(pop, number(opGlobalGet, totalGlobal), plain(opI32WrapI64), number(opI32Const, 7), plain(opI32And), plain(opI32Eqz))...)...)
	unwinds := code(number(opI32Const, 1))
	bodies := []byte{4}
	for _, b := range [][]byte{helper, unwinds, unwinds, p.body()} {
		bodies = appendVec(bodies, b)
	}
	global := func(typ, op byte, v int64) []byte { return append(appendS64([]byte{typ, 1, op}, v), opEnd) }
	globals := []byte{5}
	for _, g := range [][]byte{global(typeI32, opI32Const, 4096), global(typeI64, opI64Const, 0), global(typeI64, opI64Const, 64),
		global(typeI64, opI64Const, 0), global(typeI32, opI32Const, 0)} {
		globals = append(globals, g...)
	}
	exports := []byte{6}
	for n, name := range []string{"sp", "", "", "total", "fuel"} {
		if name != "" {
			exports = append(appendVec(exports, []byte(name)), kindGlobal, byte(n))
		}
	}
	exports = append(appendVec(exports, []byte("subject")), kindFunc, subjectFunc)
	exports = append(appendVec(exports, []byte("memory")), 2, 0)
	exports[0] = 5
	names, name := []byte{4}, "main.subject"
	if p.plain {
		name = "subject"
	}
	for n, f := range []string{"helper", "runtime.panicIndex", "runtime.morestack_noctxt", name} {
		names = appendVec(append(names, byte(n)), []byte(f))
	}
	custom := append(appendVec(nil, []byte("name")), 1)
	return appendSections(nil, []section{
		{1, []byte{1, 0x60, 1, typeI32, 1, typeI32}},
		{sectionFunction, []byte{4, 0, 0, 0, 0}},
		{sectionMemory, []byte{1, 0, 1}},
		{sectionGlobal, globals},
		{sectionExport, exports},
		{sectionCode, bodies},
		{sectionCustom, appendVec(custom, names)},
	})
}

// outcome is what can be seen of a call.
func outcome(t *rapid.T, wasm []byte, pcb, sp int, total uint64, guard byte) string {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	m, err := r.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v uint64) { m.ExportedGlobal(name).(interface{ Set(uint64) }).Set(v) }
	set("sp", uint64(sp))
	set("total", total)
	set("fuel", 40)
	for i := range uint32(0x4000) {
		m.Memory().WriteByte(0x8000-0x2000+i, byte(i*7))
	}
	m.Memory().WriteByte(64+17, guard) // × 256: the stack's bound
	out, err := m.ExportedFunction("subject").Call(ctx, uint64(pcb))
	h := fnv.New64()
	memory, _ := m.Memory().Read(0, 1<<16)
	h.Write(memory)
	if err != nil {
		return fmt.Sprintf("dies: total %x", m.ExportedGlobal("total").Get())
	}
	return fmt.Sprintf("gives %d, total %x, sp %d, memory %x", out[0], m.ExportedGlobal("total").Get(), m.ExportedGlobal("sp").Get(), h.Sum64())
}

// TestStraighten_doesTheSame compares random functions with what becomes of them, called and resumed.
func TestStraighten_doesTheSame(t *testing.T) {
	straight, fixed, ways, gated := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		before := p.module()
		sections, err := parseSections(before)
		if err == nil {
			err = straighten(sections, func(string) bool { return p.twice })
		}
		if err != nil {
			t.Fatal(err)
		}
		after := appendSections(nil, sections)
		known := callees{
			never:    func(f int) bool { return f == panicFunc },
			grows:    func(f int) bool { return f == growFunc },
			recovers: func(int) bool { return false },
		}
		if f, ok := parseFlow(p.body(), known, p.plain); ok {
			straight++
			fixed += b2i(f.fixed)
			if !p.twice && f.resumes && f.resumable() {
				ways++
				gated += b2i(f.gated)
			}
		}
		for range 4 {
			pcb := rapid.SampledFrom(p.starts).Draw(t, "pcb")
			sp, total := 4096+8*rapid.IntRange(0, 8).Draw(t, "sp"), rapid.Uint64().Draw(t, "total")
			guard := byte(rapid.SampledFrom([]int{1, 1, 1, 0x20}).Draw(t, "guard"))
			want, got := outcome(t, before, pcb, sp, total, guard), outcome(t, after, pcb, sp, total, guard)
			if got != want {
				t.Fatalf("from block %d: %s, want %s", pcb, got, want)
			}
		}
	})
	if straight == 0 || fixed == 0 || ways == 0 || gated == 0 {
		t.Errorf("%d functions were straightened, %d with a frame that is fixed, %d with ways of their own, %d with gates", straight, fixed, ways, gated)
	}
	t.Logf("%d straightened, %d fixed, %d with ways, %d with gates", straight, fixed, ways, gated)
}
