package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/rune-authz/rune/host"
)

// others times other engines natively, on the question of [bench.facts] among a thousand facts, from JSON to JSON; ours is timed in
// the module, before and after. They live in a Go module of their own.
func (b *bench) others(ctx context.Context) error {
	e, err := b.rolesEngine(ctx, 1000)
	if err != nil {
		return err
	}
	defer e.Close(ctx)
	ours := &contender{name: factsName(1000), run: repeat(ctx, e, rolesRequest, new(host.Stats))}
	for range 2 {
		if err := b.interleave(ctx, b.scale.longRounds, b.scale.budget, ours); err != nil {
			return err
		}
		folder := filepath.Join(b.root, "bench", "others")
		if err := b.goBenchmarks(ctx, folder, ".", "."); err != nil {
			return err
		}
	}
	return nil
}

// otherEngines are the benchmarks in bench/others.
var otherEngines = []string{"cedar", "casbin", "opa"}

func otherName(engine string) string { return fmt.Sprint("Role_", engine) }
