package live

import (
	"context"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A reload waits until the files have been as they are for settleTime. Where no news comes from the system, files are looked at every
// pollTime.
const (
	settleTime = 250 * time.Millisecond
	settleStep = 25 * time.Millisecond
	pollTime   = 5 * time.Second
)

// Watch reloads the configuration whenever its files have changed and come to rest, until ctx is done. It looks at the files themselves:
// events from the system only say when.
func (s *Store) Watch(ctx context.Context) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		s.o.Log.Warn("files are not watched, but looked at from time to time", "error", err, "every", pollTime)
		w = &fsnotify.Watcher{} // whose channels never give anything
	} else {
		defer w.Close()
	}
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	s.arm(w)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.loaded:
			s.arm(w)
		case <-tick.C:
			s.arm(w)
		case <-w.Events:
		case <-w.Errors: // such as that events were lost
		}
		files := s.files.Load()
		if !files.changed() && !files.doubtful() {
			_ = pause(ctx, settleStep) // so that a busy folder costs little
			continue
		}
		now, err := settled(ctx, files)
		if err != nil {
			return
		}
		if last := s.files.Load(); !now.equal(last) || last.doubtful() {
			_, _ = s.Reload(ctx, CauseWatch) // which reports how it went
		}
	}
}

// settled waits until the files have come to rest.
func settled(ctx context.Context, files *fileSet) (*fileSet, error) {
	last, since := files.again(), time.Now()
	for time.Since(since) < settleTime {
		if err := pause(ctx, settleStep); err != nil {
			return nil, err
		}
		if now := files.again(); !now.equal(last) {
			last, since = now, time.Now()
		}
	}
	return last, nil
}

// arm watches the folders of the files that the last load looked at, and no others.
func (s *Store) arm(w *fsnotify.Watcher) {
	if w.Events == nil {
		return
	}
	want, have := s.files.Load().folders(), w.WatchList()
	for _, folder := range want {
		if !slices.Contains(have, folder) {
			_ = w.Add(folder) // what can't be watched is looked at from time to time
		}
	}
	for _, folder := range have {
		if !slices.Contains(want, folder) {
			_ = w.Remove(folder)
		}
	}
}
