package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rune-authz/rune/host"
)

// TestMain lets the test binary be the command rune of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rune": main})
}

// TestScripts runs the command line the way its users do: each script is a folder of files, and commands with what they have to
// answer. `exits 2 rune frob` runs a command whose exit status has to be 2.
func TestScripts(t *testing.T) {
	cache, err := os.UserCacheDir() // where machine code is kept: without it each command would compile the module anew
	if err != nil {
		cache = t.TempDir()
	}
	warm(t, cache)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			agents, err := filepath.Abs("../../testdata/examples/agents")
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("AGENTS", agents)
			e.Setenv("TERM", "xterm")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// warm compiles the module, before scripts that run at the same time each do.
func warm(t *testing.T, cache string) {
	t.Helper()
	r, err := host.New(t.Context(), host.Options{CacheDir: filepath.Join(cache, "rune")})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits status command [argument…]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%v exits with %d, not %s", args[1:], got, args[0])
	}
}

// newApp is an app whose outputs are no terminals.
func newApp() (a *app, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{stdin: &bytes.Buffer{}, stdout: bufio.NewWriter(stdout), stderr: stderr}, stdout, stderr
}
