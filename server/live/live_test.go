package live

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rune-authz/rune/host"
)

var shared = sync.OnceValues(func() (*host.Runtime, error) { return host.New(context.Background(), host.Options{}) })

func testRuntime(t testing.TB) *host.Runtime {
	t.Helper()
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// configuration with a version that its revision depends on.
func configuration(version string) string {
	return "version = \"rune/1.0\"\ninclude = [\"*.csv\", \"more/*.rune\"]\n[metadata]\nversion = \"" + version + "\"\n[rules]\ndecl member(User, Group).\npermit(P, _, _) :- member(P, _).\n"
}

const members = "user,group\nann,staff\n"

// opened is a store of files in a folder.
type opened struct {
	*Store
	t      *testing.T
	folder string
}

func open(t *testing.T, path string, watch bool) *opened {
	t.Helper()
	o := Options{Runtime: testRuntime(t), Path: path, Log: slog.New(slog.DiscardHandler)}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	if watch {
		wg.Go(func() { s.Watch(ctx) })
	}
	t.Cleanup(func() {
		stop()
		wg.Wait()
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &opened{s, t, filepath.Dir(path)}
}

// openFiles opens a store of a configuration and what it includes.
func openFiles(t *testing.T, watch bool) *opened {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.rune"), configuration("1"))
	write(t, filepath.Join(dir, "member.csv"), members)
	write(t, filepath.Join(dir, "more", "a.rune"), "version = \"rune/1.0\"\n[data]\nx = 1\n")
	return open(t, filepath.Join(dir, "config.rune"), watch)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *opened) write(name, text string) {
	s.t.Helper()
	write(s.t, filepath.Join(s.folder, name), text)
}

// replace writes a file as editors do: beside, and renamed.
func (s *opened) replace(name, text string) {
	s.t.Helper()
	s.write(name+".new~", text)
	s.check(os.Rename(filepath.Join(s.folder, name+".new~"), filepath.Join(s.folder, name)))
}

func (s *opened) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *opened) describe() *Description {
	s.t.Helper()
	d, err := s.Current().Describe(s.t.Context())
	s.check(err)
	return d
}

// wait waits until something holds, for a time that is only long enough.
func (s *opened) wait(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: it didn't happen; the last load: %+v", what, s.LastReload())
		}
	}
}

func (s *opened) isVersion(v string) func() bool {
	return func() bool { return s.describe().Version == v }
}

// rest gives a watcher time to do what it shouldn't.
func rest() { time.Sleep(2 * settleTime) }

func TestWatch(t *testing.T) {
	for name, change := range map[string]func(s *opened){
		"written in place": func(s *opened) { s.write("config.rune", configuration("2")) },
		"renamed over":     func(s *opened) { s.replace("config.rune", configuration("2")) },
		"removed and new": func(s *opened) {
			s.check(os.Remove(filepath.Join(s.folder, "config.rune")))
			s.write("config.rune", configuration("2"))
		},
		"included":       func(s *opened) { s.replace("member.csv", members+"bob,staff\n") },
		"included below": func(s *opened) { s.write("more/a.rune", "version = \"rune/1.0\"\n[data]\nx = 2\n") },
		"new for a glob": func(s *opened) { s.write("more/b.rune", "version = \"rune/1.0\"\n[data]\ny = 2\n") },
		"another CSV":    func(s *opened) { s.write("other.csv", "a\nb\n") },
		"folder moved away": func(s *opened) {
			s.check(os.Rename(filepath.Join(s.folder, "more"), filepath.Join(s.folder, "less")))
			s.write("more/c.rune", "version = \"rune/1.0\"\n[data]\nz = 3\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openFiles(t, true)
			before := s.Current()
			change(s)
			s.wait("a reload", func() bool {
				return s.Current() != before && s.LastReload().Result == Success && s.LastReload().Cause == CauseWatch
			})
			if o := s.LastReload(); o.Revision != s.Current().Base || o.Revision == before.Base {
				t.Errorf("outcome %+v", o)
			}
		})
	}
}

// TestWatch_manyWrites: a file that is written again and again is loaded when it has come to rest, and never half.
func TestWatch_manyWrites(t *testing.T) {
	t.Parallel()
	s := openFiles(t, true)
	first := s.Current()
	var seen []*Generation
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for last := first; ; time.Sleep(time.Millisecond) {
			if g := s.Current(); g != last {
				seen, last = append(seen, g), g
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for n := range 100 {
		text := configuration("2")
		s.write("config.rune", text[:len(text)-n%7])
		time.Sleep(10 * time.Millisecond)
	}
	s.write("config.rune", configuration("3"))
	s.wait("the last write", s.isVersion("3"))
	rest()
	close(stop)
	wg.Wait()
	for _, g := range seen[:len(seen)-1] { // but for a machine that stood still for longer than the settling time
		d, err := g.Describe(t.Context())
		if err == nil && d.Version != "2" {
			t.Errorf("a generation of version %s", d.Version)
		}
	}
	if len(seen) != 1 {
		t.Errorf("%d generations for one change", len(seen))
	}
}

// TestWatch_broken: what doesn't load never serves, and what mends it does.
func TestWatch_broken(t *testing.T) {
	t.Parallel()
	s := openFiles(t, true)
	first := s.Current()
	s.write("more/a.rune", "version = \"rune/1.0\"\n[rules]\np(X) :- ")
	s.wait("a failure", func() bool { return s.LastReload().Result == Failed })
	if s.Current() != first || s.LastReload().Err == nil || s.LastReload().Revision != first.Base {
		t.Errorf("after a failure: %+v", s.LastReload())
	}
	s.write("more/a.rune", "version = \"rune/1.0\"\n[rules]\np(1).\n")
	s.wait("the mended file", func() bool { return s.Current() != first && s.LastReload().Result == Success })
	if success, failed := s.Reloads(); success != 1 || failed < 1 {
		t.Errorf("%d, %d reloads", success, failed)
	}
}

// TestWatch_wayBack: a file that is as it was again changes nothing.
func TestWatch_wayBack(t *testing.T) {
	t.Parallel()
	s := openFiles(t, true)
	first := s.Current()
	s.write("config.rune", "version")
	s.wait("a failure", func() bool { return s.LastReload().Result == Failed })
	s.write("config.rune", configuration("1"))
	s.wait("the way back", func() bool { return s.LastReload().Result == Unchanged })
	if s.Current() != first {
		t.Error("another generation serves")
	}
}

// TestWatch_symlinks: Kubernetes keeps files behind a link, ..data, that it replaces.
func TestWatch_symlinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	volume := func(name, version string) {
		write(t, filepath.Join(dir, name, "config.rune"), configuration(version))
		write(t, filepath.Join(dir, name, "member.csv"), members)
		write(t, filepath.Join(dir, name, "a.rune"), "version = \"rune/1.0\"\n[data]\nx = 1\n")
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	swap := func(to string) {
		t.Helper()
		link(to, "..data_tmp")
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	volume("..1", "1")
	link("..1", "..data")
	link("..data/config.rune", "config.rune")
	link("..data/member.csv", "member.csv")
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	link("../..data/a.rune", "more/a.rune")
	s := open(t, filepath.Join(dir, "config.rune"), true)
	for _, version := range []string{"2", "3", "4"} {
		volume(".."+version, version)
		swap(".." + version)
		s.wait("version "+version, s.isVersion(version))
		if version > "2" { // as Kubernetes does
			if err := os.RemoveAll(filepath.Join(dir, "..2")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if success, failed := s.Reloads(); success < 3 || failed > 0 {
		t.Errorf("%d, %d reloads", success, failed)
	}
}

// TestWatch_linkedFolder: the folder itself may be a link that is replaced.
func TestWatch_linkedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, v := range []string{"1", "2"} {
		write(t, filepath.Join(dir, "v"+v, "config.rune"), configuration(v))
		write(t, filepath.Join(dir, "v"+v, "member.csv"), members)
		write(t, filepath.Join(dir, "v"+v, "more/a.rune"), "version = \"rune/1.0\"\n[data]\nx = 1\n")
	}
	if err := os.Symlink("v1", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "current", "config.rune"), true)
	s.check(os.Symlink("v2", filepath.Join(dir, "next")))
	s.check(os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "current")))
	s.wait("the other folder", s.isVersion("2"))
}

// TestWatch_noise: what isn't the configuration's doesn't load it again.
func TestWatch_noise(t *testing.T) {
	t.Parallel()
	s := openFiles(t, true)
	rest() // files that had just been written when they were loaded are loaded once more
	before := s.LastReload()
	for range 20 {
		s.write("notes.txt", strings.Repeat("x", 1000))
		time.Sleep(5 * time.Millisecond)
	}
	rest()
	if names := s.LastReload(); names != before && names.Cause == CauseWatch && names.Result != Unchanged {
		t.Errorf("loaded again: %+v", names)
	}
}
