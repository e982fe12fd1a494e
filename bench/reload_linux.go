package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rune-authz/rune/bench/openloop"
)

// reloadRate is how many requests a second come while the server reloads.
const reloadRate = 1000

const (
	reloadName = "HTTP/authorize-during-reloads"
	// leastCollections is how often the server's host has to collect garbage meanwhile.
	leastCollections = 10
)

// reload measures the latency of decisions while the configuration, of many facts and policies, is loaded again and again beside them, on
// the same processor, each time changed, so that it takes the place of the one before. It goes on for so many reloads and collections.
func (b *bench) reload(ctx context.Context) error {
	p, err := b.split()
	if err != nil {
		return err
	}
	scale := &b.scale.http
	document := roles + strings.TrimPrefix(sharingDocument(scale.policies), "version = \"rune/1.0\"\n")
	config, err := b.writeRoles("reloaded", document, scale.facts)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, p, reloadName, config, "--cache-bytes=0")
	if err != nil {
		return err
	}
	defer stopAll(s)
	until := make(chan struct{})
	reloads := make(chan error, 1)
	before, count := s.collections(), 0
	var took time.Duration
	go func() {
		defer close(until)
		var err error
		for count = 0; err == nil && (count < scale.reloads || s.collections()-before < leastCollections); count++ {
			begun := time.Now()
			err = reloadChanged(ctx, s, config, document, count)
			took += time.Since(begun)
		}
		reloads <- err
	}()
	e := &endpoint{reloadName, "POST", "/v1/authorize", manySharing()}
	r, err := openloop.Run(ctx, &openloop.Load{Address: s.address, Requests: e.requests(s.address), Rate: reloadRate,
		Duration: time.Hour, Connections: connections, Until: until})
	if err != nil {
		return err // the server ends, and the reloads with it
	}
	if err := <-reloads; err != nil {
		return err
	}
	b.addLatencies(reloadName, r, sample{float64(s.collections() - before), "collections"}, sample{float64(count), "reloads"},
		sample{float64(took) / float64(count), "reload-ns/op"})
	return nil
}

// reloadChanged changes the document and has it loaded.
func reloadChanged(ctx context.Context, s *served, config, document string, n int) error {
	text := fmt.Sprintf("# change %d\n%s", n, document)
	temporary := config + ".new"
	err := errors.Join(os.WriteFile(temporary, []byte(text), 0o666), os.Rename(temporary, config))
	if err == nil {
		_, err = s.ask(ctx, "POST", "/v1/config/reload", nil)
	}
	return err
}
