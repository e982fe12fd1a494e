// Package audit writes decisions down, one JSON line each, without making those who ask wait.
package audit

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Record is one or many decisions that a request asked for.
type Record struct {
	Time     time.Time
	ID       string // of the request
	Client   string // subject, or address
	Trace    string // id of the trace, or ""
	Revision string
	Cached   bool
	Form     Form // of Request and Reply
	Request  []byte
	Reply    []byte
}

// Form says how many decisions a record has.
type Form int

const (
	One         Form = iota
	Batch            // {"requests":[…]}, {"results":[…]}
	Evaluations      // {"subject":…,"evaluations":[…]}, {"evaluations":[…]}, or one
)

// What waits to be written is bounded by records and by bytes.
const (
	maxRecords = 1 << 14
	maxBytes   = 32 << 20
)

// Log writes records down. A nil *Log writes none. It is safe for concurrent use.
type Log struct {
	masks   []pointer
	log     *slog.Logger
	path    string // "" where the writer was given
	out     *bufio.Writer
	file    io.Closer
	queue   chan *Record
	reopen  chan struct{}
	stop    chan struct{}
	done    sync.WaitGroup
	bytes   atomic.Int64
	dropped atomic.Uint64
	line    []byte
	failing bool
}

// Options say where lines go, and what they leave out.
type Options struct {
	File  string    // appended to, and opened again by [Log.Reopen]
	Out   io.Writer // where there is no file
	Masks []string  // JSON pointers into a line, in which * stands for any member or element
	Log   *slog.Logger
}

// Open begins a log.
func Open(o Options) (*Log, error) {
	masks, err := parseMasks(o.Masks)
	if err != nil {
		return nil, err
	}
	l := &Log{masks: masks, log: o.Log, path: o.File, queue: make(chan *Record, maxRecords),
		reopen: make(chan struct{}, 1), stop: make(chan struct{})}
	if o.File == "" {
		l.out = bufio.NewWriterSize(o.Out, bufferSize)
	} else if err := l.open(); err != nil {
		return nil, fmt.Errorf("open the decision log: %w", err)
	}
	l.done.Go(l.run)
	return l, nil
}

const bufferSize = 64 << 10

func (l *Log) open() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if l.file != nil {
		_ = l.file.Close()
	}
	l.file, l.out = f, bufio.NewWriterSize(f, bufferSize)
	return nil
}

// Write hands a record over, which then belongs to the log. Where too much waits already it is dropped, and counted.
func (l *Log) Write(r *Record) {
	size := int64(len(r.Request) + len(r.Reply))
	if l.bytes.Add(size) <= maxBytes {
		select {
		case l.queue <- r:
			return
		default:
		}
	}
	l.bytes.Add(-size)
	l.dropped.Add(1)
}

// Dropped counts the records that were not written.
func (l *Log) Dropped() uint64 {
	if l == nil {
		return 0
	}
	return l.dropped.Load()
}

// Reopen opens the file again, such as after another program has moved it away.
func (l *Log) Reopen() {
	if l == nil || l.path == "" {
		return
	}
	select {
	case l.reopen <- struct{}{}:
	default:
	}
}

// Close writes what waits, and ends the log. No record may be handed over after it was called.
func (l *Log) Close() {
	if l == nil {
		return
	}
	close(l.stop)
	l.done.Wait()
}

func (l *Log) run() {
	for {
		select {
		case r := <-l.queue:
			l.write(r)
		case <-l.reopen:
			l.flush()
			if err := l.open(); err != nil {
				l.log.Error("the decision log was not opened again, the old file is written on", "error", err)
			}
		case <-l.stop:
			for len(l.queue) > 0 {
				l.write(<-l.queue)
			}
			l.flush()
			if l.file != nil {
				_ = l.file.Close()
			}
			return
		}
	}
}

// write writes a record, and flushes when nothing more waits.
func (l *Log) write(r *Record) {
	l.bytes.Add(-int64(len(r.Request) + len(r.Reply)))
	l.line = appendLines(l.line[:0], r, l.masks)
	_, err := l.out.Write(l.line)
	l.wrote(err)
	if len(l.queue) == 0 {
		l.flush()
	}
}

func (l *Log) flush() { l.wrote(l.out.Flush()) }

// wrote tells when writing begins to fail. A buffer that failed would fail for ever: it begins anew, without what it holds.
func (l *Log) wrote(err error) {
	if err != nil {
		l.dropped.Add(1)
		if !l.failing {
			l.log.Error("decisions can't be written down", "error", err)
		}
		l.restart()
	}
	l.failing = err != nil
}

func (l *Log) restart() {
	if w, ok := l.file.(io.Writer); ok {
		l.out.Reset(w)
	}
}
