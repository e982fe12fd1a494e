package value

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func texts(t *Table, vs []Value) []string {
	out := []string{}
	for _, v := range vs {
		out = append(out, t.TextString(v))
	}
	return out
}

func TestSplit(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		text, sep string
		want      []string
	}{
		{"a,b,,c", ",", []string{"a", "b", "", "c"}}, {"", ",", []string{""}}, {",", ",", []string{"", ""}}, {"abc", "abc", []string{"", ""}}, {"aaa", "aa", []string{"", "a"}}, {"a→b", "→", []string{"a", "b"}},
	} {
		got, f := tab.Split(tab.String(c.text), tab.String(c.sep), []Value{True})
		if f != nil || got[0] != True || !slices.Equal(texts(tab, got[1:]), c.want) {
			t.Errorf("%q by %q gives %v, %v", c.text, c.sep, got, f)
		}
	}
	if _, f := tab.Split(tab.String("a"), tab.String(""), nil); f == nil || f.Code != CodeSeparator {
		t.Errorf("an empty separator gives %v", f)
	}
	for _, args := range [][2]Value{{True, tab.String("a")}, {tab.String("a"), tab.Long(1)}} {
		if _, f := tab.Split(args[0], args[1], nil); f == nil || f.Code != CodeKind {
			t.Errorf("splitting no strings gives %v", f)
		}
	}
}

var shellLines = []struct {
	line string
	want []string // nil where it raises
}{
	{"", []string{}}, {"  \t ", []string{}}, {"ls -la  /tmp\t", []string{"ls", "-la", "/tmp"}},
	{`echo 'a b' "c d" e\ f`, []string{"echo", "a b", "c d", "e f"}}, {`''`, []string{""}}, {`"" a`, []string{"", "a"}}, {`a''b""c`, []string{"abc"}},
	{`'a\b'`, []string{`a\b`}}, {`"a\b\\\"\'"`, []string{`a\b\"\'`}}, {`'"' "'"`, []string{`"`, "'"}}, {`"\$HOME" '$HOME' \$HOME`, []string{"$HOME", "$HOME", "$HOME"}},
	{"\"\\`\"", []string{"`"}}, {"'a\nb'", []string{"a\nb"}}, {"\"a\nb\"", []string{"a\nb"}}, {"'* ? [ ] { } ~ # ! ; | & < > ( )'", []string{"* ? [ ] { } ~ # ! ; | & < > ( )"}}, {`\;\|\#\~`, []string{";|#~"}},
	{"a\\\nb", []string{"ab"}}, {"a \\\n b", []string{"a", "b"}}, {"\\\n", []string{}}, {"a \\\n", []string{"a"}}, {"\"a\\\nb\"", []string{"ab"}}, {"'a\\\nb'", []string{"a\\\nb"}}, {"\\\n\\\n ls", []string{"ls"}},
	{"env A=1 ls", []string{"env", "A=1", "ls"}}, {"--x=1", []string{"--x=1"}}, {"=x", []string{"=x"}}, {"1A=x ls", []string{"1A=x", "ls"}}, {`'A'=1 ls`, []string{"A=1", "ls"}}, {`A\=1`, []string{"A=1"}}, {`A"="1`, []string{"A=1"}}, {"a+b", []string{"a+b"}},
	{"a.b=c", []string{"a.b=c"}}, {"+=1", []string{"+=1"}}, {"\u00a0x", []string{"\u00a0x"}}, {"日本 é", []string{"日本", "é"}}, {"a\vb\fc", []string{"a\vb\fc"}},

	{"A=1", nil}, {"A=1 ls", nil}, {"_a9=x ls", nil}, {"LD_PRELOAD=/x ls", nil}, {"A='b' ls", nil}, {"A+=1 ls", nil}, {"LD_\\\nPRELOAD=/x ls", nil}, {"\\\nA=1 ls", nil}, {" A= ls", nil},
	{"ls;rm", nil}, {"ls | rm", nil}, {"ls & rm", nil}, {"ls < x", nil}, {"ls > x", nil}, {"(ls)", nil}, {"ls $HOME", nil}, {"ls `id`", nil}, {"ls *", nil}, {"ls ?", nil}, {"ls [a]", nil}, {"ls a]", nil}, {"{ls,}", nil}, {"a}", nil},
	{"~/x", nil}, {"a~", nil}, {"ls # x", nil}, {"a#b", nil}, {"! ls", nil}, {"ls\nrm", nil}, {"ls\rrm", nil}, {`"$HOME"`, nil}, {"\"`id`\"", nil}, {`"$(id)"`, nil}, {"'a", nil}, {`"a`, nil}, {`"a\`, nil}, {`a\`, nil}, {"a 'b' '", nil},
	{"ls\x00", nil}, {"'\x00'", nil}, {`"a"$b`, nil}, {"a'b'c;d", nil},
}

func TestArgv(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range shellLines {
		got, f := tab.Argv(tab.String(c.line), []Value{True})
		if got[0] != True || (f != nil) != (c.want == nil) || f != nil && (f.Code != CodeShell || len(got) != 1) || !slices.Equal(texts(tab, got[1:]), append([]string{}, c.want...)) {
			t.Errorf("%q gives %q, %v", c.line, texts(tab, got[1:]), f)
		}
	}
	if _, f := tab.Argv(tab.Long(1), nil); f == nil || f.Code != CodeKind {
		t.Errorf("splitting a long gives %v", f)
	}
}

// Every line that is split is split as a shell does.
func TestArgv_isTheShells(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh to compare with")
	}
	const script = `set -- %; for word; do printf '%s\0' "$word"; done`
	compare := func(t interface{ Fatalf(string, ...any) }, line string) {
		tab := NewTable(Key{})
		words, f := tab.Argv(tab.String(line), nil)
		if f != nil {
			return
		}
		out, err := exec.Command(sh, "-c", strings.Replace(script, "%", line, 1)).Output()
		if want := strings.Join(append(texts(tab, words), ""), "\x00"); err != nil || string(out) != want {
			t.Fatalf("%q is split %q, by sh %q, %v", line, want, out, err)
		}
	}
	for _, c := range shellLines {
		compare(t, c.line)
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", " ", "\t", "'", `"`, `\`, "\\\n", `\"`, "=", "''", `""`, "x1", "é"}), 0, 12).Draw(t, "parts")
		compare(t, strings.Join(parts, ""))
	})
}

func FuzzArgv(f *testing.F) {
	for _, c := range shellLines {
		f.Add(c.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		tab := NewTable(Key{})
		words, fault := tab.Argv(tab.String(line), nil)
		if fault != nil {
			if len(words) != 0 {
				t.Fatalf("%q raises and gives %q", line, texts(tab, words))
			}
			return
		}
		// Quoted again, the words are split into themselves.
		var quoted strings.Builder
		for _, w := range texts(tab, words) {
			quoted.WriteString(" '" + strings.ReplaceAll(w, "'", `'\''`) + "'")
		}
		again, fault := tab.Argv(tab.String(quoted.String()), nil)
		if fault != nil || !slices.Equal(again, words) {
			t.Fatalf("%q is split %q, quoted again %q, %v", line, texts(tab, words), texts(tab, again), fault)
		}
	})
}
