package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

var httpParts = []part{
	{"throughput", (*bench).throughput},
	{"latency", (*bench).latency},
	{"reload", (*bench).reload},
	{"start", (*bench).start},
}

// manySharing are 256 distinct requests to the configuration of [sharing], some permitted and some denied.
func manySharing() (list [][]byte) {
	for i := range 256 {
		list = append(list, fmt.Appendf(nil, `{"principal":{"type":"User","id":"u%d"},"action":{"type":"Action","id":"read"},"resource":{"type":"Doc","id":"d%d"},"context":{"level":%d,"mfa":%t}}`,
			i%4, i/4%4, i/16%8, i/128 == 1))
	}
	return list
}

func (b *bench) writeSharing(n int) (string, error) {
	path := filepath.Join(b.dir, fmt.Sprintf("sharing-%d.rune", n))
	return path, os.WriteFile(path, []byte(sharingDocument(n)), 0o666)
}

// stopAll ends servers.
func stopAll(list ...*served) {
	for _, s := range list {
		if s != nil {
			s.stop()
		}
	}
}

// ways are how /v1/authorize is asked, and the fixed reply beside, which is as long as a decision.
const (
	fixedName    = "HTTP/fixed"
	uncachedName = "HTTP/authorize"
	cachedName   = "HTTP/authorize-hit"
)

// throughput measures by wrk how many requests a second are answered on one processor: decisions with the cache off, decisions from the
// cache, and a fixed reply of the library that the server has. They take turns.
func (b *bench) throughput(ctx context.Context) error {
	p, err := b.split()
	if err != nil {
		return err
	}
	config, err := b.writeSharing(10)
	if err != nil {
		return err
	}
	uncached, err := b.serve(ctx, p, uncachedName, config, "--cache-bytes=0")
	if err != nil {
		return err
	}
	defer stopAll(uncached)
	cached, err := b.serve(ctx, p, cachedName, config)
	if err != nil {
		return err
	}
	defer stopAll(cached)
	fixed, err := b.serveFixed(ctx, p, uncached)
	if err != nil {
		return err
	}
	defer stopAll(fixed)
	for round := range b.scale.http.rounds {
		turns := []*served{fixed, uncached, cached}
		for i := range turns { // another goes first each time
			s := turns[(i+round)%len(turns)]
			if _, err := b.wrk(ctx, s, &endpoint{s.name, "POST", "/v1/authorize", manySharing()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// serveFixed starts a server that answers everything as the given server answers [sharing].
func (b *bench) serveFixed(ctx context.Context, p processors, like *served) (*served, error) {
	reply, err := like.ask(ctx, "POST", "/v1/authorize", []byte(sharing))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.dir, "reply.json")
	self, err := os.Executable()
	if err = errors.Join(err, os.WriteFile(path, reply, 0o666)); err != nil {
		return nil, err
	}
	return b.startServer(ctx, p, fixedName, exec.Command(self, "fixed-reply", path))
}
