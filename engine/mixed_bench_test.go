package engine

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// mixture decides the requests of testdata/mixed.txtar in turn.
type mixture struct {
	engine       *Engine
	kinds        []kind
	next         int
	request, dst []byte
}

type kind struct {
	want  Decision
	parts [][]byte // of the request, between which there come new strings
}

func loadMixture(tb testing.TB) *mixture {
	archive, err := txtar.ParseFile("../testdata/mixed.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	e, reply := loadFiles(archive.Files[:1], Host{})
	if e == nil {
		tb.Fatalf("%s", reply)
	}
	m := &mixture{engine: e}
	decisions := map[string]Decision{"permit": Permit, "deny": Deny, "error": NoDecision}
	for line := range strings.Lines(string(archive.Files[1].Data)) {
		want, request, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		decision, ok := decisions[want]
		if !ok {
			tb.Fatalf("%q is no decision", want)
		}
		m.kinds = append(m.kinds, kind{decision, bytes.Split([]byte(request), []byte("%s"))})
	}
	for range 200 * len(m.kinds) { // what grows once has grown
		m.decide(tb)
	}
	return m
}

// decide decides the next request.
func (m *mixture) decide(tb testing.TB) {
	k := &m.kinds[m.next%len(m.kinds)]
	m.next++
	m.request = append(m.request[:0], k.parts[0]...)
	for i, part := range k.parts[1:] {
		m.request = strconv.AppendInt(append(m.request, "new-"...), int64(8*m.next+i), 10)
		for range m.next % 97 { // of all lengths
			m.request = append(m.request, 'x')
		}
		m.request = append(m.request, part...)
	}
	m.dst = m.engine.Authorize(m.dst[:0], m.request, &Host{})
	if m.engine.Stats().Decision != k.want {
		tb.Fatalf("%s\n%s", m.request, m.dst)
	}
}

// BenchmarkAuthorize_mixed decides requests of all kinds, with new strings in them. Nothing may be allocated for them.
func BenchmarkAuthorize_mixed(b *testing.B) {
	m := loadMixture(b)
	b.ReportAllocs()
	for b.Loop() {
		m.decide(b)
	}
}
