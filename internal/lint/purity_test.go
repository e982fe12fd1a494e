package lint

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// impure are packages that the engine imports nowhere: with them come a clock, randomness, I/O, or threads.
var impure = []string{
	"context", "crypto/rand", "io/fs", "io/ioutil", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec",
	"os/signal", "path/filepath", "plugin", "runtime", "runtime/debug", "sync", "sync/atomic", "syscall", "syscall/js", "time",
	"hash/maphash", "unique", "weak", "expvar", "testing",
}

// TestEngine_imports holds the engine's own code to what runs the same everywhere. What libraries do inside is theirs.
func TestEngine_imports(t *testing.T) {
	for name, p := range platforms {
		t.Run(name, func(t *testing.T) {
			for _, p := range goList(t, p.env, "./engine/...") {
				for _, i := range p.Imports {
					if slices.Contains(impure, i) {
						t.Errorf("%s imports %s", p.path(), i)
					}
				}
			}
		})
	}
}

// TestEngine_stateless finds goroutines, channels, and package-level variables that something changes.
func TestEngine_stateless(t *testing.T) {
	list := goList(t, nil, "-deps", "-export", "./engine/...")
	imp := exportImporter(list)
	checked := 0
	for _, p := range list {
		if !within("engine", p.path()) {
			continue
		}
		files := map[string]string{}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(p.path(), name)] = string(text)
		}
		found, err := impurities(p.ImportPath, files, imp)
		if err != nil {
			t.Errorf("%s: %v", p.path(), err)
		}
		for _, f := range found {
			t.Error(f)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("%d packages of the engine", checked)
	}
}

// TestStateless_finds shows that the scan finds what it is for, and nothing else.
func TestStateless_finds(t *testing.T) {
	const head = "package p\nvar n int\nvar list []int\nvar m = map[int]int{}\nvar s struct{ f int }\nvar table = [...]int{1, 2}\n" +
		"type c int\nfunc (p *c) inc() { *p++ }\nvar counter c\n"
	for _, c := range []struct {
		code string
		want string
	}{
		{"func f() { n = 1 }", "n changes"},
		{"func f() { n++ }", "n changes"},
		{"func f() { list = append(list, 1) }", "list changes"},
		{"func f() { list[0] = 1 }", "list changes"},
		{"func f() { m[1] = 2 }", "m changes"},
		{"func f() { delete(m, 1) }", "m changes"},
		{"func f() { clear(m) }", "m changes"},
		{"func f() { copy(list, list) }", "list changes"},
		{"func f() { s.f = 1 }", "s changes"},
		{"func f() { (s).f += 1 }", "s changes"},
		{"func f() { counter.inc() }", "counter changes"},
		{"func f() { p := &s; p.f = 1 }", "p changes"},
		{"func f() { p := &table[0]; *p = 1 }", "p changes"},
		{"func f() { t := table[:]; t[0] = 1 }", "t changes"},
		{"func f() { var t = list; t[0]++ }", "t changes"},
		{"func f() { for i := range m { q := m; delete(q, i) } }", "q changes"},
		{"func f() { for n = range 3 { } }", "n changes"},
		{"func f() { go f() }", "goroutine"},
		{"func f() { c := make(chan int); c <- 1 }", "channel"},
		{"func f() { select {} }", "select"},
		{"func f() { n := 1; n = 2; _ = n }", ""},
		{"func f() int { return table[0] + len(list) + m[1] + s.f }", ""},
		{"func f() int { p := &table[0]; t := table[:]; t = nil; return *p + len(t) }", ""},
		{"func f() int { x := table[0]; x++; y := s; y.f = 1; return x }", ""},
		{"var derived = n + 1\nfunc f() (out []int) { for _, x := range list { out = append(out, x) }; return }", ""},
	} {
		found, err := impurities("p", map[string]string{"p.go": head + c.code}, importer.Default())
		if err != nil {
			t.Fatalf("%s: %v", c.code, err)
		}
		switch text := strings.Join(found, "\n"); {
		case c.want == "" && text != "":
			t.Errorf("%s: found %q", c.code, text)
		case !strings.Contains(text, c.want):
			t.Errorf("%s: found %q, not %q", c.code, text, c.want)
		}
	}
}

// exportImporter reads packages from the export data that `go list -export` names.
func exportImporter(list []*pkg) types.Importer {
	export := map[string]string{}
	for _, p := range list {
		export[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if export[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(export[path])
	})
}
