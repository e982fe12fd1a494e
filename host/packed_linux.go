package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// unpacking decompresses machine code for as long as the module is taken from it.
type unpacking struct {
	read int // the pipe's end that wazero opens by its name
	done chan struct{}
}

// startUnpacking makes what the link beside path leads to. It fails if the descriptor for that isn't free.
func startUnpacking(path string) (*unpacking, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	w := os.NewFile(uintptr(ends[1]), "machine code")
	read, err := unix.FcntlInt(uintptr(ends[0]), unix.F_DUPFD_CLOEXEC, packedDescriptor)
	unix.Close(ends[0])
	if err != nil {
		w.Close()
		return nil, err
	}
	u := &unpacking{read, make(chan struct{})}
	if read != packedDescriptor {
		unix.Close(read)
		w.Close()
		return nil, errors.New("the descriptor is in use")
	}
	_, _ = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, 1<<20) // fewer calls, if it may be
	go func() {
		defer close(u.done)
		unpack(path, w)
	}()
	return u, nil
}

// stop ends it, whether or not all was read.
func (u *unpacking) stop() {
	unix.Close(u.read)
	<-u.done
}
