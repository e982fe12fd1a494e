// Command link makes the module: it compiles the guest, gives its functions better control flow, and bakes in the state that its
// initialisation leaves.
//
//	go run ./wasm/link                 # write wasm/module/rune.wasm
//	go run ./wasm/link -check          # compare it with what the sources give
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	out := flag.String("o", "wasm/module/rune.wasm", "the module's `file`")
	check := flag.Bool("check", false, "compare the file with what the sources give, instead of writing it")
	flag.Parse()
	if err := link(context.Background(), *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(1)
	}
}

func link(ctx context.Context, out string, check bool) error {
	dir, err := os.MkdirTemp("", "rune-link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	pgo := filepath.Join(dir, "engine.pgo")
	if err := os.WriteFile(pgo, profile, 0o600); err != nil {
		return err
	}
	raw, err := compile(ctx, filepath.Join(dir, "guest.wasm"), pgo)
	if err != nil {
		return err
	}
	sections, err := parseSections(raw)
	if err != nil {
		return err
	}
	if err := straighten(sections, worth(hotFunctions(seen))); err != nil {
		return fmt.Errorf("straightening: %w", err)
	}
	baked, err := bake(ctx, appendSections(nil, sections))
	if err != nil {
		return fmt.Errorf("baking: %w", err)
	}
	fmt.Printf("%x  %s (%d bytes)\n", sha256.Sum256(baked), out, len(baked))
	if !check {
		return os.WriteFile(out, baked, 0o644)
	}
	have, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, baked) {
		return errors.New("the committed module isn't what the sources give: run make wasm")
	}
	return nil
}

// profile is what the engine spends its time in, natively: make profile measures it.
//
//go:embed engine.pgo
var profile []byte

// compile gives the guest as Go's linker leaves it in file, with the names of functions, which straighten reads and bake drops. The flags, and the
// toolchain that go.mod pins, make it the same everywhere.
func compile(ctx context.Context, file, pgo string) ([]byte, error) {
	// As default.pgo, to be found by itself, it would be another variant of each package to all that lists packages.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-pgo="+pgo,
		"-ldflags=-w -buildid=", "-o", file, "github.com/rune-authz/rune/wasm")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWASM=", "GOFLAGS=", "GOEXPERIMENT=", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("compiling the guest: %w", err)
	}
	return os.ReadFile(file)
}
