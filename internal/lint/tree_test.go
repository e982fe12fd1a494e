package lint

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTree_clean finds what a check has changed or left behind. It runs where RUNE_CHECK_TREE is set, as `make check` does when all
// else is done, since a tree that someone works in is seldom clean.
func TestTree_clean(t *testing.T) {
	if os.Getenv("RUNE_CHECK_TREE") == "" {
		t.Skip("RUNE_CHECK_TREE isn't set")
	}
	cmd := exec.Command("git", "status", "--porcelain")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no repository here: git status: %v", err)
	}
	if len(out) > 0 {
		t.Errorf("the tree isn't clean:\n%s", out)
	}
}

// TestTree_executables finds binaries that were added by mistake: what may run is a script, and says what it is run by.
func TestTree_executables(t *testing.T) {
	cmd := exec.Command("git", "ls-files", "--stage")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no repository here: git ls-files: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		mode, _, _ := strings.Cut(line, " ")
		_, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if mode != "100755" {
			continue
		}
		text, err := os.ReadFile(root + "/" + name)
		if err != nil || !strings.HasPrefix(string(text), "#!") {
			t.Errorf("%s is executable and no script", name)
		}
	}
}
