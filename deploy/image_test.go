// Package deploy tests the image, without a tool that builds images, and what Kubernetes is told.
package deploy

import (
	"cmp"
	"crypto/x509"
	"debug/buildinfo"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// largest is how many bytes the files of the image may have together.
const largest = 50_000_000

// root is the assembled root folder of the image; "" before a test has asked for it.
var root string

// imageRoot assembles the root folder as `make image-root` does.
func imageRoot(t *testing.T) string {
	t.Helper()
	path, err := assembled()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var assembled = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "rune-image-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	root = filepath.Join(dir, "root")
	c := exec.Command(cmp.Or(os.Getenv("GO"), "go"), "run", "./root", root)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return "", err
	}
	return root, guard(root)
})

// files are what may be in the image.
var files = regexp.MustCompile(`^(bin/rune|etc/ssl/certs/ca-certificates\.crt|usr/share/doc/rune/(LICENSE|NOTICE|OTHERS)|var/cache/rune/wazero-[^/]*-linux/[0-9a-f]{64}(\.zst)?)$`)

func TestImage_files(t *testing.T) {
	dir := imageRoot(t)
	var size, count int64
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil || d.IsDir() {
			return err
		}
		if link, err := os.Readlink(filepath.Join(dir, path)); err == nil && strings.HasPrefix(link, "/proc/self/fd/") && files.MatchString(path) {
			return nil
		}
		if !i.Mode().IsRegular() || i.Mode().Perm()&0o022 != 0 || i.Mode().Perm()&0o444 != 0o444 || !files.MatchString(path) {
			t.Errorf("%s %s shouldn't be in the image", i.Mode(), path)
		}
		size += i.Size()
		count++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files with %.1f MB", count, float64(size)/1e6)
	if count != 6 || size > largest {
		t.Errorf("%d files with %d bytes; want 6, and at most %d bytes", count, size, largest)
	}
}

func TestImage_certificates(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(imageRoot(t), "etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Error("there are no certificates")
	}
	if n := len(regexp.MustCompile("BEGIN CERTIFICATE").FindAll(text, -1)); n < 100 {
		t.Errorf("there are %d certificates", n)
	}
}

// TestImage_licences wants the licence of everything that is in the binary, and of nothing else.
func TestImage_licences(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(imageRoot(t), "usr/share/doc/rune/OTHERS"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(filepath.Join(imageRoot(t), "bin/rune"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"Go " + info.GoVersion: true}
	for _, m := range info.Deps {
		want[m.Path+" "+m.Version] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^=== (\S+ \S+) ===$`).FindAllSubmatch(text, -1) {
		if !want[string(m[1])] {
			t.Errorf("there is a licence of %s", m[1])
		}
		delete(want, string(m[1]))
	}
	for m := range want {
		t.Errorf("the licence of %s is missing", m)
	}
}
