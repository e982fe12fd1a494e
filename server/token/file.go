package token

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/rune-authz/rune/server/watch"
)

// File is keys from a file, read again when it changes.
type File struct {
	path    string
	secrets bool
	log     *slog.Logger
	current atomic.Pointer[Set]
}

// NewFile reads the file of keys at path, and again when it has changed, until ctx is done. Where it can't be read anymore, or has no
// keys, the last ones hold.
func NewFile(ctx context.Context, path string, secrets bool, log *slog.Logger) (*File, error) {
	f := &File{path: path, secrets: secrets, log: log}
	if err := f.read(); err != nil {
		return nil, err
	}
	watch.Files(ctx, f.changed, path)
	return f, nil
}

func (f *File) read() error {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("keys of tokens: %w", err)
	}
	set, err := ParseKeys(bytes.TrimSpace(text), f.secrets)
	if set != nil {
		f.log.Info("keys of tokens read", "file", f.path, "keys", set.Len(), "left out", set.Left)
	}
	if err != nil {
		return fmt.Errorf("keys of tokens: %s: %w", f.path, err)
	}
	f.current.Store(set)
	return nil
}

func (f *File) changed() {
	if err := f.read(); err != nil {
		f.log.Error("keys of tokens not read; the last ones hold", "error", err)
	}
}

// Current is the keys that were read last.
func (f *File) Current() *Set { return f.current.Load() }

// Renew is [File.Current]: the file is read when it changes, not when a key isn't known.
func (f *File) Renew(context.Context) *Set { return f.Current() }
