package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// Cause is why the configuration was loaded.
type Cause string

// The causes.
const (
	CauseStart   Cause = "start"
	CauseRequest Cause = "request"
	CauseSignal  Cause = "signal"
	CauseWatch   Cause = "watch"
)

// Result is how a load went.
type Result string

// The results. An unchanged configuration isn't swapped in.
const (
	Success   Result = "success"
	Unchanged Result = "unchanged"
	Failed    Result = "failed"
)

// Outcome tells of one load.
type Outcome struct {
	Time     time.Time
	Duration time.Duration
	Cause    Cause
	Result   Result
	Revision string // that serves since
	Err      error  // where it failed
}

// Reload loads what is on disk. Where that fails, or the facts that were posted don't fit it, nothing changes.
func (s *Store) Reload(ctx context.Context, cause Cause) (*Outcome, error) {
	if err := enter(ctx, s.loading); err != nil {
		return nil, err
	}
	defer leave(s.loading)
	o := &Outcome{Time: time.Now(), Cause: cause}
	o.Result, o.Err = s.reload(ctx)
	o.Duration, o.Revision = time.Since(o.Time), s.Current().Engine.Revision()
	s.report(o)
	return o, o.Err
}

func (s *Store) report(o *Outcome) {
	s.last.Store(o)
	if o.Err != nil {
		s.failure.Add(1)
		args := []any{"cause", o.Cause, "error", o.Err, "revision", o.Revision}
		if he := (*host.Error)(nil); errors.As(o.Err, &he) && len(he.Diagnostics) > 0 {
			args = append(args, "diagnostics", he.Diagnostics)
		}
		s.o.Log.Error("the configuration was not reloaded, the old one serves on", args...)
		return
	}
	s.success.Add(1)
	s.o.Log.Info("the configuration was reloaded", "cause", o.Cause, "result", o.Result, "revision", o.Revision, "took", o.Duration)
}

func (s *Store) reload(ctx context.Context) (Result, error) {
	g, err := s.load(ctx)
	if err != nil {
		return Failed, err
	}
	if g.Base == s.Current().Base {
		_ = g.Engine.Close(ctx)
		return Unchanged, nil
	}
	if err := s.replace(ctx, g); err != nil {
		_ = g.Engine.Close(context.WithoutCancel(ctx))
		return Failed, err
	}
	return Success, nil
}

// replace brings g up to date with the facts that were posted, and swaps it in. Updates may go on but for its end.
func (s *Store) replace(ctx context.Context, g *Generation) error {
	if err := enter(ctx, s.writer); err != nil {
		return err
	}
	s.posted.pinned = true
	done := s.posted.list()
	leave(s.writer)
	err := replay(ctx, g, done)
	s.writer <- struct{}{} // whatever ctx says: the pin has to go
	defer leave(s.writer)
	s.posted.pinned = false
	if err != nil {
		return err
	}
	if s.closed {
		return &host.Error{Code: host.CodeClosed, Message: "the server is closed"}
	}
	if err := replay(ctx, g, s.posted.list()[len(done):]); err != nil {
		return err
	}
	old := s.Current()
	s.traps.replaced(old)
	s.current.Store(g)
	if s.o.Swapped != nil {
		s.o.Swapped()
	}
	s.drains.Go(func() {
		_ = old.Engine.Close(context.Background()) // which waits for the calls in progress
		s.traps.closed(old)
	})
	return nil
}

// replay makes updates again.
func replay(ctx context.Context, g *Generation, list [][]byte) error {
	for i, request := range list {
		if _, err := g.Engine.Update(ctx, nil, request, nil); err != nil {
			e := (*host.Error)(nil)
			if !errors.As(err, &e) {
				return err
			}
			return &host.Error{Code: problem.CodeReplay, Message: fmt.Sprintf("posted transaction %d no longer fits: %s [%s]", i+1, e.Message, e.Code),
				Help: "delete these facts first, or restart without them"}
		}
	}
	return nil
}

// Validate tells what a reload would say: nil, or its error. Nothing changes.
func (s *Store) Validate(ctx context.Context) ([]host.Diagnostic, error) {
	if err := enter(ctx, s.loading); err != nil {
		return nil, err
	}
	defer leave(s.loading)
	g, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	defer g.Engine.Close(context.WithoutCancel(ctx))
	if err := enter(ctx, s.writer); err != nil {
		return nil, err
	}
	list := s.posted.list()
	leave(s.writer)
	return g.Engine.Warnings(), replay(ctx, g, list)
}

// ValidateText tells what is odd in a document that includes nothing, or how it fails to load.
func (s *Store) ValidateText(ctx context.Context, text string) ([]host.Diagnostic, error) {
	if err := enter(ctx, s.loading); err != nil {
		return nil, err
	}
	defer leave(s.loading)
	o := s.o.Load
	e, err := s.o.Runtime.LoadText(ctx, text, &o)
	if err != nil {
		return nil, err
	}
	defer e.Close(context.WithoutCancel(ctx))
	return e.Warnings(), nil
}
