package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine"
)

// put puts text into a buffer, as a host does.
func put(g *guest, text string) (uintptr, uint32) {
	p := g.buffers.alloc(uint32(len(text)))
	b, _ := g.buffers.at(p, uint32(len(text)))
	copy(b, text)
	return p, uint32(len(text))
}

// load loads a document that includes nothing.
func load(g *guest, text string) string {
	name, nameLen := put(g, "app.rune")
	p, n := put(g, text)
	if reply := g.loadBegin(name, nameLen, p, n, 0); string(reply) != replyEmpty {
		return string(reply)
	}
	return string(g.loadCommit())
}

func decide(g *guest) string {
	p, n := put(g, `{"principal":"a","action":"b","resource":"c"}`)
	defer g.buffers.free(p)
	return string(g.call((*engine.Engine).Authorize, p, n, 0))
}

const good = "version = \"rune/1.0\"\n[policies]\npermit(principal, action, resource);\n"

func wantPrefix(t *testing.T, what, got, prefix string) {
	t.Helper()
	if !strings.HasPrefix(got, prefix) {
		t.Errorf("%s: %s, want %s…", what, got, prefix)
	}
}

func TestGuest_states(t *testing.T) {
	g := &guest{}
	wantPrefix(t, "a call before a load", decide(g), replyUnloaded)
	wantPrefix(t, "next before a load", string(g.loadNext()), replyIdle)
	wantPrefix(t, "give before a load", string(g.loadGive(0, 0, 0, absent)), replyIdle)
	wantPrefix(t, "commit before a load", string(g.loadCommit()), replyIdle)
	wantPrefix(t, "abort before a load", string(g.loadAbort()), replyEmpty)
	wantPrefix(t, "a load", load(g, good), `{"loaded":`)
	wantPrefix(t, "a call", decide(g), `{"decision":"permit"`)
	wantPrefix(t, "a bad load", load(g, "version = 7"), `{"error":`)
	wantPrefix(t, "a call after a bad load", decide(g), `{"decision":"permit"`)
	wantPrefix(t, "a second commit", string(g.loadCommit()), replyIdle)
	wantPrefix(t, "a better load", load(g, strings.Replace(good, "permit", "forbid", 1)), `{"loaded":`)
	wantPrefix(t, "a call after it", decide(g), `{"decision":"deny"`)
	if n := len(g.buffers.list); n != 0 {
		t.Errorf("%d buffers are left", n)
	}
}

func TestGuest_conversation(t *testing.T) {
	g := &guest{}
	name, nameLen := put(g, "app.rune")
	p, n := put(g, "version = \"rune/1.0\"\ninclude = [\"a.cedar\"]\n")
	g.loadBegin(name, nameLen, p, n, 0)
	wantPrefix(t, "next", string(g.loadNext()), `{"read":"a.cedar"}`)
	other, otherLen := put(g, "b.cedar")
	wantPrefix(t, "give what wasn't asked for", string(g.loadGive(other, otherLen, 0, absent)), `{"error":{"code":"abi.unasked"`)
	wantPrefix(t, "give from nowhere", string(g.loadGive(4, 7, 0, absent)), replyPointer)
	file, fileLen := put(g, "a.cedar")
	p, n = put(g, "permit(principal, action, resource);")
	wantPrefix(t, "give", string(g.loadGive(file, fileLen, p, n)), `{}`)
	wantPrefix(t, "next", string(g.loadNext()), `{"done":true}`)
	wantPrefix(t, "commit", string(g.loadCommit()), `{"loaded":`)
	wantPrefix(t, "a call", decide(g), `{"decision":"permit"`)
}

func TestGuest_hostBlock(t *testing.T) {
	g := &guest{}
	load(g, good)
	p, n := put(g, `{"principal":"a","action":"b","resource":"c"}`)
	authorize := func(host uintptr) string { return string(g.call((*engine.Engine).Authorize, p, n, host)) }
	for name, c := range map[string]struct {
		block func(b []byte) []byte
		want  string
	}{
		"zeros":           {func(b []byte) []byte { return b }, `{"decision"`},
		"unknown flag":    {func(b []byte) []byte { b[4] = 0x80; return b }, `{"error":{"code":"abi.unsupported"`},
		"explain":         {func(b []byte) []byte { b[4] = flagExplain; return b }, `{"error":{"code":"abi.unsupported"`},
		"overlay":         {func(b []byte) []byte { b[24] = 1; return b }, `{"error":{"code":"overlay.unknown"`},
		"says it's more":  {func(b []byte) []byte { b[0] = hostSize + 1; return b }, replyPointer},
		"context nowhere": {func(b []byte) []byte { b[16], b[20] = 4, 4; return b }, replyPointer},
	} {
		block := make([]byte, hostSize)
		block[0] = hostSize
		host, _ := put(g, string(c.block(block)))
		wantPrefix(t, name, authorize(host), c.want)
		g.buffers.free(host)
	}
	wantPrefix(t, "a block nowhere", authorize(4), replyPointer)
	wantPrefix(t, "a request nowhere", string(g.call((*engine.Engine).Authorize, 4, 4, 0)), replyPointer)
}

func TestGuest_stats(t *testing.T) {
	g := &guest{}
	g.writeStats()
	if g.stats[0] != statsSize || !zero(g.stats[4:]) {
		t.Errorf("before a load: %v", g.stats)
	}
	load(g, good)
	decide(g)
	g.writeStats()
	if g.stats[8] != 2 || g.stats[40] != 1 || g.stats[4]&1 == 0 || !zero(g.stats[56:104]) || g.stats[104] != 1 || !zero(g.stats[108:]) {
		t.Errorf("after a permit: %v", g.stats)
	}
}

func TestGuest_phases(t *testing.T) {
	now := int64(0)
	g := &guest{clock: func() int64 { now += 1000; return now }}
	load(g, good)
	plain := decide(g)
	if now != 0 {
		t.Error("the clock was read without being asked for")
	}
	block := make([]byte, hostSize)
	block[0], block[4] = hostSize, flagTimePhases
	host, _ := put(g, string(block))
	p, n := put(g, `{"principal":"a","action":"b","resource":"c"}`)
	timed := string(g.call((*engine.Engine).Authorize, p, n, host))
	g.writeStats()
	if now == 0 || zero(g.stats[56:104]) || timed != plain {
		t.Errorf("clock at %d, phases %v, replies %s and %s", now, g.stats[56:104], timed, plain)
	}
	if g.stats[116] != 1 || len(g.timings) != timingSize || !bytes.Equal(g.timings[8:56], g.stats[56:104]) || g.timings[56] != 2 || !zero(g.timings[57:]) {
		t.Errorf("%d requests, timings %v", g.stats[116], g.timings)
	}
	decide(g)
	if g.writeStats(); !zero(g.stats[56:104]) || !zero(g.stats[112:]) {
		t.Errorf("the next call has the timings of the last: %v", g.stats)
	}
}

func TestGuest_facts(t *testing.T) {
	g := &guest{}
	wantPrefix(t, "a load", load(g, "version = \"rune/1.0\"\n[rules]\ndecl seen(User).\npermit(P, _, _) :- seen(P).\n"), `{"loaded":`)
	wantPrefix(t, "before", decide(g), `{"decision":"deny"`)
	for _, rows := range []string{"a\n", strings.Repeat("a\n", collectAt/2)} { // of the larger, what is left is collected
		p, n := put(g, "{\"predicate\":\"seen\"}\n"+rows)
		wantPrefix(t, "facts", string(g.facts(p, n, 0)), `{"revision":`)
		g.buffers.free(p)
	}
	wantPrefix(t, "after", decide(g), `{"decision":"permit"`)
}
