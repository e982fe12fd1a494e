package live

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// fileSet is the files and folders that a load looked at, each as it was just before.
type fileSet struct {
	folder string
	stamps map[key]stamp
}

// key names a file, or a folder's list of names.
type key struct {
	name string // relative to the folder, with slashes
	list bool
}

// stamp is what changes when a file does.
type stamp struct {
	info  os.FileInfo // nil where there is nothing
	names []string    // of a folder
	fresh bool        // it had just been written: a file system's clock may not tell the next write from that one
}

// freshTime is longer than a tick of any file system's clock that a program would write two files in.
const freshTime = 50 * time.Millisecond

func newFileSet(folder string) *fileSet { return &fileSet{folder, map[key]stamp{}} }

// visit is told before the load looks at something.
func (f *fileSet) visit(name string, list bool) {
	k := key{name, list}
	if _, ok := f.stamps[k]; !ok {
		f.stamps[k] = f.take(k)
	}
}

func (f *fileSet) path(k key) string { return filepath.Join(f.folder, filepath.FromSlash(k.name)) }

func (f *fileSet) take(k key) stamp {
	path := f.path(k)
	if !k.list {
		info, err := os.Stat(path)
		if err != nil {
			return stamp{}
		}
		return stamp{info: info, fresh: time.Since(info.ModTime()).Abs() < freshTime}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return stamp{}
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return stamp{names: names}
}

func (s stamp) equal(t stamp) bool {
	if s.info == nil || t.info == nil {
		return s.info == nil && t.info == nil && slices.Equal(s.names, t.names)
	}
	return os.SameFile(s.info, t.info) && s.info.Size() == t.info.Size() && s.info.ModTime().Equal(t.info.ModTime()) &&
		s.info.Mode() == t.info.Mode()
}

// again is the same files and folders as they are now.
func (f *fileSet) again() *fileSet {
	now := newFileSet(f.folder)
	for k := range f.stamps {
		now.stamps[k] = now.take(k)
	}
	return now
}

// changed reports whether anything isn't as it was.
func (f *fileSet) changed() bool { return !f.equal(f.again()) }

// doubtful reports whether anything may have changed without being told apart.
func (f *fileSet) doubtful() bool {
	for _, s := range f.stamps {
		if s.fresh {
			return true
		}
	}
	return false
}

func (f *fileSet) equal(g *fileSet) bool {
	return maps.EqualFunc(f.stamps, g.stamps, stamp.equal)
}

// folders are those in which something happens when one of the files changes: its own, and those of the symbolic links on the way.
func (f *fileSet) folders() []string {
	found := map[string]bool{}
	for k := range f.stamps {
		path, err := filepath.Abs(f.path(k))
		if err != nil {
			continue
		}
		if k.list {
			found[path] = true
		}
		addFolders(found, path)
	}
	return slices.Sorted(maps.Keys(found))
}

// maxLinks bounds how many symbolic links are followed.
const maxLinks = 40

func addFolders(found map[string]bool, path string) {
	for range maxLinks {
		found[filepath.Dir(path)] = true
		link, target := firstLink(path)
		if link == "" {
			return
		}
		found[filepath.Dir(link)] = true
		path = target
	}
}

// firstLink gives the first symbolic link on path, and where path leads with this one followed.
func firstLink(path string) (link, target string) {
	volume := filepath.VolumeName(path)
	rest := path[len(volume):]
	for i := 1; i <= len(rest); i++ {
		if i < len(rest) && !os.IsPathSeparator(rest[i]) {
			continue
		}
		at := volume + rest[:i]
		to, err := os.Readlink(at)
		if err != nil {
			continue
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(at), to)
		}
		return at, filepath.Clean(to + rest[i:])
	}
	return "", ""
}
