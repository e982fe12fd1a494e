package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// command runs a program in a folder of the source tree and takes in the benchmarks that it writes.
func (b *bench) command(ctx context.Context, folder string, args ...string) error {
	out, err := b.output(ctx, folder, args...)
	if err != nil {
		return err
	}
	n, err := b.results.read(out)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: it writes no benchmark: %.300q", strings.Join(args, " "), out)
	}
	return err
}

// output runs a program and gives what it writes; an error has what it complained of.
func (b *bench) output(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = folder
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(args, " "), err, &stderr, &stdout)
	}
	return stdout.String(), nil
}

// goBenchmarks runs Go benchmarks of a package in a folder.
func (b *bench) goBenchmarks(ctx context.Context, folder, pkg, pattern string) error {
	return b.command(ctx, folder, program("GO", "go"), "test", fmt.Sprint("-short=", b.scale.short),
		"-run", "^$", "-bench", pattern, "-benchmem", "-benchtime", b.scale.benchtime, pkg)
}

// program is the program that a variable of the environment names, or else the one of this name.
func program(variable, name string) string {
	if p := os.Getenv(variable); p != "" {
		return p
	}
	return name
}
