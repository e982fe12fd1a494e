//go:build wasip1

package main

import (
	"github.com/rune-authz/rune/engine"
)

// abiVersion is the major version of what README.md describes.
const abiVersion = 1

var g = guest{yield: yield, clock: clock}

//go:wasmimport wasi_snapshot_preview1 sched_yield
func schedYield() uint32

//go:wasmimport wasi_snapshot_preview1 clock_time_get
func clockTimeGet(id uint32, precision uint64, result *uint64) uint32

// yield is where a host written in Go can stop the world for a garbage collection, which a call under wazero else delays.
func yield() { schedYield() }

// clock is the host's monotonic clock in nanoseconds, or 0 where it gives none.
func clock() int64 {
	const monotonic = 1
	var now uint64
	if clockTimeGet(monotonic, 1, &now) != 0 {
		return 0
	}
	return int64(now)
}

// result is where b lies, as address << 32 | length.
func result(b []byte) uint64 { return uint64(address(b))<<32 | uint64(len(b)) }

//go:wasmexport rune_abi_version
func version() uint32 { return abiVersion }

//go:wasmexport rune_alloc
func alloc(n uint32) uint32 { return uint32(g.buffers.alloc(n)) }

//go:wasmexport rune_free
func free(ptr uint32) { g.buffers.free(uintptr(ptr)) }

//go:wasmexport rune_authorize
func authorize(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Authorize, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_batch
func batch(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Batch, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_evaluation
func evaluation(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Evaluation, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_evaluations
func evaluations(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Evaluations, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_query
func query(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Query, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_update
func update(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Update, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_facts
func facts(ptr, n, host uint32) uint64 {
	return result(g.facts(uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_describe
func describe(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Describe, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_test
func test(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Test, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_overlay
func overlay(ptr, n, host uint32) uint64 {
	return result(g.call((*engine.Engine).Overlay, uintptr(ptr), n, uintptr(host)))
}

//go:wasmexport rune_load_begin
func loadBegin(namePtr, nameLen, textPtr, textLen, host uint32) uint64 {
	return result(g.loadBegin(uintptr(namePtr), nameLen, uintptr(textPtr), textLen, uintptr(host)))
}

//go:wasmexport rune_load_next
func loadNext() uint64 { return result(g.loadNext()) }

//go:wasmexport rune_load_give
func loadGive(namePtr, nameLen, dataPtr, dataLen uint32) uint64 {
	return result(g.loadGive(uintptr(namePtr), nameLen, uintptr(dataPtr), dataLen))
}

//go:wasmexport rune_load_commit
func loadCommit() uint64 { return result(g.loadCommit()) }

//go:wasmexport rune_load_abort
func loadAbort() uint64 { return result(g.loadAbort()) }

//go:wasmexport rune_stats
func stats() uint32 {
	g.writeStats()
	return uint32(address(g.stats[:]))
}
