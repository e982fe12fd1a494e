package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new folder, whose path it returns. A content that starts with "-> " is a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(strings.ReplaceAll(target, "ROOT", root), path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const including = "version = \"rune/1.0\"\ninclude = [\"policies/*.cedar\"]\n"

func TestLoadFile(t *testing.T) {
	const all = "permit(principal, action, resource);\n"
	for name, c := range map[string]struct {
		files map[string]string
		load  string
		code  Code // "" loads
		says  string
	}{
		"plain files":                     {map[string]string{"app.rune": including, "policies/a.cedar": all}, "app.rune", "", ""},
		"a file that isn't there":         {map[string]string{"app.rune": including}, "other.rune", CodeRead, "no such file"},
		"a folder in place of a document": {map[string]string{"app.rune/x": ""}, "app.rune", CodeRead, "not a regular file"},
		"a link inside the folder": {
			map[string]string{"app.rune": including, "v2/a.cedar": all, "policies/a.cedar": "-> ../v2/a.cedar"}, "app.rune", "", ""},
		"a linked folder inside the folder": {
			map[string]string{"app.rune": including, "v2/a.cedar": all, "policies": "-> v2"}, "app.rune", "", ""},
		"a document that is a link": {
			map[string]string{"real/app.rune": including, "app.rune": "-> real/app.rune", "policies/a.cedar": all}, "app.rune", "", ""},
		"a link out of the folder": {
			map[string]string{"in/app.rune": including, "secret.cedar": all, "in/policies/a.cedar": "-> ../../secret.cedar"},
			"in/app.rune", CodeEscape, "policies/a.cedar"},
		"an absolute link": {
			map[string]string{"in/app.rune": including, "secret.cedar": all, "in/policies/a.cedar": "-> ROOT/secret.cedar"},
			"in/app.rune", CodeEscape, "policies/a.cedar"},
		"a linked folder out of the folder": {
			map[string]string{"in/app.rune": including, "secret/a.cedar": all, "in/policies": "-> ../secret"}, "in/app.rune", CodeEscape, "policies"},
		"a link to nowhere": {
			map[string]string{"app.rune": including, "policies/b.cedar": all, "policies/a.cedar": "-> nowhere"}, "app.rune", "document.include_missing", ""},
		"a test that reaches up": {
			map[string]string{"app.rune": including, "policies/a.cedar": all,
				"tests/app_test.rune": "version = \"rune/1.0\"\ninclude = [\"../app.rune\"]\n"}, "tests/app_test.rune", "", ""},
		"a test that leads out by a link": {
			map[string]string{"a/app.rune": "-> ../../secret.rune", "secret.rune": including,
				"a/tests/app_test.rune": "version = \"rune/1.0\"\ninclude = [\"../app.rune\"]\n"}, "a/tests/app_test.rune", CodeEscape, "../app.rune"},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.files)
			e, err := testRuntime(t).LoadFile(ctx, filepath.Join(root, filepath.FromSlash(c.load)), nil)
			if err == nil {
				defer e.Close(ctx)
			}
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s that says %q", err, c.code, c.says)
			}
		})
	}
}

// TestLoad_equalsLoadFile: from a file system and from a folder, the same files give the same revision.
func TestLoad_equalsLoadFile(t *testing.T) {
	files := map[string]string{
		"conf/app.rune":         including,
		"conf/policies/a.cedar": "permit(principal, action, resource);",
		"conf/policies/b.cedar": "forbid(principal, action, resource);",
		"conf/policies/c.txt":   "no policy",
		"conf/policies/d/x":     "",
	}
	fromFile, err := testRuntime(t).LoadFile(ctx, filepath.Join(tree(t, files), "conf", "app.rune"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fromFile.Close(ctx)
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	fromFS, err := testRuntime(t).Load(ctx, fsys, "conf/app.rune", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fromFS.Close(ctx)
	if fromFS.Revision() != fromFile.Revision() || len(fromFS.Revision()) != 64 {
		t.Errorf("revisions %q and %q", fromFS.Revision(), fromFile.Revision())
	}
}

func TestLoadFile_visits(t *testing.T) {
	root := tree(t, map[string]string{"app.rune": strings.Replace(including, `"]`, `", "in/*.rune", "gone.csv"]`, 1),
		"policies/a.cedar": "", "in/b.rune": "version = \"rune/1.0\"\ninclude = [\"*.cedar\"]\n", "in/c.cedar": "", "in/d.txt": ""})
	var visited []string
	o := &LoadOptions{Visit: func(name string, folder bool) { visited = append(visited, fmt.Sprint(name, folder)) }}
	if _, err := testRuntime(t).LoadFile(ctx, filepath.Join(root, "app.rune"), o); !errors.Is(err, Code("document.include_missing")) {
		t.Fatal(err)
	}
	slices.Sort(visited)
	want := []string{"app.runefalse", "gone.csvfalse", "in/b.runefalse", "in/c.cedarfalse", "intrue", "intrue", "policies/a.cedarfalse", "policiestrue"}
	if diff := cmp.Diff(want, visited); diff != "" {
		t.Error(diff)
	}
}

func TestLoadFile_unwraps(t *testing.T) {
	_, err := testRuntime(t).LoadFile(ctx, filepath.Join(t.TempDir(), "app.rune"), nil)
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, CodeRead) {
		t.Errorf("a file that isn't there gives %v", err)
	}
}

func TestLoad_reportsAllDiagnostics(t *testing.T) {
	_, err := testRuntime(t).LoadText(ctx, "version = \"rune/1.0\"\n[rules]\npermit(X) :- nobody(X).\npermit(Y) :- nothing(Y).\n", nil)
	e := (*Error)(nil)
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	if len(e.Diagnostics) < 2 || e.Code != "datalog.unknown_predicate" || e.Line != 3 || e.Column == 0 {
		t.Errorf("got %+v", e)
	}
	for _, d := range e.Diagnostics {
		if d.Severity == "" || d.Code == "" || d.Line == 0 || d.Excerpt == "" || !strings.Contains(d.Text, d.Message) {
			t.Errorf("a diagnostic lacks something: %+v", d)
		}
	}
}

func TestLoad_warns(t *testing.T) {
	e := loadText(t, people+"listed(X) :- member(X, Y).\n", nil)
	w := e.Warnings()
	if len(w) != 1 || w[0].Severity != "warning" || w[0].Line == 0 || !strings.Contains(w[0].Message, "Y") {
		t.Errorf("a variable used once gives %+v", w)
	}
}

func TestLoad_needs(t *testing.T) {
	const text = "version = \"rune/1.0\"\n[defaults]\nhost_context = [\"token\"]\n[policies]\n" +
		"permit(principal, action, resource) when { context has token && context.token == \"t\" };\n"
	r := testRuntime(t)
	if _, err := r.LoadText(ctx, text, nil); !errors.Is(err, CodeNeeds) {
		t.Errorf("a host that gives no token gets %v", err)
	}
	for name, o := range map[string]*LoadOptions{"provided": {Provides: []string{"token"}}, "ignored": {IgnoreNeeds: true}} {
		e := loadText(t, text, o)
		if got := e.Needs(); len(got) != 1 || got[0] != "token" {
			t.Errorf("%s: needs %q", name, got)
		}
		got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), &Call{Context: []byte(`{"token":"t"}`)}))
		if !strings.Contains(got, `"permit"`) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// versionModule is a module that exports no more than that it speaks that version of the ABI.
func versionModule(version byte) []byte {
	head := []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x05\x01\x60\x00\x01\x7f" + // type () -> i32
		"\x03\x02\x01\x00" + // one function
		"\x05\x03\x01\x00\x01" + // one page of memory
		"\x07\x14\x01\x10rune_abi_version\x00\x00" + // one export
		"\x0a\x06\x01\x04\x00\x41")
	return append(head, version, 0x0b)
}

func TestRuntime_cache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	for range 2 {
		r, err := newRuntime(ctx, versionModule(1), Options{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
		t.Errorf("the cache holds %d entries, %v", len(entries), err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(ctx, Options{CacheDir: file}); err == nil {
		t.Error("a file is taken for a cache")
	}
}

// TestRuntime_readOnlyCache has a cache without an entry in which none can be written, not even by root.
func TestRuntime_readOnlyCache(t *testing.T) {
	const readOnly = "/sys/kernel"
	if _, err := os.Stat(readOnly); err != nil {
		t.Skipf("nothing here is read-only for all: %v", err)
	}
	dir := t.TempDir()
	r, err := newRuntime(ctx, versionModule(1), Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the cache holds %v, %v", entries, err)
	}
	machine := filepath.Join(dir, entries[0].Name())
	if err := errors.Join(os.RemoveAll(machine), os.Symlink(readOnly, machine)); err != nil {
		t.Fatal(err)
	}
	if r, err = newRuntime(ctx, versionModule(1), Options{CacheDir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestRuntime_unreadableCache has an entry that nobody can open, not even root.
func TestRuntime_unreadableCache(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		r, err := newRuntime(ctx, versionModule(1), Options{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(ctx); err != nil {
			t.Fatal(err)
		}
		entries, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if err != nil || len(entries) != 1 {
			t.Fatalf("the cache holds %v, %v", entries, err)
		}
		if err := errors.Join(os.Remove(entries[0]), os.Symlink(entries[0], entries[0])); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRuntime_refusesOtherModules: one that isn't ours, and one of another version of the ABI.
func TestRuntime_refusesOtherModules(t *testing.T) {
	for name, wasm := range map[string][]byte{"not ours": []byte("\x00asm\x01\x00\x00\x00"), "version 2": versionModule(2)} {
		r, err := newRuntime(ctx, wasm, Options{NoCache: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.LoadText(ctx, people, nil); !errors.Is(err, CodeVersion) {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	if _, err := newRuntime(ctx, []byte("no module"), Options{NoCache: true}); err == nil {
		t.Error("what is no module compiles")
	}
}

// TestLoadOptions_hashKey checks that a symbol table has another key at each load, unless one is given.
func TestLoadOptions_hashKey(t *testing.T) {
	o := &LoadOptions{}
	if a, b := o.hashKey(), o.hashKey(); a == b || a[0] == 0 || a[1] == 0 {
		t.Errorf("keys %x and %x", a, b)
	}
	if o.HashKey = [2]uint64{1, 2}; o.hashKey() != o.HashKey {
		t.Errorf("the key is %x, not what was given", o.hashKey())
	}
}
