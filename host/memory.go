package host

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/tetratelabs/wazero/experimental"
)

// linearMemory is the memory of one instance. It doesn't outlive its instance.
type linearMemory interface {
	experimental.LinearMemory
	// freeze returns an image of the memory as it stands. The memory goes on as its own.
	freeze() (*image, error)
	// adopt makes the memory equal to the image, whose size it has.
	adopt(*image) error
}

// image is the frozen content of a linear memory, shared by any number of instances: bytes, or a file that can be mapped.
type image struct {
	size  uint64
	bytes []byte
	file  *os.File
}

// copyTo copies the image to dst, which has its size.
func (i *image) copyTo(dst []byte) error {
	if uint64(len(dst)) != i.size {
		return fmt.Errorf("memory of %d bytes can't hold an image of %d", len(dst), i.size)
	}
	if i.file == nil {
		copy(dst, i.bytes)
		return nil
	}
	_, err := io.ReadFull(io.NewSectionReader(i.file, 0, int64(i.size)), dst)
	return err
}

// close lets go of the image. Instances that have adopted it keep what they have.
func (i *image) close() {
	if i != nil && i.file != nil {
		i.file.Close()
	}
}

// plainMemory is linear memory on Go's heap, for systems without copy-on-write mappings: images are copies.
type plainMemory struct{ buf []byte }

func (m *plainMemory) Reallocate(size uint64) []byte {
	if n := size - uint64(len(m.buf)); n > 0 {
		m.buf = append(m.buf, make([]byte, n)...)
	}
	return m.buf
}

func (m *plainMemory) Free() { m.buf = nil }

func (m *plainMemory) freeze() (*image, error) {
	return &image{size: uint64(len(m.buf)), bytes: bytes.Clone(m.buf)}, nil
}

func (m *plainMemory) adopt(i *image) error { return i.copyTo(m.buf) }
