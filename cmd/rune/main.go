// Command rune checks, evaluates, queries, tests and measures RUNE configurations.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// Exit statuses. A command that is done exits with 0.
const (
	exitUnwell status = 1 // what was asked about isn't well: invalid, a failed test, a deny with --exit-status
	exitError  status = 2 // wrong usage, or an error
)

// status is an error that says nothing more: the process exits with it.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a wrong way to call a command, after which its help is worth a look.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// app is one run of the command line.
type app struct {
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer
	style  styles // of what goes to stdout and stderr
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run runs a command line and returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	a := &app{stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: stderr, style: stylesOf(stdout, stderr)}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(context.Background())
	if e := a.stdout.Flush(); e != nil && err == nil {
		err = fmt.Errorf("write the result: %w", e)
	}
	return a.exit(cmd, err)
}

// exit reports err, unless it is a bare status, and turns it into an exit status.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var s status
	switch {
	case err == nil:
		return 0
	case errors.As(err, &s):
		return int(s)
	}
	a.reportError(cmd.CommandPath(), err)
	if u := (usageError{}); errors.As(err, &u) {
		fmt.Fprintf(a.stderr, "See '%s --help'.\n", cmd.CommandPath())
	}
	return int(exitError)
}
