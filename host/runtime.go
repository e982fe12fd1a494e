// Package host runs RUNE engines: the committed WebAssembly module, compiled by wazero, behind a pool of instances.
package host

import "context"

// Options are a runtime's settings. The zero value is a good one.
type Options struct {
	// CacheDir is where machine code is kept between processes; "" is "rune" in the user's cache folder.
	CacheDir string
	// NoCache keeps no machine code on disk.
	NoCache bool
	// MemoryLimit bounds the memory of one instance in bytes; 0 is 4 GiB, what 32 bits address.
	MemoryLimit uint64
}

// Runtime is the compiled module, from which engines are loaded. It is safe for concurrent use.
type Runtime struct{}

// New compiles the module, or takes its machine code from the cache.
func New(ctx context.Context, o Options) (*Runtime, error) { panic("host: to come") }

// Close frees the machine code. Engines must be closed first.
func (r *Runtime) Close(ctx context.Context) error { panic("host: to come") }

// ModuleSHA256 is the hexadecimal SHA-256 of the module.
func ModuleSHA256() string { panic("host: to come") }

// ABIVersion is the version of the module's interface that this package speaks.
const ABIVersion = 1
