package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

func (a *app) testCommand() *cobra.Command {
	var pattern string
	cmd := &cobra.Command{
		Use:   "test {FILE|DIR}…",
		Short: "Run the tests of configurations",
		Long: `test runs the [tests] of each file, and of every *_test.rune below each folder.

json is one object a line, {"file","name","ok","want","got"} for a test, {"file","ok":false,"error":{…}}
for a file that doesn't load, and last {"passed":n,"failed":m,"errors":k}, k being such files.

Exit status: 0 if all tests pass, 1 if one fails or a file doesn't load, 2 after wrong usage.`,
		Example: `  rune test .
  rune test config.rune --run '^admins'
  rune test policies --format json`,
		Args: atLeastOne("FILE or DIR"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().StringVar(&pattern, "run", "", "run only tests whose name matches this `regexp`")
	_ = cmd.RegisterFlagCompletionFunc("run", cobra.NoFileCompletions)
	format := formatFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		request := []byte("{}")
		if cmd.Flags().Changed("run") {
			if _, err := regexp.Compile(pattern); err != nil {
				return usageError{fmt.Errorf("--run: %w", err)}
			}
			request = appendObject(nil, []field{{"run", appendString(nil, pattern)}})
		}
		return a.test(cmd.Context(), args, request, format.value == "json")
	}
	return cmd
}

// result is what became of one file's tests.
type result struct {
	file  string
	tests []testResult
	err   error // it didn't load, or its tests couldn't be run
}

// testResult is what became of one test.
type testResult struct {
	File string          `json:"file"`
	Name string          `json:"name"`
	OK   bool            `json:"ok"`
	Want json.RawMessage `json:"want"`
	Got  json.RawMessage `json:"got"`
}

// summary is how many tests passed and failed, and how many files didn't load.
type summary struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	Errors int `json:"errors"`
}

func (a *app) test(ctx context.Context, args []string, request []byte, asJSON bool) error {
	files, err := testFiles(args)
	if err != nil {
		return err
	}
	r, err := a.runtime(ctx)
	if err != nil {
		return err
	}
	defer r.Close(ctx)
	report := a.textReport
	if asJSON {
		report = a.jsonReport
	}
	b := a.bar("testing", int64(len(files)))
	defer b.close()
	var sum summary
	a.runTests(ctx, r, files, request, func(res *result) {
		sum.count(res)
		b.hide()
		report(res)
		b.add(1)
	})
	b.close()
	if asJSON {
		a.writeJSON(sum)
	} else {
		a.textSummary(sum)
	}
	if sum.Failed+sum.Errors > 0 {
		return exitUnwell
	}
	return nil
}

func (s *summary) count(r *result) {
	if r.err != nil {
		s.Errors++
	}
	for _, t := range r.tests {
		if t.OK {
			s.Passed++
		} else {
			s.Failed++
		}
	}
}

// testFiles lists the files to run, each once: those named outright, and every *_test.rune below a folder.
func testFiles(args []string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	add := func(path string) {
		if clean := filepath.Clean(path); !seen[clean] {
			seen[clean] = true
			files = append(files, path)
		}
	}
	for _, arg := range args {
		if info, err := os.Stat(arg); err != nil || !info.IsDir() {
			add(arg) // what can't be read shows when it is loaded
			continue
		}
		before := len(files)
		err := filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, "_test.rune") {
				add(path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("there is no *_test.rune below %s", arg)
		}
	}
	return files, nil
}

// runTests runs the tests of files, some at a time, and reports in the order of files.
func (a *app) runTests(ctx context.Context, r *host.Runtime, files []string, request []byte, report func(*result)) {
	results := make([]chan *result, len(files))
	for i := range results {
		results[i] = make(chan *result, 1)
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := range next {
				results[i] <- a.testFile(ctx, r, files[i], request)
			}
		})
	}
	go func() {
		defer close(next)
		for i := range files {
			next <- i
		}
	}()
	for _, res := range results {
		report(<-res)
	}
	workers.Wait()
}

// testFile runs the tests of one file in an engine of their own.
func (a *app) testFile(ctx context.Context, r *host.Runtime, file string, request []byte) *result {
	res := &result{file: file}
	e, err := a.load(ctx, r, file, host.LoadOptions{IgnoreNeeds: true})
	if err != nil {
		res.err = err
		return res
	}
	defer e.Close(ctx)
	text, err := e.Test(ctx, nil, request, nil)
	if err != nil {
		res.err = err
		return res
	}
	var reply struct{ Tests []testResult }
	if err := json.Unmarshal(text, &reply); err != nil {
		res.err = fmt.Errorf("read the reply: %w", err)
		return res
	}
	res.tests = reply.Tests
	for i := range res.tests {
		res.tests[i].File = file
	}
	return res
}

// asHostError is err as an error with a code.
func asHostError(err error) *host.Error {
	he := (*host.Error)(nil)
	if errors.As(err, &he) {
		return he
	}
	return &host.Error{Code: host.CodeRead, Message: err.Error()}
}
