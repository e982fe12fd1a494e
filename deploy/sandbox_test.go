package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is the user that the image runs as.
const nobody = 65532

// A sandbox is what a container is to a process: the image's root folder is its root, which it can't write to, nor to what is mounted.
type sandbox struct {
	root   string
	mounts map[string]string // by where they are in the root
}

// TestMain is also what a process is before it is in its sandbox.
func TestMain(m *testing.M) {
	if os.Args[0] == "sandbox" {
		fmt.Fprintln(os.Stderr, "sandbox:", enter(os.Args[1], os.Args[2:]))
		os.Exit(125)
	}
	code := m.Run()
	if root != "" {
		_ = errors.Join(setModes(filepath.Dir(root), 0o200), os.RemoveAll(filepath.Dir(root)))
	}
	os.Exit(code)
}

// command is a command line in the sandbox, in a process of its own.
func (s sandbox) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	if !namespaces() {
		return s.imitate(ctx, env, args)
	}
	words := []string{s.root}
	for to, from := range s.mounts {
		words = append(words, from+":"+to)
	}
	c := exec.CommandContext(ctx, "/proc/self/exe", slices.Concat(words, []string{"--"}, args)...)
	c.Args[0] = "sandbox"
	c.Env = env
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return c
}

// enter mounts what the words say, each "from:to", makes root the root, and becomes the command behind "--".
func enter(root string, words []string) error {
	end := slices.Index(words, "--")
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	mounts := append([]string{root + ":/"}, words[:end]...)
	for _, m := range mounts {
		from, to, _ := strings.Cut(m, ":")
		if err := os.MkdirAll(filepath.Join(root, to), 0o755); err != nil { // as container runtimes do
			return err
		}
		if err := unix.Mount(from, filepath.Join(root, to), "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m, err)
		}
	}
	if err := unix.Mount("/proc", filepath.Join(root, "proc"), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, m := range mounts {
		_, to, _ := strings.Cut(m, ":")
		const flags = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
		if err := unix.Mount("", filepath.Join(root, to), "", flags, ""); err != nil {
			return fmt.Errorf("make %s read-only: %w", to, err)
		}
	}
	if err := errors.Join(unix.Chdir(root), unix.Chroot(root)); err != nil {
		return err
	}
	if err := drop(); err != nil {
		return err
	}
	return unix.Exec(words[end+1], words[end+1:], os.Environ())
}

// drop becomes nobody, where there is more than one user.
func drop() error {
	if m, err := os.ReadFile("/proc/self/uid_map"); err != nil || !strings.HasSuffix(strings.TrimSpace(string(m)), " 4294967295") {
		return err
	}
	return errors.Join(unix.Setgroups(nil), unix.Setgid(nobody), unix.Setuid(nobody))
}

// namespaces reports whether this process may make sandboxes.
var namespaces = sync.OnceValue(func() bool {
	c := exec.Command("unshare", "--mount", "true")
	if os.Getuid() != 0 {
		c = exec.Command("unshare", "--user", "--map-root-user", "--mount", "true")
	}
	return c.Run() == nil
})

// imitate is the command where no sandbox can be made: as a user who can't write to the root, which is a folder like others.
func (s sandbox) imitate(ctx context.Context, env, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.outside(args[0]))
	for _, a := range args[1:] {
		c.Args = append(c.Args, s.outside(a))
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		c.Env = append(c.Env, name+"="+s.outside(value))
	}
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return c
}

// outside is what a path in the sandbox is outside of it. It leaves other words alone.
func (s sandbox) outside(path string) string {
	if !strings.HasPrefix(path, "/") {
		return path
	}
	for to, from := range s.mounts {
		if path == to || strings.HasPrefix(path, to+"/") {
			return from + path[len(to):]
		}
	}
	return s.root + path
}

// folder makes a folder of files, by their paths in it, that everybody may read and, where that is all there is to a sandbox, nobody may write to.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rune-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(setModes(dir, 0o200), os.RemoveAll(dir)) })
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), guard(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// guard keeps us from writing to a folder that a sandbox would keep read-only.
func guard(dir string) error {
	if namespaces() || os.Getuid() == 0 {
		return nil
	}
	return setModes(dir, 0)
}

// setModes makes all in dir writable by its owner, or, if write is 0, by nobody.
func setModes(dir string, write fs.FileMode) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil || d.Type() == fs.ModeSymlink {
			return err
		}
		return os.Chmod(path, i.Mode().Perm()&^0o222|write)
	})
}
