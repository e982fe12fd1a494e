package corpus

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Archive returns the files of one of the archives that cedar-go ships, by base name.
func Archive(name string) (map[string][]byte, error) {
	dir, err := module()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if err := unpack(filepath.Join(dir, name), files); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	out := make(map[string][]byte, len(files))
	for name, data := range files {
		out[path.Base(name)] = data
	}
	return out, nil
}

// Validator returns the files that cedar-go's validator is tested with, by base name.
func Validator() (map[string][]byte, error) {
	dir, err := module()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "x", "exp", "schema", "validate", "testdata")
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	out := map[string][]byte{}
	for _, f := range list {
		if out[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
	}
	return out, nil
}

// unpack adds the files of an archive to files, by name. Names that start with ._ hold what a Mac adds to an archive.
func unpack(archive string, files map[string][]byte) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || strings.HasPrefix(path.Base(h.Name), "._") {
			continue
		}
		if files[path.Clean(h.Name)], err = io.ReadAll(r); err != nil {
			return err
		}
	}
}
