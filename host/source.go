package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// source is where a configuration's files are: a folder of a file system. The zero source has none.
type source struct {
	fsys   fs.FS
	folder string
}

// read reads a file. It reports false where there is none.
func (s source) read(name string) (data []byte, ok bool, err error) {
	full, ok := s.resolve(name)
	if !ok {
		return nil, false, nil
	}
	info, err := fs.Stat(s.fsys, full)
	if err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err == nil {
		data, err = fs.ReadFile(s.fsys, full)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, readError(name, err)
	}
	return data, true, nil
}

// list lists the files in a folder as a JSON array. A symbolic link counts as what it leads to, and as a file where that can't be
// told: reading it will say why. It reports false where there is no folder.
func (s source) list(name string) (names []byte, ok bool, err error) {
	full, ok := s.resolve(name)
	if !ok {
		return nil, false, nil
	}
	entries, err := fs.ReadDir(s.fsys, full)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, readError(name, err)
	}
	files := []string{}
	for _, e := range entries {
		if info, err := fs.Stat(s.fsys, path.Join(full, e.Name())); err != nil || !info.IsDir() {
			files = append(files, e.Name())
		}
	}
	names, err = json.Marshal(files)
	return names, true, err
}

// resolve gives the name in the file system of what the module calls name. The module refuses names that lead out of the
// document's folder; whatever it asks for, nothing outside the file system is there.
func (s source) resolve(name string) (string, bool) {
	full := path.Join(s.folder, name)
	return full, s.fsys != nil && fs.ValidPath(full)
}

var errIrregular = errors.New("not a regular file")

// readRegular reads a file that the user named, wherever symbolic links lead.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIrregular}
	}
	return os.ReadFile(path)
}

// readError says that a file of the configuration can't be read, and whether that is for leading out of its folder.
func readError(name string, err error) error {
	cause := err
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		cause = p.Err
	}
	if cause.Error() == escapes {
		return &Error{Code: CodeEscape, File: name, Message: fmt.Sprintf("%q leads out of the configuration's folder", name),
			Help: "put the file itself in the folder, in place of the symbolic link"}
	}
	return &Error{Code: CodeRead, File: name, Message: fmt.Sprintf("can't read %q: %s", name, cause), cause: err}
}

// escapes is the text of os.Root's error, which has no name.
const escapes = "path escapes from parent"
