package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestABI holds the committed module to the frozen list of what it imports and exports. The Python runner does the same.
func TestABI(t *testing.T) {
	wasm, err := os.ReadFile("../module/rune.wasm")
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := os.ReadFile("../module/abi.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := interfaceOf(t, wasm)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(frozen)), "\n"), got); diff != "" {
		t.Errorf("abi.txt and the module differ (-want +got):\n%s", diff)
	}
}

// interfaceOf lists a module's imports and exports in the words of abi.txt: imports first, each once, both sorted.
func interfaceOf(t *testing.T, wasm []byte) []string {
	sections, err := parseSections(wasm)
	if err != nil {
		t.Fatal(err)
	}
	var types, functions, globals, imports, exports []string
	const sectionType, sectionFunction = 1, 3
	for _, s := range sections {
		r := &reader{buf: s.body}
		switch s.id {
		case sectionType:
			types = readAll(r, readType)
		case sectionImport:
			imports = readAll(r, func(r *reader) string {
				module, name, kind := r.name(), r.name(), r.byte()
				if kind != kindFunc {
					t.Fatalf("import %s.%s isn't a function", module, name)
				}
				functions = append(functions, types[r.u32()])
				return "import " + module + "." + name + " " + functions[len(functions)-1]
			})
		case sectionFunction:
			functions = append(functions, readAll(r, func(r *reader) string { return types[r.u32()] })...)
		case sectionGlobal:
			globals = readAll(r, func(r *reader) string {
				typ, mutable := valueType(r.byte()), r.byte()
				r.constExpr()
				return map[byte]string{0: "const ", 1: "mut "}[mutable] + typ
			})
		case sectionExport:
			exports = readAll(r, func(r *reader) string {
				name, kind, index := r.name(), r.byte(), r.u32()
				switch kind {
				case kindFunc:
					return "export " + name + " " + functions[index]
				case kindGlobal:
					return "export " + name + " " + globals[index]
				case kindMemory:
					return "export " + name + " memory"
				}
				return fmt.Sprintf("export %s of kind %d", name, kind)
			})
		}
		if r.err != nil {
			t.Fatalf("section %d: %v", s.id, r.err)
		}
	}
	slices.Sort(imports)
	slices.Sort(exports)
	return append(slices.Compact(imports), exports...)
}

func readAll(r *reader, one func(*reader) string) []string {
	list := make([]string, r.u32())
	for i := range list {
		list[i] = one(r)
	}
	return list
}

// readType reads a function type, such as "(i32 i32) -> (i64)".
func readType(r *reader) string {
	r.byte()
	value := func(r *reader) string { return valueType(r.byte()) }
	params := readAll(r, value)
	results := readAll(r, value)
	return "(" + strings.Join(params, " ") + ") -> (" + strings.Join(results, " ") + ")"
}

func valueType(b byte) string {
	names := map[byte]string{typeI32: "i32", typeI64: "i64", 0x7d: "f32", 0x7c: "f64"}
	return names[b]
}
