package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const repository = "../.."

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocks are a document's code blocks of a language.
func blocks(t *testing.T, document, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, document))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no block of %s", document, language)
	}
	return found
}

// buildRune builds the command as users do, and returns its folder.
func buildRune(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building the command takes a while")
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "rune"), ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// console runs commands as a document shows them, in one folder.
type console struct {
	t        *testing.T
	bin, dir string
	address  string // of the server that was started last
}

var revision = regexp.MustCompile(`[0-9a-f]{64}`)

// run runs the commands of a block, and compares what they write with what the block shows. A server runs beside, at a free port.
func (c *console) run(block string) {
	c.t.Helper()
	for _, part := range strings.Split(block, "$ ")[1:] {
		shown, want, _ := strings.Cut(part, "\n")
		if strings.HasPrefix(shown, "rune serve ") && strings.HasSuffix(shown, " &") {
			c.address = startAt(c.t, filepath.Join(c.dir, strings.Fields(shown)[2])).address
			continue
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(shown, "localhost:8181", c.address))
		cmd.Dir = c.dir
		cmd.Env = append(os.Environ(), "PATH="+c.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		got := revision.ReplaceAllString(string(out), "…")
		if strings.HasPrefix(shown, "curl") || strings.Contains(shown, "| curl") {
			got = strings.TrimSuffix(got, "\n") + "\n"
		}
		if err != nil || got != want {
			c.t.Errorf("$ %s\n%v, got\n%swant\n%s", shown, err, got, want)
		}
	}
}

// newConsole is one in an empty folder. Where a document needs curl and there is none, it isn't tested.
func newConsole(t *testing.T) *console {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	return &console{t: t, bin: buildRune(t), dir: t.TempDir()}
}

// TestREADME_console runs the commands of the README in an empty folder.
func TestREADME_console(t *testing.T) {
	c := newConsole(t)
	for _, block := range blocks(t, "README.md", "console") {
		c.run(block)
	}
}

// TestAPI_console runs the commands of the server's guide, by the configuration that it shows.
func TestAPI_console(t *testing.T) {
	c := newConsole(t)
	writeFile(t, filepath.Join(c.dir, "config.rune"), blocks(t, "docs/API.md", "rune")[0])
	for _, block := range blocks(t, "docs/API.md", "console") {
		c.run(block)
	}
}

// TestREADME_go runs the README's programs, and compares what they print with the comment at their end.
func TestREADME_go(t *testing.T) {
	if testing.Short() {
		t.Skip("building a program takes a while")
	}
	output := regexp.MustCompile(`(?m)^\s*// Output: (.*)$`)
	for _, block := range blocks(t, "README.md", "go") {
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(block), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "run", file)
		cmd.Dir = repository
		got, err := cmd.CombinedOutput()
		want := output.FindStringSubmatch(block)
		if want == nil || err != nil || strings.TrimSpace(string(got)) != want[1] {
			t.Errorf("%v, got\n%swant %q", err, got, want)
		}
	}
}

// TestREADME_configuration checks the configurations that the README shows, and decides with each.
func TestREADME_configuration(t *testing.T) {
	bin, dir := buildRune(t), t.TempDir()
	for _, block := range blocks(t, "README.md", "rune") {
		file := filepath.Join(dir, "config.rune")
		if err := os.WriteFile(file, []byte(block), 0o666); err != nil {
			t.Fatal(err)
		}
		rune := filepath.Join(bin, "rune")
		if out, err := exec.Command(rune, "check", file).CombinedOutput(); err != nil || !strings.HasSuffix(string(out), ": valid\n") {
			t.Errorf("rune check: %v\n%s", err, out)
		}
		out, err := exec.Command(rune, "eval", file, "--principal", "user:cleo", "--action", "write", "--resource", "doc:plan",
			"--context", `{"mfa":true}`).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), `{"decision":"permit"`) {
			t.Errorf("rune eval: %v\n%s", err, out)
		}
	}
}

// TestLanguage_documents checks the whole documents that the language guide shows, and runs their tests. Its other blocks are parts.
func TestLanguage_documents(t *testing.T) {
	bin, dir := buildRune(t), t.TempDir()
	whole := 0
	for _, block := range blocks(t, "docs/LANGUAGE.md", "rune") {
		if !strings.HasPrefix(block, "version") {
			continue
		}
		whole++
		file := filepath.Join(dir, "config.rune")
		if err := os.WriteFile(file, []byte(block), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"check", "test"} {
			if out, err := exec.Command(filepath.Join(bin, "rune"), command, file).CombinedOutput(); err != nil {
				t.Errorf("rune %s: %v\n%s", command, err, out)
			}
		}
	}
	if whole == 0 {
		t.Error("the guide shows no document")
	}
}
