package main

import "encoding/binary"

// writeStats writes what the last call did into the statistics block.
func (g *guest) writeStats() {
	clear(g.stats[:])
	le := binary.LittleEndian
	le.PutUint32(g.stats[0:], statsSize)
	if g.engine == nil {
		return
	}
	s := g.engine.Stats()
	var flags uint32
	if s.Cacheable {
		flags |= 1
	}
	if s.UsedNow {
		flags |= 2
	}
	le.PutUint32(g.stats[4:], flags)
	le.PutUint32(g.stats[8:], uint32(s.Decision))
	le.PutUint32(g.stats[12:], s.ErrorSteps)
	le.PutUint64(g.stats[16:], s.Steps)
	for i, n := range [...]uint32{s.Tuples, s.Tables, s.RulesEvaluated, s.PoliciesEvaluated, s.Reasons, s.Errors, s.Items, s.Limit} {
		le.PutUint32(g.stats[24+4*i:], n)
	}
	for i, ns := range s.Phases {
		le.PutUint64(g.stats[56+8*i:], uint64(ns))
	}
}
