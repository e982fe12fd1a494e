//go:build linux && (amd64 || arm64)

package host

import (
	"bytes"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mappedMemory is linear memory in an address range of its own, so that it grows in place and can be mapped over.
//
// A memory that is being loaded is a file in memory, mapped shared: freezing it costs nothing, as its file is the image, over
// which it is mapped again, privately. A memory that adopts an image maps the image's file privately: a page costs memory once it is
// written to. Whatever lies beyond the file is anonymous.
type mappedMemory struct {
	base unsafe.Pointer
	max  uintptr
	size uintptr
	file *os.File // while loading
}

// newMemory returns a memory that can grow to max bytes. It is on the heap if the address range isn't to be had.
func newMemory(max uint64, loading bool) linearMemory {
	const flags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE
	base, err := unix.MmapPtr(-1, 0, nil, uintptr(max), unix.PROT_NONE, flags)
	if err != nil {
		return &plainMemory{}
	}
	m := &mappedMemory{base: base, max: uintptr(max)}
	if loading {
		m.file, _ = memoryFile() // without one, freezing copies
	}
	return m
}

func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("rune", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "rune"), nil
}

func (m *mappedMemory) bytes() []byte { return unsafe.Slice((*byte)(m.base), m.size) }

// mapFile maps the file from offset up to size at its place.
func (m *mappedMemory) mapFile(file *os.File, offset, size uintptr, sharing int) error {
	_, err := unix.MmapPtr(int(file.Fd()), int64(offset), unsafe.Add(m.base, offset), size-offset,
		unix.PROT_READ|unix.PROT_WRITE, sharing|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return err
}

// Reallocate grows the memory in place, or returns nil.
func (m *mappedMemory) Reallocate(size uint64) []byte {
	if size > uint64(m.max) || m.grow(uintptr(size)) != nil {
		return nil
	}
	return m.bytes()
}

func (m *mappedMemory) grow(size uintptr) error {
	if size <= m.size {
		return nil
	}
	err := error(nil)
	if m.file != nil {
		if err = m.file.Truncate(int64(size)); err == nil {
			err = m.mapFile(m.file, m.size, size, unix.MAP_SHARED)
		}
	} else {
		err = unix.Mprotect(unsafe.Slice((*byte)(unsafe.Add(m.base, m.size)), size-m.size), unix.PROT_READ|unix.PROT_WRITE)
	}
	if err == nil {
		m.size = size
	}
	return err
}

// Free gives back the address range.
func (m *mappedMemory) Free() {
	_ = unix.MunmapPtr(m.base, m.max)
	if m.file != nil {
		m.file.Close()
		m.file = nil
	}
}

func (m *mappedMemory) freeze() (*image, error) {
	file := m.file
	if file == nil {
		var err error
		if file, err = m.copyToFile(); err != nil { // such as a sandbox without files in memory
			return &image{size: uint64(m.size), bytes: bytes.Clone(m.bytes())}, nil
		}
	}
	if err := m.mapFile(file, 0, m.size, unix.MAP_PRIVATE); err != nil {
		if file != m.file {
			file.Close()
		}
		return nil, err
	}
	m.file = nil
	return &image{size: uint64(m.size), file: file}, nil
}

// copyToFile writes the memory to a new file, leaving out zeros.
func (m *mappedMemory) copyToFile() (*os.File, error) {
	file, err := memoryFile()
	if err != nil {
		return nil, err
	}
	if err = file.Truncate(int64(m.size)); err != nil {
		file.Close()
		return nil, err
	}
	const chunk = 1 << 16
	var zeros [chunk]byte
	all := m.bytes()
	for at := 0; at < len(all); at += chunk {
		part := all[at:min(at+chunk, len(all))]
		if bytes.Equal(part, zeros[:len(part)]) {
			continue
		}
		if _, err = file.WriteAt(part, int64(at)); err != nil {
			file.Close()
			return nil, err
		}
	}
	return file, nil
}

func (m *mappedMemory) adopt(i *image) error {
	if i.file == nil || i.size != uint64(m.size) {
		return i.copyTo(m.bytes())
	}
	return m.mapFile(i.file, 0, m.size, unix.MAP_PRIVATE)
}
