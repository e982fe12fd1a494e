// Command root assembles the root folder of the image.
//
//	go run ./root FOLDER
//
// FOLDER, which must not be there, gets the binary, the machine code of its module for this processor, certificates of public authorities,
// and the licences. All of it is readable by everybody, writable by nobody but its owner, and the same each time.
package main

import (
	"bytes"
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/crypto/x509roots/fallback/bundle"
	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: root FOLDER")
		os.Exit(2)
	}
	if err := assemble(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "root:", err)
		os.Exit(1)
	}
}

// repository is the root of the repository, seen from this module's folder.
const repository = ".."

func assemble(root string) error {
	if runtime.GOOS != "linux" {
		return errors.New("the machine code in the image comes from running its binary, and that is Linux's: do this on Linux")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"bin", "dev", "etc/rune", "etc/ssl/certs", "proc", "sys", "usr/share/doc/rune", "var/cache"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	steps := []func(root string) error{build, compile, certificates, licences, settle}
	for _, step := range steps {
		if err := step(root); err != nil {
			return err
		}
	}
	return nil
}

// build links the binary statically, without what only debuggers read.
func build(root string) error {
	return run(inRepository("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(root, "bin", "rune"), "./cmd/rune"))
}

// compile has the binary compile its module into the cache that the image gives it, and packs what comes of it.
func compile(root string) error {
	config := filepath.Join(root, "etc", "rune", "config.rune")
	if err := os.WriteFile(config, []byte("version = \"rune/1.0\"\n"), 0o644); err != nil {
		return err
	}
	c := exec.Command(filepath.Join(root, "bin", "rune"), "check", config)
	cache := filepath.Join(root, "var", "cache")
	c.Env = []string{"XDG_CACHE_HOME=" + cache}
	if err := errors.Join(run(c), os.Remove(config)); err != nil {
		return err
	}
	return run(inRepository("run", "./internal/pack", filepath.Join(cache, "rune")))
}

// inRepository is Go with these arguments in the repository, whose module is another than this.
func inRepository(args ...string) *exec.Cmd {
	c := exec.Command(cmp.Or(os.Getenv("GO"), "go"), args...)
	c.Dir = repository
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	return c
}

func run(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c, err, out)
	}
	return nil
}

// certificates writes the authorities that Mozilla trusts, by which keys of tokens are fetched. Those that it trusts for a part of what
// they sign are left out, since the file can't say so.
func certificates(root string) error {
	var text bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint != nil {
			continue
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, "etc", "ssl", "certs", "ca-certificates.crt"), text.Bytes(), 0o644)
}

// settle gives everything its mode and one time, whatever the umask and the clock.
func settle(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() || filepath.Dir(path) == filepath.Join(root, "bin") {
			mode = 0o755
		}
		if d.Type() != fs.ModeSymlink {
			err = os.Chmod(path, mode)
		}
		return errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, path, make([]unix.Timespec, 2), unix.AT_SYMLINK_NOFOLLOW))
	})
}
