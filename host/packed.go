package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"
)

// Packed machine code takes an eighth of the room. It is for caches that nobody writes to, such as a container image's:
//
//	NAME.zst                        the machine code, compressed (RFC 8878)
//	NAME -> /proc/self/fd/255       for wazero, which opens NAME, and so reads a pipe that the file is decompressed into meanwhile
//
// Where there is no such descriptor, or it is another file's, the module is compiled.
const (
	packedSuffix     = ".zst"
	packedDescriptor = 255
)

// packedLink is where the links lead.
func packedLink() string { return "/proc/self/fd/" + strconv.Itoa(packedDescriptor) }

// PackCache compresses the machine code that a [Runtime] has left in its cache's folder dir. From then on Linux alone can read it, one runtime of a
// process at a time, and nothing should be written there.
func PackCache(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("pack machine code: %s has %d files, not one", dir, len(files))
	}
	if err := pack(files[0], files[0]+packedSuffix); err != nil {
		return fmt.Errorf("pack machine code: %w", err)
	}
	return errors.Join(os.Remove(files[0]), os.Symlink(packedLink(), files[0]))
}

func pack(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	return os.WriteFile(to, e.EncodeAll(text, nil), 0o600)
}

// packed is the packed machine code in the cache's folder dir; "" if there is none.
func packed(dir string) string {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"+packedSuffix))
	if err != nil || len(files) != 1 {
		return ""
	}
	return files[0]
}

// unpack decompresses the file at path into w. It ends early when nobody reads any more.
func unpack(path string, w io.WriteCloser) {
	defer w.Close()
	f, err := os.Open(path)
	if err != nil {
		return // the reader finds nothing, which it doesn't take for machine code
	}
	defer f.Close()
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return
	}
	defer d.Close()
	_, _ = d.WriteTo(w)
}
