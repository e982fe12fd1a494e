package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

// requestSource is where a command's requests come from: flags make up one, or there is one on each line of a file.
type requestSource struct {
	flags    requestFlags
	file     string
	fromFile bool
}

func (s *requestSource) add(cmd *cobra.Command) {
	s.flags.add(cmd)
	cmd.Flags().StringVar(&s.file, "requests", "", "a `file` with a request on each line, a JSON object; - is standard input")
	_ = cmd.MarkFlagFilename("requests", "jsonl", "ndjson", "json")
}

// check sees to it that the requests come from one place, whole.
func (s *requestSource) check(cmd *cobra.Command) error {
	s.fromFile = cmd.Flags().Changed("requests")
	for _, name := range []string{"principal", "action", "resource"} {
		switch given := cmd.Flags().Changed(name); {
		case s.fromFile && given:
			return usagef("--%s and --requests exclude each other", name)
		case !s.fromFile && !given:
			return usagef("--%s is missing", name)
		}
	}
	if s.fromFile && cmd.Flags().Changed("entities") {
		return usagef("--entities and --requests exclude each other: each request has its own entities")
	}
	return nil
}

// split takes what is the host's to give out of the context. The rest has no place where requests come from a file.
func (s *requestSource) split(g *given, needs []string) (request []field, call *host.Call, err error) {
	request, call, err = g.split(needs)
	if err == nil && s.fromFile && len(request) > 0 {
		err = usagef("--context: %q belongs in the requests: with --requests only what is the host's to give may be there", request[0].name)
	}
	return request, call, err
}

// open opens the file of requests, and tells its size, 0 where it isn't known.
func (s *requestSource) open(stdin io.Reader) (io.ReadCloser, int64, error) {
	if s.file == "-" {
		return io.NopCloser(stdin), 0, nil
	}
	f, err := os.Open(s.file)
	if err != nil {
		return nil, 0, fmt.Errorf("--requests: %w", err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f, 0, nil
	}
	return f, info.Size(), nil
}

// readLine reads a line of any length, with its end. The line is valid until the next call.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	whole := bytes.Clone(line)
	rest, err := r.ReadBytes('\n')
	return append(whole, rest...), err
}
