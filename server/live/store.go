// Package live keeps the engine that serves: loaded from files, replaced whole when they change, with the facts that were posted.
package live

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// Options are what a store is made from.
type Options struct {
	Runtime *host.Runtime
	Path    string           // of the configuration
	Load    host.LoadOptions // of every load
	Log     *slog.Logger
	// Swapped, where it isn't nil, is called after another generation has begun to serve.
	Swapped func()
}

// Store holds the generation that serves. It is safe for concurrent use.
type Store struct {
	o       Options
	current atomic.Pointer[Generation]
	last    atomic.Pointer[Outcome]
	success atomic.Uint64
	failure atomic.Uint64
	files   atomic.Pointer[fileSet] // that the last load looked at, whatever became of it
	loaded  chan struct{}           // holds a token after a load, for Watch

	loading chan struct{} // holds a token while files are loaded
	writer  chan struct{} // holds a token while facts are changed, or a generation is swapped in
	posted  transactions  // guarded by writer
	closed  bool          // guarded by writer
	drains  sync.WaitGroup
	traps   traps
}

// Open loads the configuration. Where it doesn't load, the error is host's.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{o: o, loaded: make(chan struct{}, 1), loading: make(chan struct{}, 1), writer: make(chan struct{}, 1)}
	begun := time.Now()
	g, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.current.Store(g)
	s.last.Store(&Outcome{Time: begun, Duration: time.Since(begun), Cause: CauseStart, Result: Success, Revision: g.Base})
	return s, nil
}

// Current is the generation that serves. Its engine may be closed at any time, once another generation serves: see [Store.Replaced].
func (s *Store) Current() *Generation { return s.current.Load() }

// Replaced reports whether a call of g's engine failed with err because another generation has taken over, which can be asked instead.
func (s *Store) Replaced(g *Generation, err error) bool {
	e, ok := err.(*host.Error) // as the engine gives it
	return ok && e.Code == host.CodeClosed && s.current.Load() != g
}

// LastReload is how the last load went.
func (s *Store) LastReload() *Outcome { return s.last.Load() }

// Reloads counts the reloads that went well, and those that failed.
func (s *Store) Reloads() (success, failed uint64) { return s.success.Load(), s.failure.Load() }

// Close frees everything, once the calls in progress have returned, or ctx is done.
func (s *Store) Close(ctx context.Context) error {
	if err := enter(ctx, s.loading); err != nil {
		return err
	}
	defer leave(s.loading)
	if err := enter(ctx, s.writer); err != nil {
		return err
	}
	s.closed = true
	leave(s.writer)
	err := s.Current().Engine.Close(ctx)
	s.drains.Wait()
	return err
}

// load loads what is on disk, and notes which files that is.
func (s *Store) load(ctx context.Context) (*Generation, error) {
	for try := 1; ; try++ {
		files := newFileSet(filepath.Dir(s.o.Path))
		o := s.o.Load
		o.Visit = files.visit
		e, err := s.o.Runtime.LoadFile(ctx, s.o.Path, &o)
		stable := !files.changed()
		if stable {
			s.files.Store(files)
			signal(s.loaded)
			if err != nil {
				return nil, err
			}
			return newGeneration(e), nil
		}
		if err == nil {
			_ = e.Close(context.WithoutCancel(ctx))
		}
		if err := pause(ctx, settleStep); err != nil {
			return nil, err
		}
		if try == maxTries {
			s.files.Store(files)
			return nil, &host.Error{Code: problem.CodeUnstable, Message: "the configuration's files change while they are read",
				Help: "write a file beside, and rename it"}
		}
	}
}

// maxTries bounds how often a load begins anew as files change meanwhile.
const maxTries = 20

// enter takes the only slot, or gives up when ctx is done.
func enter(ctx context.Context, slot chan struct{}) error {
	select {
	case slot <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func leave(slot chan struct{}) { <-slot }

// signal puts a token into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
