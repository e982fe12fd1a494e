package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const (
	module = "github.com/rune-authz/rune"
	root   = "../.."
)

// pkg is what `go list` says of a package.
type pkg struct {
	Dir, ImportPath, Export            string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

// path is the package's place in the tree, such as "engine/internal/value"; "" for other modules' packages.
func (p *pkg) path() string { return ours(p.ImportPath) }

// ours takes the module's name off an import path. It gives "" for paths of other modules.
func ours(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return ""
	}
	return rest
}

// goList runs `go list -json` with the arguments; env adds to the environment.
func goList(t *testing.T, env []string, args ...string) []*pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var list []*pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &pkg{}
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
