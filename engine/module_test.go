//go:build !wasip1

package engine

import (
	"context"
	"testing"

	"github.com/rune-authz/rune/host"
)

// TestRandom_module compares the replies and counts of the engine as this program has it with those of the committed module: what compiles it and
// rewrites it there changes nothing.
func TestRandom_module(t *testing.T) {
	ctx := context.Background()
	r, err := host.New(ctx, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(ctx)
	loaded := 0
	for seed := range shortly(600, 100) {
		doc := newRandomDocument(seed)
		l := NewLoader("", []byte(doc.text()), Host{})
		l.Next()
		e, _ := l.Commit()
		m, err := r.LoadText(ctx, doc.text(), nil)
		if (e == nil) != (err != nil) {
			t.Fatalf("seed %d: natively %v, in the module %v", seed, e != nil, err)
		}
		if e == nil {
			continue
		}
		loaded++
		change := []byte(`{"insert":{"s":[["a"],["b"]],"num":[["a",1]],"edge":[["a","b"],["b","c"]]},"delete":{"s":[["c"]]}}`)
		for range 2 {
			compareModule(t, seed, doc, e, m)
			native := string(e.Update(nil, change, &Host{}))
			if in, _ := m.Update(ctx, nil, change, nil); string(in) != native {
				t.Fatalf("seed %d: an update is %s natively, %s in the module", seed, native, in)
			}
		}
		if err := m.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if loaded < int(shortly(500, 60)) {
		t.Errorf("only %d documents load", loaded)
	}
}

func compareModule(t *testing.T, seed uint64, doc *randomDocument, e *Engine, m *host.Engine) {
	ctx := context.Background()
	compare := func(native, module []byte, stats *host.Stats) {
		t.Helper()
		if string(native) != string(module) {
			t.Fatalf("seed %d: natively\n%s\nin the module\n%s\n%s", seed, native, module, doc.text())
		}
		s := e.Stats()
		if s.Steps != stats.Steps || s.ErrorSteps != stats.ErrorSteps || s.Tuples != stats.Tuples || s.Tables != stats.Tables {
			t.Fatalf("seed %d: natively %+v, in the module %+v\n%s", seed, *s, *stats, doc.text())
		}
	}
	for _, request := range doc.requests {
		var stats host.Stats
		module, _ := m.Authorize(ctx, nil, []byte(request), &host.Call{Stats: &stats})
		compare(e.Authorize(nil, []byte(request), &Host{}), module, &stats)
	}
	for i, goal := range doc.goals {
		var stats host.Stats
		module, _ := m.Query(ctx, nil, doc.query(i, goal), &host.Call{Stats: &stats})
		compare(e.Query(nil, doc.query(i, goal), &Host{}), module, &stats)
	}
}
