package main

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine"
)

// fullBlock is a host block in which every field has a value of its own.
func fullBlock() []byte {
	b := make([]byte, hostSize)
	le := binary.LittleEndian
	le.PutUint32(b[0:], hostSize)
	le.PutUint32(b[4:], flagExplain|flagTimePhases|flagNow)
	le.PutUint64(b[8:], uint64(1_700_000_000_000))
	le.PutUint32(b[16:], 100)
	le.PutUint32(b[20:], 200)
	le.PutUint64(b[24:], 300)
	le.PutUint32(b[32:], uint32(engine.EntitiesRefuse))
	for i := range 8 {
		le.PutUint64(b[40+8*i:], uint64(i+1))
	}
	le.PutUint64(b[104:], 11)
	le.PutUint64(b[112:], 12)
	return b
}

func TestHostBlock_parse(t *testing.T) {
	var got hostBlock
	if what := got.parse(fullBlock()); what != "" {
		t.Fatalf("refused for %s", what)
	}
	want := hostBlock{
		Host: engine.Host{
			Explain: true, Now: 1_700_000_000_000, HasNow: true, Overlay: 300, Entities: engine.EntitiesRefuse, Key: [2]uint64{11, 12},
			Limits: engine.Limits{Steps: 1, ErrorSteps: 2, Tuples: 3, Tables: 4, ArenaBytes: 5, Depth: 6, StringBytes: 7, Collect: 8},
		},
		timePhases: true,
		context:    span{100, 200},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(hostBlock{}, span{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHostBlock_sizes(t *testing.T) {
	whole := fullBlock()
	for size := range 140 {
		block := make([]byte, size)
		copy(block, whole)
		var h hostBlock
		if what := h.parse(block); (what == "") != (size >= 8) {
			t.Errorf("%d bytes: %q", size, what)
		}
		if size == 16 && (h.Now == 0 || h.Entities != 0) {
			t.Errorf("16 bytes give %+v", h)
		}
	}
}

func TestHostBlock_unsupported(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"flag":            func(b []byte) []byte { b[4] |= 8; return b },
		"high flag":       func(b []byte) []byte { b[7] = 1; return b },
		"entities mode":   func(b []byte) []byte { b[32] = 3; return b },
		"reserved word":   func(b []byte) []byte { b[36] = 1; return b },
		"reserved last":   func(b []byte) []byte { b[127] = 1; return b },
		"more than known": func(b []byte) []byte { return append(b, 0, 1) },
	} {
		var h hostBlock
		if h.parse(change(fullBlock())) == "" {
			t.Errorf("%s: accepted", name)
		}
	}
}
