package host

import (
	"encoding/binary"
	"time"
)

// The layout of the host block and the statistics block, in wasm/README.md.
const (
	blockSize = 128

	flagExplain    = 1
	flagTimePhases = 2
	flagNow        = 4

	flagCacheable = 1
	flagUsedNow   = 2
)

// limitNames are the limits in the order of both blocks.
var limitNames = [...]string{"steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect"}

func (l *Limits) list() [len(limitNames)]uint64 {
	return [...]uint64{l.Steps, l.ErrorSteps, l.Tuples, l.Tables, l.ArenaBytes, l.Depth, l.StringBytes, l.Collect}
}

// hostBlock is a host block as the module reads it.
type hostBlock [blockSize]byte

// encode writes c for a call at now. Its context lies at the address context.
func (b *hostBlock) encode(c *Call, now time.Time, context uint32) {
	le := binary.LittleEndian
	var flags uint32
	if c.Explain {
		flags |= flagExplain
	}
	if c.TimePhases || c.Timeline != nil {
		flags |= flagTimePhases
	}
	if !now.IsZero() {
		flags |= flagNow
		le.PutUint64(b[8:], uint64(now.UnixMilli()))
	}
	le.PutUint32(b[0:], blockSize)
	le.PutUint32(b[4:], flags)
	le.PutUint32(b[16:], context)
	le.PutUint32(b[20:], uint32(len(c.Context)))
	le.PutUint64(b[24:], c.Overlay)
	le.PutUint32(b[32:], uint32(c.Entities))
	b.putLimits(c.Limits)
}

func (b *hostBlock) putLimits(l Limits) {
	for i, n := range l.list() {
		binary.LittleEndian.PutUint64(b[40+8*i:], n)
	}
}

// encodeLoad writes what counts at load.
func (b *hostBlock) encodeLoad(o *LoadOptions, key [2]uint64) {
	binary.LittleEndian.PutUint32(b[0:], blockSize)
	b.putLimits(o.Limits)
	binary.LittleEndian.PutUint64(b[104:], key[0])
	binary.LittleEndian.PutUint64(b[112:], key[1])
}

// decode reads a statistics block.
func (s *Stats) decode(b []byte) {
	le := binary.LittleEndian
	flags := le.Uint32(b[4:])
	*s = Stats{
		Cacheable:         flags&flagCacheable != 0,
		UsedNow:           flags&flagUsedNow != 0,
		Decision:          Decision(le.Uint32(b[8:])),
		Steps:             le.Uint64(b[16:]),
		ErrorSteps:        le.Uint32(b[12:]),
		Tuples:            le.Uint32(b[24:]),
		Tables:            le.Uint32(b[28:]),
		RulesEvaluated:    le.Uint32(b[32:]),
		PoliciesEvaluated: le.Uint32(b[36:]),
		Reasons:           le.Uint32(b[40:]),
		Errors:            le.Uint32(b[44:]),
		Items:             le.Uint32(b[48:]),
	}
	if n := le.Uint32(b[52:]); 1 <= n && int(n) <= len(limitNames) {
		s.Limit = limitNames[n-1]
	}
	s.Phases.decode(b[56:])
	s.Permits, s.Denies = le.Uint32(b[104:]), le.Uint32(b[108:])
}

// decode reads how long the phases took.
func (p *Phases) decode(b []byte) {
	for i, d := range p.list() {
		*d = time.Duration(binary.LittleEndian.Uint64(b[8*i:]))
	}
}

// timingSize is what a request takes in the list of timings.
const timingSize = 64

// timingsAt is where a statistics block says that the list of timings lies.
func timingsAt(b []byte) (ptr, size uint32) {
	return binary.LittleEndian.Uint32(b[112:]), timingSize * binary.LittleEndian.Uint32(b[116:])
}

// decode reads the list of timings.
func (l *Timeline) decode(b []byte) {
	l.Requests = l.Requests[:0]
	for ; len(b) >= timingSize; b = b[timingSize:] {
		t := Timing{Start: time.Duration(binary.LittleEndian.Uint64(b)), Decision: Decision(binary.LittleEndian.Uint32(b[56:]))}
		t.Phases.decode(b[8:])
		l.Requests = append(l.Requests, t)
	}
}
