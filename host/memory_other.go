//go:build !linux || !(amd64 || arm64)

package host

// newMemory returns a memory on the heap.
func newMemory(uint64, bool) linearMemory { return &plainMemory{} }
