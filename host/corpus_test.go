package host

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/rune-authz/rune/internal/corpus"
)

// Every request of the Cedar corpus, decided in the module; in short mode those of every 50th case. One instance loads all cases, one
// after the other.
func TestCorpus(t *testing.T) {
	c, err := corpus.Generated()
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 50
	}
	i, err := testRuntime(t).instantiate(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	defer i.close()
	cases, requests := 0, 0
	for n := 0; n < c.Len(); n += step {
		k, err := c.Case(n)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for name, text := range k.Files() {
			files[name] = &fstest.MapFile{Data: text}
		}
		if _, err := i.loadNeeded(ctx, source{fsys: files, folder: "."}, "config.rune", []byte(corpus.Document), &LoadOptions{}); err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		cases++
		for j := range k.Requests {
			reply, err := i.do(authorize, nil, k.Requests[j].Body(), nil, time.Time{})
			if err == nil {
				err = k.Requests[j].Check(reply)
			}
			if err != nil {
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
