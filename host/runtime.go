// Package host runs RUNE engines: the committed WebAssembly module, compiled by wazero, behind a pool of instances.
package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/rune-authz/rune/wasm/module"
)

// ABIVersion is the version of the module's interface that this package speaks.
const ABIVersion = 1

// ModuleSHA256 returns the hexadecimal SHA-256 of the module.
func ModuleSHA256() string { return module.SHA256() }

// Options are a runtime's settings. The zero value is a good one.
type Options struct {
	// CacheDir is where machine code is kept between processes; "" is "rune" in the user's cache folder, or nowhere if there is none.
	// It is code that will run: nobody else may be able to write there.
	CacheDir string
	// NoCache keeps no machine code on disk.
	NoCache bool
	// MemoryLimit bounds the memory of one instance in bytes; 0 is 4 GiB, what 32 bits address.
	MemoryLimit uint64

	newMemory func(max uint64, loading bool) linearMemory // newMemory but in tests
}

// Runtime is the compiled module, from which engines are loaded. It is safe for concurrent use.
type Runtime struct {
	runtime   wazero.Runtime
	cache     wazero.CompilationCache
	module    wazero.CompiledModule
	newMemory func(max uint64, loading bool) linearMemory
}

// New compiles the module, or takes its machine code from the cache.
func New(ctx context.Context, o Options) (*Runtime, error) {
	return newRuntime(ctx, module.Bytes(), o)
}

func newRuntime(ctx context.Context, wasm []byte, o Options) (*Runtime, error) {
	cache, done, err := openCache(o)
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := makeRuntime(ctx, wasm, o, cache)
	if cache != nil && isFileError(err) {
		r, err = makeRuntime(ctx, wasm, o, nil) // a cache that can't be read is no reason to fail
	}
	return r, err
}

// makeRuntime makes the runtime, which has that cache or, if it is nil, none.
func makeRuntime(ctx context.Context, wasm []byte, o Options, cache wazero.CompilationCache) (r *Runtime, err error) {
	const page = 1 << 16
	config := wazero.NewRuntimeConfig()
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	if o.MemoryLimit > 0 {
		config = config.WithMemoryLimitPages(uint32(min(o.MemoryLimit/page, 1<<16)))
	}
	r = &Runtime{runtime: wazero.NewRuntimeWithConfig(ctx, config), cache: cache, newMemory: newMemory}
	if o.newMemory != nil {
		r.newMemory = o.newMemory
	}
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, r.runtime); err == nil {
		r.module, err = r.compile(ctx, wasm)
	}
	if err != nil {
		_ = r.Close(ctx)
		return nil, fmt.Errorf("compile the module: %w", err)
	}
	return r, nil
}

// compile compiles the module. A cache that can't be written to is no reason to fail, such as a read-only image's on another processor than
// the one that it was made for: wazero keeps in memory what it compiled before it writes, and the second call finds it there.
func (r *Runtime) compile(ctx context.Context, wasm []byte) (wazero.CompiledModule, error) {
	m, err := r.runtime.CompileModule(ctx, wasm)
	if isFileError(err) {
		return r.runtime.CompileModule(ctx, wasm)
	}
	return m, err
}

// isFileError reports whether a file couldn't be opened, made or written.
func isFileError(err error) bool {
	path := (*fs.PathError)(nil)
	return errors.As(err, &path)
}

// openCache opens the cache on disk; nil where there is to be none. When the module is compiled, it is done.
func openCache(o Options) (c wazero.CompilationCache, done func(), err error) {
	c, dir, err := openFolder(o)
	if c == nil || packed(dir) == "" {
		return c, func() {}, err
	}
	u, err := startUnpacking(packed(dir))
	if err != nil {
		return nil, func() {}, nil
	}
	return c, u.stop, nil
}

// openFolder opens the folder of the cache; nil where there is to be none.
func openFolder(o Options) (cache wazero.CompilationCache, dir string, err error) {
	if o.NoCache {
		return nil, "", nil
	}
	if dir = o.CacheDir; dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, "", nil
		}
		dir = filepath.Join(user, "rune")
	}
	if err = os.MkdirAll(dir, 0o700); err == nil {
		if cache, err = wazero.NewCompilationCacheWithDir(dir); err == nil {
			return cache, dir, nil
		}
	}
	if o.CacheDir == "" {
		return nil, "", nil // such as a home that can't be written to
	}
	return nil, "", fmt.Errorf("open the cache: %w", err)
}

// Close frees the machine code. Engines must be closed first.
func (r *Runtime) Close(ctx context.Context) error {
	err := r.runtime.Close(ctx)
	if r.cache != nil {
		if e := r.cache.Close(ctx); err == nil {
			err = e
		}
	}
	return err
}

// instantiate makes an instance as the module was built: nothing is loaded, nothing needs to run first. It has no files,
// no arguments, no environment and no randomness; its clock serves the phases of [Stats].
func (r *Runtime) instantiate(ctx context.Context, loading bool) (*instance, error) {
	i := &instance{}
	allocate := func(_, max uint64) experimental.LinearMemory {
		i.linear = r.newMemory(max, loading)
		return i.linear
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStderr(&i.stderr).
		WithSysNanotime().WithOsyield(i.giveWay)
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(allocate))
	m, err := r.runtime.InstantiateModule(ctx, r.module, config)
	if err != nil {
		return nil, fmt.Errorf("instantiate the module: %w", err)
	}
	if err := i.bind(m); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}
