package engine

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/rune-authz/rune/internal/corpus"
)

// TestCorpus decides every request of the Cedar corpus through the bytes that hosts use; in short mode those of every 25th case. The module
// does the same in the host's tests.
func TestCorpus(t *testing.T) {
	c, err := corpus.Generated()
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 25
	}
	cases, requests := 0, 0
	for i := 0; i < c.Len(); i += step {
		k, err := c.Case(i)
		if err != nil {
			t.Fatal(err)
		}
		files := []txtar.File{{Name: "config.rune", Data: []byte(corpus.Document)}}
		for name, text := range k.Files() {
			files = append(files, txtar.File{Name: name, Data: text})
		}
		e, reply := loadFiles(files, Host{})
		if e == nil {
			t.Errorf("%s: %s", k.Name, reply)
			continue
		}
		cases++
		for j := range k.Requests {
			if err := k.Requests[j].Check(e.Authorize(nil, k.Requests[j].Body(), &Host{})); err != nil {
				t.Errorf("%s: %v", k.Name, err)
			}
			requests++
		}
	}
	t.Logf("%d cases, %d requests, none skipped", cases, requests)
	if step == 1 && (cases != 7750 || requests != 62000) {
		t.Errorf("%d cases and %d requests, want 7750 and 62000", cases, requests)
	}
}
