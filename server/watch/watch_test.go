package watch

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// await waits until there were n changes.
func await(t *testing.T, changes *atomic.Int64, n int64) {
	t.Helper()
	for range 1000 {
		if changes.Load() >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d changes are told of, want %d", changes.Load(), n)
}

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	one, two := filepath.Join(folder, "one"), filepath.Join(folder, "two")
	write(t, one, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var changes atomic.Int64
	Files(ctx, func() { changes.Add(1) }, one, two)

	write(t, filepath.Join(folder, "other"), "x") // tells nothing
	write(t, one, "1")                            // neither, since it says the same
	write(t, two, "2")
	await(t, &changes, 1)
	write(t, one+".new", "3")
	if err := os.Rename(one+".new", one); err != nil {
		t.Fatal(err)
	}
	await(t, &changes, 2)
	if err := os.Remove(two); err != nil {
		t.Fatal(err)
	}
	await(t, &changes, 3)
	if n := changes.Load(); n != 3 {
		t.Errorf("%d changes are told of, of 3", n)
	}
}

// TestFiles_links swaps a folder behind a link, as Kubernetes does with secrets.
func TestFiles_links(t *testing.T) {
	folder := t.TempDir()
	for _, v := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(folder, v), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, v, "tls.crt"), v)
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("v1", "..data")
	link(filepath.Join("..data", "tls.crt"), "tls.crt")
	var changes atomic.Int64
	Files(t.Context(), func() { changes.Add(1) }, filepath.Join(folder, "tls.crt"))
	link("v2", "..new")
	if err := os.Rename(filepath.Join(folder, "..new"), filepath.Join(folder, "..data")); err != nil {
		t.Fatal(err)
	}
	await(t, &changes, 1)
}

// TestFiles_polled changes a file in a folder that comes later, of which the system doesn't tell.
func TestFiles_polled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes as long as polling does")
	}
	path := filepath.Join(t.TempDir(), "later", "file")
	var changes atomic.Int64
	Files(t.Context(), func() { changes.Add(1) }, path)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, "x")
	await(t, &changes, 1)
}
