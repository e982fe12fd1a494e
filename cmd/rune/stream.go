package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// stream answers the requests of a file, one a line.
func (v *evaluation) stream(ctx context.Context) error {
	in, size, err := v.source.open(v.stdin)
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

// requestsBar is a bar where it disturbs no replies.
func (v *evaluation) requestsBar(size int64) *bar {
	if size == 0 || v.style.outTerminal {
		return nil
	}
	return v.bar("deciding", size)
}
