package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// stream answers the requests of a file, one a line. What of --context isn't the host's has no place there.
func (v *evaluation) stream(ctx context.Context, fields []field) error {
	if len(fields) > 0 {
		return usagef("--context: %q belongs in the requests: with --requests only what is the host's to give may be there", fields[0].name)
	}
	in, size, err := v.openRequests()
	if err != nil {
		return err
	}
	defer in.Close()
	b := v.requestsBar(size)
	defer b.close()
	r := bufio.NewReaderSize(in, 1<<16)
	for {
		line, err := readLine(r)
		b.add(int64(len(line)))
		if request := bytes.TrimSpace(line); len(request) > 0 {
			if err := v.decide(ctx, request); err != nil {
				return err
			}
		}
		// Whoever writes requests one by one waits for each reply.
		if r.Buffered() == 0 || err != nil {
			if e := v.stdout.Flush(); e != nil {
				return fmt.Errorf("write the replies: %w", e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("--requests: %w", err)
		}
	}
}

// openRequests opens the file of requests, and tells its size, 0 where it isn't known.
func (v *evaluation) openRequests() (io.ReadCloser, int64, error) {
	if v.requests == "-" {
		return io.NopCloser(v.stdin), 0, nil
	}
	f, err := os.Open(v.requests)
	if err != nil {
		return nil, 0, fmt.Errorf("--requests: %w", err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f, 0, nil
	}
	return f, info.Size(), nil
}

// requestsBar is a bar where it disturbs no replies.
func (v *evaluation) requestsBar(size int64) *bar {
	if size == 0 || v.style.outTerminal {
		return nil
	}
	return v.bar("deciding", size)
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
