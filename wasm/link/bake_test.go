package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"pgregory.net/rapid"
)

// counter is a module with a memory, a mutable and a constant global, and two exports: _initialize stores 7 at address 300 and sets
// the mutable global to 42; get gives the global plus what is at 300.
func counter() []byte {
	code := func(body ...byte) []byte { return appendVec(nil, append([]byte{0}, body...)) }
	const opGlobalGet, opGlobalSet, opI32Load8, opI32Store8, opI32Add = 0x23, 0x24, 0x2d, 0x3a, 0x6a
	exports := []byte{2}
	exports = append(appendVec(exports, []byte(initialize)), kindFunc, 0)
	exports = append(appendVec(exports, []byte("get")), kindFunc, 1)
	start := code(opI32Const, 0xac, 2, opI32Const, 7, opI32Store8, 0, 0, opI32Const, 42, opGlobalSet, 1, opEnd)
	get := code(opGlobalGet, 1, opI32Const, 0xac, 2, opI32Load8, 0, 0, opI32Add, opEnd)
	return appendSections(nil, []section{
		{1, []byte{2, 0x60, 0, 0, 0x60, 0, 1, typeI32}},
		{3, []byte{2, 0, 1}},
		{sectionMemory, []byte{1, 1, 1, 4}},
		{sectionGlobal, []byte{2, typeI64, 0, opI64Const, 5, opEnd, typeI32, 1, opI32Const, 0, opEnd}},
		{sectionExport, exports},
		{10, append(append([]byte{2}, start...), get...)},
		{sectionCustom, appendVec(nil, []byte("name"))},
	})
}

func TestBake_startsWhereInitialisationEnded(t *testing.T) {
	ctx := context.Background()
	baked, err := bake(ctx, counter())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"export get () -> (i32)", "export rune_global_0 mut i32"}
	if diff := cmp.Diff(want, interfaceOf(t, baked)); diff != "" {
		t.Errorf("interface (-want +got):\n%s", diff)
	}
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	m, err := r.Instantiate(ctx, baked)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.ExportedFunction("get").Call(ctx)
	if err != nil || out[0] != 49 {
		t.Errorf("get gives %v, %v, want 49", out, err)
	}
}

func TestBake_isReproducible(t *testing.T) {
	a, err := bake(context.Background(), counter())
	b, _ := bake(context.Background(), counter())
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two runs differ: %v", err)
	}
}

func TestBake_refuses(t *testing.T) {
	whole := counter()
	for name, wasm := range map[string][]byte{
		"nothing":      nil,
		"no module":    []byte("hello, world"),
		"half a one":   whole[:len(whole)/2],
		"without code": whole[:8],
	} {
		if _, err := bake(context.Background(), wasm); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestDataSection_restoresMemory: the segments, written over zeros, give the memory; none starts or ends with a zero, and
// neighbours lie further apart than the gap.
func TestDataSection_restoresMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		memory := make([]byte, rapid.IntRange(0, 20_000).Draw(t, "size"))
		for range rapid.IntRange(0, 12).Draw(t, "runs") {
			if len(memory) > 0 {
				start := rapid.IntRange(0, len(memory)-1).Draw(t, "start")
				copy(memory[start:], bytes.Repeat([]byte{1}, rapid.IntRange(1, 600).Draw(t, "length")))
			}
		}
		body, count := dataSection(memory)
		r := &reader{buf: body}
		if n := int(r.u32()); n != count {
			t.Fatalf("the section says %d segments, the count is %d", n, count)
		}
		got, end := make([]byte, len(memory)), -maxGap-1
		for range count {
			if r.byte() != 0 || r.byte() != opI32Const {
				t.Fatal("not an active segment")
			}
			start := readS32(r)
			if r.byte() != opEnd {
				t.Fatal("the offset goes on")
			}
			data := r.bytes(int(r.u32()))
			if start-end <= maxGap || data[0] == 0 || data[len(data)-1] == 0 {
				t.Fatalf("segment at %d of %d bytes, after one that ends at %d", start, len(data), end)
			}
			end = start + copy(got[start:], data)
		}
		if r.err != nil || len(r.buf) > 0 || !bytes.Equal(got, memory) {
			t.Fatalf("the segments don't give the memory: %v, %d bytes left", r.err, len(r.buf))
		}
	})
}

func TestAppendS64_isLEB128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int32().Draw(t, "v")
		r := &reader{buf: appendS64(nil, int64(v))}
		if got := readS32(r); got != int(v) || len(r.buf) > 0 {
			t.Fatalf("%d reads as %d", v, got)
		}
	})
}

// readS32 reads a signed LEB128 number.
func readS32(r *reader) int {
	v, shift := int64(0), 0
	for {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		shift += 7
		if b&0x80 == 0 {
			if b&0x40 != 0 {
				v |= -1 << shift
			}
			return int(v)
		}
	}
}
