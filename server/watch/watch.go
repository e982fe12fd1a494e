// Package watch tells when small files, such as certificates and keys, have other contents than before.
package watch

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Where the system tells of changes, they are looked at once it has told of none for settle; where it doesn't, or not of all, such as on
// network file systems or behind a symbolic link, files are looked at every poll.
const (
	settle = 100 * time.Millisecond
	poll   = 5 * time.Second
)

// Files calls changed, on one goroutine of its own, whenever contents of the files at paths have changed, until ctx is done. It has looked
// at them when it returns. A file that isn't there has no contents. Files may be replaced, and so may folders that lead to them through
// symbolic links, as Kubernetes does.
func Files(ctx context.Context, changed func(), paths ...string) {
	last := sum(paths)
	events, failed, stop := subscribe(paths)
	go func() {
		defer stop()
		timer := time.NewTimer(poll)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-events:
				timer.Reset(settle)
				continue
			case <-failed: // events may be lost: look
			case <-timer.C:
			}
			timer.Reset(poll)
			if now := sum(paths); now != last {
				last = now
				changed()
			}
		}
	}()
}

// subscribe asks the system to tell of changes in the folders of files. Where it can't, both channels are nil.
func subscribe(paths []string) (<-chan fsnotify.Event, <-chan error, func()) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, func() {}
	}
	for _, p := range paths {
		_ = w.Add(filepath.Dir(p)) // what can't be watched is polled
	}
	return w.Events, w.Errors, func() { _ = w.Close() }
}

// sum identifies the contents of all files.
func sum(paths []string) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range paths {
		text, err := os.ReadFile(p)
		one := sha256.Sum256(text)
		h.Write(one[:])
		if err != nil {
			h.Write([]byte{0})
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
