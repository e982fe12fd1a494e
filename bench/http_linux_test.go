package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBench_http measures the server on a small scale: every target has its line with a value. It needs wrk and two processors, and runs in a
// process of its own, since it keeps to one of them.
func TestBench_http(t *testing.T) {
	if _, err := exec.LookPath(program("WRK", "wrk")); err != nil {
		t.Skip("there is no wrk")
	}
	dir := t.TempDir()
	for name, from := range map[string]string{"rune": "../cmd/rune", "bench": "."} {
		if out, err := exec.Command(program("GO", "go"), "build", "-o", filepath.Join(dir, name), from).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "bench"), "-http", "-quick", "-rune", filepath.Join(dir, "rune"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if strings.Contains(stderr.String(), "two processors are needed") {
		t.Skip("there is one processor")
	}
	if err != nil && cmd.ProcessState.ExitCode() != exitMissed {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	for _, want := range httpTargets(quick) {
		line := lineOf(stdout.String(), want.what)
		if line == "" || strings.Contains(line, "not measured") {
			t.Errorf("the line about %q is %q", want.what, line)
		}
	}
}

func TestReadWrk(t *testing.T) {
	n, took, err := readWrk("Running 1s test\n  10 requests in 1.00s\nsum: 10 2000000 0\n")
	if n != 10 || took.Seconds() != 2 || err != nil {
		t.Errorf("%d in %v, %v", n, took, err)
	}
	for out, want := range map[string]string{
		"Running 1s test\n":  "no sum",
		"sum: 1 2\n":         "no sum",
		"sum: ten 2 0\n":     `"ten"`,
		"sum: 10 2000000 3":  "of 10 requests 3 went wrong",
		"sum: 0 2000000 0\n": "of 0 requests",
	} {
		if _, _, err := readWrk(out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", out, err)
		}
	}
}

// TestServed_fails: a server that can't start is told of with what it said.
func TestServed_fails(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	_, err := b.startServer(t.Context(), processors{}, "ours", exec.Command("sh", "-c", "echo no such luck >&2"))
	if err == nil || !strings.Contains(err.Error(), "it has ended\nno such luck") {
		t.Errorf("%v", err)
	}
}
