package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/tetratelabs/wazero"
)

// mover is a module with both functions: fill, of number 0, and copy.
func mover() []byte {
	bodies := appendVec(appendVec([]byte{2}, smallMove(false)), smallMove(true))
	exports := []byte{4}
	exports = append(appendVec(exports, []byte("fill")), kindFunc, 0)
	exports = append(appendVec(exports, []byte("copy")), kindFunc, 1)
	exports = append(appendVec(exports, []byte("memory")), 2, 0)
	exports = append(appendVec(exports, []byte("sp")), kindGlobal, 0)
	return appendSections(nil, []section{
		{1, []byte{1, 0x60, 1, typeI32, 1, typeI32}},
		{sectionFunction, []byte{2, 0, 0}},
		{sectionMemory, []byte{1, 0, 1}},
		{sectionGlobal, []byte{1, typeI32, 1, opI32Const, 0, opEnd}},
		{sectionExport, exports},
		{sectionCode, bodies},
	})
}

func TestSmallMove(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	m, err := r.Instantiate(ctx, mover())
	if err != nil {
		t.Fatal(err)
	}
	sp := m.ExportedGlobal("sp").(interface{ Set(uint64) })
	call := func(name string, args ...uint64) {
		for i, a := range args {
			m.Memory().WriteUint64Le(uint32(1000+slot+8*i), a)
		}
		sp.Set(1000)
		if out, err := m.ExportedFunction(name).Call(ctx, 0); err != nil || out[0] != 0 || m.ExportedGlobal("sp").Get() != 1000+slot {
			t.Fatalf("%s%v gives %v, sp %d, %v", name, args, out, m.ExportedGlobal("sp").Get(), err)
		}
	}
	start := make([]byte, 300)
	for i := range start {
		start[i] = byte(i*7 + 1)
	}
	check := func(name string, want []byte, args ...uint64) {
		m.Memory().Write(2000, start)
		call(name, args...)
		if got, _ := m.Memory().Read(2000, uint32(len(want))); !bytes.Equal(got, want) {
			t.Fatalf("%s%v leaves\n%x, want\n%x", name, args, got, want)
		}
	}
	for n := range 80 {
		want := bytes.Clone(start)
		clear(want[100 : 100+n])
		check("fill", want, 2100, uint64(n))
		for _, distance := range []int{-90, -n, -9, -8, -3, -1, 0, 1, 2, 7, 8, 15, 16, 33, n, 90} {
			want := bytes.Clone(start)
			copy(want[100+distance:], start[100:100+n])
			check("copy", want, uint64(2100+distance), 2100, uint64(n))
		}
	}
}

// TestExpandMoves runs what takes the place of a copy and of a fill of each size.
func TestExpandMoves(t *testing.T) {
	ctx := context.Background()
	for n := 1; n <= mostMoved+1; n++ {
		code := []instruction{number(opI32Const, 500), number(opI32Const, 1000), number(opI32Const, n), {op: opPrefixed, text: memoryCopy},
			number(opI32Const, 2000), number(opI32Const, 0), number(opI32Const, n), {op: opPrefixed, text: memoryFill}, plain(opEnd)}
		body := append([]byte{1, tempCount}, typeI32)
		expanded := expandMoves(code, 0)
		for _, in := range expanded {
			body = append(body, in.text...)
		}
		if still := len(expanded) == len(code); still != (n > mostMoved) {
			t.Errorf("of %d bytes: %d instructions", n, len(expanded))
		}
		exports := append(appendVec([]byte{2}, []byte("f")), kindFunc, 0)
		exports = append(appendVec(exports, []byte("memory")), 2, 0)
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
		m, err := r.Instantiate(ctx, appendSections(nil, []section{
			{1, []byte{1, 0x60, 0, 0}}, {sectionFunction, []byte{1, 0}}, {sectionMemory, []byte{1, 0, 1}}, {sectionExport, exports},
			{sectionCode, appendVec([]byte{1}, body)},
		}))
		if err != nil {
			t.Fatal(err)
		}
		all, _ := m.Memory().Read(0, 4096)
		for i := range all {
			all[i] = byte(binary.LittleEndian.Uint16([]byte{byte(i), byte(i >> 8)})%251) | 1
		}
		want := bytes.Clone(all)
		copy(want[500:500+n], want[1000:1000+n])
		clear(want[2000 : 2000+n])
		if _, err := m.ExportedFunction("f").Call(ctx); err != nil {
			t.Fatal(err)
		}
		if got, _ := m.Memory().Read(0, 4096); !bytes.Equal(got, want) {
			t.Errorf("of %d bytes: the memory isn't as it should be", n)
		}
		r.Close(ctx)
	}
}
