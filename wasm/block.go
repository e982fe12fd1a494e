package main

import (
	"encoding/binary"

	"github.com/rune-authz/rune/engine"
)

// The blocks have a fixed layout, little-endian; README.md has it as a table.
const (
	hostSize  = 128
	statsSize = 128

	flagExplain    = 1
	flagTimePhases = 2
	flagNow        = 4
	flagsKnown     = flagExplain | flagTimePhases | flagNow
)

// hostBlock is a host block as it stands in memory, and what couldn't be read of it.
type hostBlock struct {
	engine.Host
	timePhases bool
	context    span
}

// span is where bytes lie in memory.
type span struct{ ptr, len uint32 }

// parse reads block, whose first four bytes were found to be its length. A block may end early, which stands for zeros, and
// may be longer than this version knows if the rest is zero. It returns what this version doesn't support, or "".
func (h *hostBlock) parse(block []byte) string {
	if len(block) < 8 || len(block) > hostSize && !zero(block[hostSize:]) {
		return "the host block's size"
	}
	if len(block) < hostSize {
		var full [hostSize]byte
		copy(full[:], block)
		return h.parseFull(full[:])
	}
	return h.parseFull(block)
}

// parseFull reads a block that doesn't end early.
func (h *hostBlock) parseFull(full []byte) string {
	le := binary.LittleEndian
	flags := le.Uint32(full[4:])
	if flags&^flagsKnown != 0 {
		return "a flag of the host block"
	}
	if le.Uint32(full[36:]) != 0 || le.Uint64(full[120:]) != 0 {
		return "a reserved word of the host block"
	}
	h.Explain = flags&flagExplain != 0
	h.timePhases = flags&flagTimePhases != 0
	h.HasNow = flags&flagNow != 0
	h.Now = int64(le.Uint64(full[8:]))
	h.context = span{le.Uint32(full[16:]), le.Uint32(full[20:])}
	h.Overlay = le.Uint64(full[24:])
	mode := le.Uint32(full[32:])
	if mode > uint32(engine.EntitiesRefuse) {
		return "the entities mode of the host block"
	}
	h.Entities = engine.EntitiesMode(mode)
	for i, limit := range limits(&h.Limits) {
		*limit = le.Uint64(full[40+8*i:])
	}
	h.Key = [2]uint64{le.Uint64(full[104:]), le.Uint64(full[112:])}
	return ""
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// limits are l's fields in the order of the blocks.
func limits(l *engine.Limits) [8]*uint64 {
	return [...]*uint64{&l.Steps, &l.ErrorSteps, &l.Tuples, &l.Tables, &l.ArenaBytes, &l.Depth, &l.StringBytes, &l.Collect}
}
