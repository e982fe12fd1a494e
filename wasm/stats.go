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
		le.PutUint64(g.stats[56+8*i:], ns)
	}
	le.PutUint32(g.stats[104:], s.Permits)
	le.PutUint32(g.stats[108:], s.Denies)
	if timings := g.writeTimings(); len(timings) > 0 {
		le.PutUint32(g.stats[112:], uint32(address(timings)))
		le.PutUint32(g.stats[116:], uint32(len(timings)/timingSize))
	}
}

// timingSize is what a request takes in the list of timings.
const timingSize = 64

// writeTimings writes how long the requests took that the last call decided.
func (g *guest) writeTimings() []byte {
	le := binary.LittleEndian
	g.timings = g.timings[:0]
	for _, t := range g.engine.Timings() {
		g.timings = le.AppendUint64(g.timings, t.Start)
		for _, ns := range t.Phases {
			g.timings = le.AppendUint64(g.timings, ns)
		}
		g.timings = le.AppendUint32(g.timings, uint32(t.Decision))
		g.timings = le.AppendUint32(g.timings, 0)
	}
	return g.timings
}
