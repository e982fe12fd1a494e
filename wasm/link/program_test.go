package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// TestStraighten_program runs a program natively, and as modules of which all functions are straightened, those of Go's runtime as well, and have
// two bodies or one: its stacks grow, shrink, unwind and are scanned, and panics are recovered from.
func TestStraighten_program(t *testing.T) {
	native := filepath.Join(t.TempDir(), "program")
	want, err := exec.Command(build(t, native)).Output()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(build(t, native+".wasm", "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("two bodies", func(t *testing.T) {
		if after := runProgram(t, wasm, want, true); len(after) < len(wasm)*4/3 {
			t.Errorf("%d bytes are %d: few functions have two bodies", len(wasm), len(after))
		}
	})
	t.Run("one body", func(t *testing.T) {
		if after := runProgram(t, wasm, want, false); len(after) > len(wasm)*19/20 {
			t.Errorf("%d bytes are %d: few functions are straightened", len(wasm), len(after))
		}
	})
}

// runProgram straightens a program and checks what it prints. It returns the module.
func runProgram(t *testing.T, wasm, want []byte, twice bool) []byte {
	sections, err := parseSections(wasm)
	if err == nil {
		err = straighten(sections, func(string) bool { return twice })
	}
	if err != nil {
		t.Fatal(err)
	}
	after := appendSections(nil, sections)
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var got, said bytes.Buffer
	if _, err := r.InstantiateWithConfig(ctx, after, wazero.NewModuleConfig().WithStdout(&got).WithStderr(&said)); err != nil {
		t.Errorf("%v\n%s", err, said.Bytes())
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("prints\n%s\nwant\n%s", got.Bytes(), want)
	}
	return after
}

// build compiles the program in testdata, and returns the file.
func build(t *testing.T, file string, env ...string) string {
	if _, err := os.Stat("testdata/program/main.go"); err != nil { // so that go test runs again when it changes
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file, "./testdata/program")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return file
}
