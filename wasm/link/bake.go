package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// Globals that a snapshot holds are exported as rune_global_0, rune_global_1, … in the order of the module.
const globalPrefix = "rune_global_"

// initialize is the start function of a Go library. A baked module has none.
const initialize = "_initialize"

// maxGap is how many zeros between two runs are written out rather than begin another segment. maxSegments is what engines
// accept; with gaps of this size some thousands are usual.
const (
	maxGap      = 256
	maxSegments = 100_000
	pageSize    = 1 << 16
)

// global is a mutable global: its index among all globals, and its type.
type global struct {
	index int
	typ   byte
}

// state is what running a module leaves behind.
type state struct {
	memory  []byte
	globals []uint64 // by position in the list of mutable globals
}

// bake gives the module that starts where wasm stands after its initialisation: memory as data, globals as initial values,
// both exported, nothing left to run first.
func bake(ctx context.Context, wasm []byte) ([]byte, error) {
	sections, err := parseSections(wasm)
	if err != nil {
		return nil, err
	}
	globals, err := mutableGlobals(sections)
	if err != nil {
		return nil, err
	}
	if err := exportGlobals(sections, globals); err != nil {
		return nil, err
	}
	s, err := run(ctx, appendSections(nil, sections), len(globals))
	if err != nil {
		return nil, err
	}
	return rewrite(sections, globals, s)
}

// run initialises the module, without files, arguments or environment, at wazero's fixed time and with its fixed randomness.
func run(ctx context.Context, wasm []byte, globals int) (*state, error) {
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return nil, err
	}
	m, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions(initialize))
	if err != nil {
		return nil, fmt.Errorf("initialising: %w", err)
	}
	mem, ok := m.Memory().Read(0, m.Memory().Size())
	if !ok {
		return nil, errors.New("memory can't be read")
	}
	s := &state{memory: bytes.Clone(mem)}
	for i := range globals {
		s.globals = append(s.globals, m.ExportedGlobal(globalName(i)).Get())
	}
	return s, nil
}

func globalName(i int) string { return fmt.Sprint(globalPrefix, i) }

// rewrite puts s into the module as what it starts with, and drops what would run or isn't needed.
func rewrite(sections []section, globals []global, s *state) ([]byte, error) {
	data, n := dataSection(s.memory)
	if n > maxSegments {
		return nil, fmt.Errorf("%d data segments, over %d", n, maxSegments)
	}
	out := slices.DeleteFunc(slices.Clone(sections), func(s section) bool {
		return s.id == sectionCustom || s.id == sectionStart || s.id == sectionData
	})
	for i := range out {
		var err error
		switch body := &out[i].body; out[i].id {
		case sectionMemory:
			*body, err = memorySection(*body, len(s.memory)/pageSize)
		case sectionGlobal:
			*body, err = globalSection(*body, globals, s.globals)
		case sectionExport:
			*body, err = withoutExport(*body, initialize)
		case sectionDataCount:
			*body = appendU32(nil, n)
		}
		if err != nil {
			return nil, err
		}
	}
	return appendSections(nil, append(out, section{sectionData, data})), nil
}

// mutableGlobals lists the mutable globals, which are all of type i32 or i64.
func mutableGlobals(sections []section) ([]global, error) {
	var list []global
	for _, s := range sections {
		if s.id != sectionGlobal {
			continue
		}
		r := reader{buf: s.body}
		for i := range int(r.u32()) {
			typ, mutable := r.byte(), r.byte()
			r.constExpr()
			if mutable == 0 {
				continue
			}
			if typ != typeI32 && typ != typeI64 {
				return nil, fmt.Errorf("global %d has type %#x", i, typ)
			}
			list = append(list, global{i, typ})
		}
		if r.err != nil {
			return nil, fmt.Errorf("globals: %w", r.err)
		}
	}
	return list, nil
}

// globalSection writes the values into the mutable globals.
func globalSection(body []byte, mutable []global, values []uint64) ([]byte, error) {
	r := reader{buf: body}
	count := int(r.u32())
	out := appendU32(nil, count)
	for i := range count {
		whole := r.buf
		r.bytes(2)
		r.constExpr()
		if at := slices.IndexFunc(mutable, func(g global) bool { return g.index == i }); at >= 0 {
			out = append(out, mutable[at].typ, 1)
			out = appendConst(out, mutable[at].typ, values[at])
			continue
		}
		out = append(out, whole[:len(whole)-len(r.buf)]...)
	}
	return out, r.err
}

// appendConst appends an initial value.
func appendConst(dst []byte, typ byte, v uint64) []byte {
	if typ == typeI32 {
		return append(appendS64(append(dst, opI32Const), int64(api.DecodeI32(v))), opEnd)
	}
	return append(appendS64(append(dst, opI64Const), int64(v)), opEnd)
}

// memorySection sets the least number of pages of the one memory.
func memorySection(body []byte, pages int) ([]byte, error) {
	r := reader{buf: body}
	if n := r.u32(); n != 1 {
		return nil, fmt.Errorf("%d memories", n)
	}
	limits := r.byte()
	r.u32()
	return append(appendU32([]byte{1, limits}, pages), r.buf...), r.err
}

// exportGlobals adds the mutable globals to the exports.
func exportGlobals(sections []section, globals []global) error {
	for i, s := range sections {
		if s.id != sectionExport {
			continue
		}
		r := reader{buf: s.body}
		out := appendU32(nil, int(r.u32())+len(globals))
		out = append(out, r.buf...)
		for n, g := range globals {
			out = appendVec(out, []byte(globalName(n)))
			out = appendU32(append(out, kindGlobal), g.index)
		}
		sections[i].body = out
		return r.err
	}
	return errors.New("no exports")
}

// withoutExport drops the export of that name, if it is there.
func withoutExport(body []byte, name string) ([]byte, error) {
	r := reader{buf: body}
	count, kept := int(r.u32()), 0
	var out []byte
	for range count {
		whole := r.buf
		n := r.name()
		r.byte()
		r.u32()
		if n == name {
			continue
		}
		out = append(out, whole[:len(whole)-len(r.buf)]...)
		kept++
	}
	return append(appendU32(nil, kept), out...), r.err
}

// dataSection gives memory as data segments, zeros left out, and their number.
func dataSection(memory []byte) ([]byte, int) {
	var out []byte
	n := 0
	for at := 0; ; n++ {
		start := at + zeros(memory[at:])
		if start == len(memory) {
			break
		}
		at = runEnd(memory, start)
		out = append(out, 0) // an active segment of memory 0
		out = appendConst(out, typeI32, uint64(uint32(start)))
		out = appendVec(out, memory[start:at])
	}
	return append(appendU32(nil, n), out...), n
}

// runEnd is where the run that starts at start ends: before more than maxGap zeros, or all zeros to the end.
func runEnd(memory []byte, start int) int {
	end := start
	for i := start; i < len(memory) && i-end <= maxGap; i++ {
		if memory[i] != 0 {
			end = i + 1
		}
	}
	return end
}

// zeros is the number of zeros that b starts with.
func zeros(b []byte) int {
	var none [4096]byte
	n := 0
	for len(b)-n >= len(none) && bytes.Equal(b[n:n+len(none)], none[:]) {
		n += len(none)
	}
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}
