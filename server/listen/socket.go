package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// socket is a listener at a path. Its file goes with it.
type socket struct {
	*net.UnixListener
	path string
	file os.FileInfo
}

// openSocket listens at a path. The socket is made in a folder that is closed to others, gets its permissions, and then its name, so that
// at no time can anybody connect whom they don't let. What a process that ended has left at the path is replaced.
func openSocket(ctx context.Context, path string, mode os.FileMode) (net.Listener, error) {
	if err := free(ctx, path); err != nil {
		return nil, err
	}
	hidden, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(hidden)
	name := filepath.Join(hidden, "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	s := &socket{UnixListener: ln, path: path}
	if err := s.publish(name, mode); err != nil {
		ln.Close()
		return nil, err
	}
	return s, nil
}

// free finds out whether a path may be listened at: nothing is there, or a socket that nobody listens at.
func free(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen at %s: there is something that isn't a socket", path)
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		c.Close()
		return fmt.Errorf("listen at %s: somebody does already", path)
	case !errors.Is(err, syscall.ECONNREFUSED):
		return err
	}
	return nil
}

// publish gives a socket its permissions and its name.
func (s *socket) publish(name string, mode os.FileMode) (err error) {
	if err = os.Chmod(name, mode); err != nil {
		return err
	}
	if s.file, err = os.Lstat(name); err != nil {
		return err
	}
	return os.Rename(name, s.path)
}

// Addr is where it listens, by the name that it was published under.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close ends listening, and removes the socket's file, unless another's has taken its place.
func (s *socket) Close() error {
	err := s.UnixListener.Close()
	if now, e := os.Lstat(s.path); e == nil && os.SameFile(now, s.file) {
		_ = os.Remove(s.path)
	}
	return err
}
