package value

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPath(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		op   Op
		want any
		args []any
	}{
		{OpClean, "/a/b", set("/a//./b/")}, {OpClean, "/b", set("/a/../b")}, {OpClean, "a/b", set("./a/b")}, {OpClean, "/", set("///")}, {OpClean, ".", set("a/..")},
		{OpClean, CodePath, set("../a")}, {OpClean, CodePath, set("a/../../b")}, {OpClean, CodePath, set("/../a")}, {OpClean, CodePath, set("")},
		{OpClean, CodePath, set(`/a\..\b`)}, {OpClean, CodePath, set("/a\x00")}, {OpClean, CodePath, set("/%2e%2E/a")}, {OpClean, CodePath, set("/%%32e")}, {OpClean, "/100%", set("/100%")},
		{OpClean, "/...", set("/...")}, {OpClean, CodeKind, set(1)},
		{OpBase, "c.txt", set("/a/c.txt")}, {OpBase, "/", set("/")}, {OpDir, "/a", set("/a/c.txt")}, {OpDir, "/", set("/c")}, {OpDir, ".", set("c")},
		{OpExt, ".gz", set("/a.b/c.tar.gz")}, {OpExt, "", set("/a.b/c")}, {OpExt, CodePath, set("/a/../../c.x")},
		{OpIsUnder, true, set("/tmp", "/tmp")}, {OpIsUnder, true, set("/tmp/", "/tmp")}, {OpIsUnder, true, set("/tmp/a/b", "/tmp/")}, {OpIsUnder, true, set("/x", "/")}, {OpIsUnder, true, set("/", "/")},
		{OpIsUnder, false, set("/tmpfoo", "/tmp")}, {OpIsUnder, false, set("/", "/tmp")}, {OpIsUnder, false, set("/tmp/../etc", "/tmp")}, {OpIsUnder, true, set("/etc/../tmp/x", "/tmp")},
		{OpIsUnder, false, set("/TMP/x", "/tmp")}, {OpIsUnder, false, set("/tmp/..", "/tmp")},
		{OpIsUnder, CodePath, set("tmp/a", "/tmp")}, {OpIsUnder, CodePath, set("/tmp/a", "tmp")}, {OpIsUnder, CodePath, set("/tmp/../../etc", "/tmp")}, {OpIsUnder, CodePath, set("/tmp/%2e%2e/etc", "/tmp")},
		{OpIsUnder, CodePath, set("/tmp/a", `\tmp`)}, {OpIsUnder, CodePath, set("/tmp/a\x00/..", "/tmp")}, {OpIsUnder, CodePath, set("", "/tmp")}, {OpIsUnder, CodePath, set("/tmp", "")},
	} {
		tab.check(t, c.op, c.want, c.args...)
	}
}

// under walks both paths part by part.
func under(p, folder string) bool {
	walk := func(s string) (at []string) {
		for _, part := range strings.Split(s, "/") {
			switch part {
			case "", ".":
			case "..":
				at = at[:len(at)-1]
			default:
				at = append(at, part)
			}
		}
		return at
	}
	a, b := walk(p), walk(folder)
	return len(a) >= len(b) && strings.Join(a[:len(b)], "/") == strings.Join(b, "/")
}

func TestPath_isUnderIsAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		genPath := rapid.StringMatching(`(/(a|ab|b|\.|\.\.|)){1,6}/?`)
		p, folder := genPath.Draw(t, "path"), genPath.Draw(t, "folder")
		tab := NewTable(Key{})
		got, f := tab.Apply(OpIsUnder, []Value{tab.String(p), tab.String(folder)})
		if climb := climbs([]byte(p)) || climbs([]byte(folder)); climb != (f != nil) {
			t.Fatalf("%q under %q raises %v", p, folder, f)
		}
		if f == nil && got != Bool(under(p, folder)) {
			t.Fatalf("%q under %q is %v", p, folder, got == True)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/tmp/a", "/tmpfoo", "/tmp/../etc", "//tmp", "/tmp/./..", "/%2e", `\`, "/..", "/tmp\x00", "..", "/tmp/ .."} {
		f.Add(s, "/tmp")
	}
	f.Fuzz(func(t *testing.T, p, folder string) {
		tab := NewTable(Key{})
		got, fault := tab.Apply(OpIsUnder, []Value{tab.String(p), tab.String(folder)})
		if fault != nil {
			return
		}
		if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "\\\x00") {
			t.Fatalf("%q does not raise", p)
		}
		// Whoever opens the path by the name it has after cleaning stays in the folder.
		if c := path.Clean(p); got == True && path.Clean(folder) != "/" && c != path.Clean(folder) && !strings.HasPrefix(c, path.Clean(folder)+"/") {
			t.Fatalf("%q is under %q", p, folder)
		}
		clean, fault := tab.Apply(OpClean, []Value{tab.String(p)})
		if again, _ := tab.Apply(OpClean, []Value{clean}); fault != nil || again != clean {
			t.Fatalf("%q cleans to %q, then differently", p, tab.Text(clean))
		}
	})
}
