package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/rune-authz/rune/host"
)

// steady counts what requests of all kinds cost that stays: allocations, natively, by the Go benchmark beside the engine; and bytes of
// linear memory, in the module, by which it has grown from after a warm-up to the end of a million requests.
func (b *bench) steady(ctx context.Context) error {
	if err := b.goBenchmarks(ctx, b.root, "./engine", "^BenchmarkAuthorize_mixed$"); err != nil {
		return err
	}
	m, err := b.loadMixture(ctx)
	if err != nil {
		return err
	}
	defer m.engine.Close(ctx)
	if err := m.decide(ctx, b.scale.requests/10); err != nil {
		return err
	}
	before := m.engine.Pool().Memory
	if err := m.decide(ctx, b.scale.requests); err != nil {
		return err
	}
	b.results.add("Steady/rune", b.scale.requests, sample{float64(m.engine.Pool().Memory - before), "B"})
	return nil
}

// mixture decides the requests of testdata/mixed.txtar in turn.
type mixture struct {
	engine         *host.Engine
	kinds          []kind
	next           int
	request, reply []byte
}

type kind struct {
	want  host.Decision
	parts [][]byte // of the request, between which there come new strings
}

func (b *bench) loadMixture(ctx context.Context) (*mixture, error) {
	archive, err := txtar.ParseFile(filepath.Join(b.root, "testdata", "mixed.txtar"))
	if err != nil {
		return nil, err
	}
	m := &mixture{}
	decisions := map[string]host.Decision{"permit": host.Permit, "deny": host.Deny, "error": host.NoDecision}
	for line := range strings.Lines(string(archive.Files[1].Data)) {
		want, request, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		decision, ok := decisions[want]
		if !ok {
			return nil, fmt.Errorf("%q is no decision", want)
		}
		m.kinds = append(m.kinds, kind{decision, bytes.Split([]byte(request), []byte("%s"))})
	}
	m.engine, err = b.runtime.LoadText(ctx, string(archive.Files[0].Data), &host.LoadOptions{Instances: 1})
	return m, err
}

// decide decides the next n requests.
func (m *mixture) decide(ctx context.Context, n int) error {
	var stats host.Stats
	call := &host.Call{Stats: &stats}
	for range n {
		k := &m.kinds[m.next%len(m.kinds)]
		m.next++
		m.fill(k)
		reply, err := m.engine.Authorize(ctx, m.reply[:0], m.request, call)
		m.reply = reply
		if (err != nil) != (k.want == host.NoDecision) || stats.Decision != k.want {
			return fmt.Errorf("request %s: %v, decision %d, reply %s", m.request, err, stats.Decision, reply)
		}
	}
	return nil
}

// fill makes a request of kind k, with strings of all lengths up to a hundred bytes.
func (m *mixture) fill(k *kind) {
	m.request = append(m.request[:0], k.parts[0]...)
	for i, part := range k.parts[1:] {
		m.request = strconv.AppendInt(append(m.request, "new-"...), int64(8*m.next+i), 10)
		for range m.next % 97 {
			m.request = append(m.request, 'x')
		}
		m.request = append(m.request, part...)
	}
}
