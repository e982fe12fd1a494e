package main

import "context"

// clone times a clone of an engine with a million facts, and its load, by the Go benchmark beside the host, as callers of package
// host can't ask for clones.
func (b *bench) clone(ctx context.Context) error {
	return b.goBenchmarks(ctx, b.root, "./host", "^BenchmarkClone_million$")
}
