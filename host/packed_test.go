//go:build linux

package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// packedCache is a folder with packed machine code of versionModule(version), and its two files.
func packedCache(t *testing.T, version byte) (dir, link, file string) {
	t.Helper()
	dir = t.TempDir()
	r, err := newRuntime(ctx, versionModule(version), Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(ctx), PackCache(dir)); err != nil {
		t.Fatal(err)
	}
	file = packed(dir)
	return dir, strings.TrimSuffix(file, packedSuffix), file
}

// runs is the version that a runtime of versionModule(1) says it has.
func runs(t *testing.T, dir string) byte {
	t.Helper()
	r, err := newRuntime(ctx, versionModule(1), Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(ctx)
	m, err := r.runtime.Instantiate(ctx, versionModule(1))
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.ExportedFunction("rune_abi_version").Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return byte(out[0])
}

// TestPackCache_runs has machine code of another module by this one's name, and sees it run.
func TestPackCache_runs(t *testing.T) {
	before := descriptors(t)
	dir, link, file := packedCache(t, 1)
	if to, err := os.Readlink(link); err != nil || to != "/proc/self/fd/255" {
		t.Errorf("the link leads to %s, %v", to, err)
	}
	if v := runs(t, dir); v != 1 {
		t.Errorf("version %d runs", v)
	}
	_, _, other := packedCache(t, 2)
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	if v := runs(t, dir); v != 2 {
		t.Errorf("version %d runs: not the packed machine code", v)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, before there were %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestPackCache_broken: what isn't machine code doesn't run.
func TestPackCache_broken(t *testing.T) {
	dir, _, file := packedCache(t, 1)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"other": []byte("other"), "cut off": whole[:len(whole)/2], "nothing": nil} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newRuntime(ctx, versionModule(1), Options{CacheDir: dir}); err == nil || !strings.Contains(err.Error(), "compilationcache") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPackCache_descriptor: where the descriptor is in use, nothing is read from it, and the module is compiled.
func TestPackCache_descriptor(t *testing.T) {
	dir, _, _ := packedCache(t, 1)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), packedDescriptor, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(packedDescriptor)
	if v := runs(t, dir); v != 1 {
		t.Errorf("version %d runs", v)
	}
}

// TestPackCache_unread: a module, or a processor, that the machine code isn't for leaves it alone, however long it is.
func TestPackCache_unread(t *testing.T) {
	dir, link, file := packedCache(t, 2)
	large := filepath.Join(t.TempDir(), "large")
	if err := errors.Join(os.WriteFile(large, bytes.Repeat([]byte("machine code"), 1<<20), 0o600), pack(large, file)); err != nil {
		t.Fatal(err)
	}
	if v := runs(t, dir); v != 1 {
		t.Errorf("version %d runs", v)
	}
	if to, err := os.Readlink(link); err != nil || to != packedLink() {
		t.Errorf("the link leads to %s, %v", to, err)
	}
}

func TestPackCache_refuses(t *testing.T) {
	if err := PackCache(t.TempDir()); err == nil {
		t.Error("nothing is packed")
	}
	dir, _, _ := packedCache(t, 1)
	if err := PackCache(dir); err == nil {
		t.Error("what is packed is packed again")
	}
}
