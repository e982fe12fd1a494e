package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestHotFunctions(t *testing.T) {
	const list = "example.org/a-b/c.(*T).run\nslices.sort[go.shape.struct { A int; B string }]\n"
	want := functions{"example.org_a_b_c.__T_.run": true, "slices.sort_go.shape.struct___A_int__B_string___": true}
	if got := hotFunctions(list); !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestHotFunctions_named: the names of the list are found in the module.
func TestHotFunctions_named(t *testing.T) {
	dir := t.TempDir()
	pgo := filepath.Join(dir, "engine.pgo")
	if err := os.WriteFile(pgo, profile, 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := compile(t.Context(), filepath.Join(dir, "guest.wasm"), pgo)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := parseSections(raw)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseCode(sections)
	if err != nil {
		t.Fatal(err)
	}
	hot, found := hotFunctions(seen), 0
	for _, name := range c.names {
		if hot[name] && hasPrefix(name, quick) {
			found++
		}
	}
	if found < 80 {
		t.Errorf("%d functions of the list are in the module", found)
	}
}
