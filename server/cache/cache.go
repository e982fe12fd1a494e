// Package cache keeps replies by the exact bytes that they depend on.
package cache

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/maypok86/otter/v2"

	"github.com/rune-authz/rune/host"
)

// Key is all that a reply depends on.
type Key struct {
	Verb     string
	Revision string // of configuration and facts
	Entities host.EntitiesMode
	Context  []byte // the host's
	Request  []byte
}

// Append appends the key as text, which is equal for equal keys alone.
func (k *Key) Append(dst []byte) []byte {
	dst = append(append(dst, k.Verb...), 0)
	dst = append(append(dst, k.Revision...), 0)
	n := len(k.Context)
	dst = append(dst, byte(k.Entities), byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	return append(append(dst, k.Context...), k.Request...)
}

// Entry is a reply that is kept. Nobody changes it.
type Entry struct {
	Reply []byte
	Stats host.Stats
	key   []byte
}

// Cache holds so many bytes of entries, those that were useful lately. A nil *Cache holds none. It is safe for concurrent use.
type Cache struct {
	entries *otter.Cache[uint64, *Entry]
	seed    maphash.Seed
	most    int // bytes that an entry may have
}

// overhead is about what an entry takes beside its bytes.
const overhead = 256

// New makes a cache of so many bytes.
func New(size int) (*Cache, error) {
	entries, err := otter.New(&otter.Options[uint64, *Entry]{
		MaximumWeight: uint64(size),
		Weigher:       func(_ uint64, e *Entry) uint32 { return uint32(e.size()) },
	})
	if err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	return &Cache{entries: entries, seed: maphash.MakeSeed(), most: min(size/8, math.MaxUint32)}, nil
}

func (e *Entry) size() int { return len(e.Reply) + len(e.key) + overhead }

// Get gives the entry of a key's text, or nil.
func (c *Cache) Get(key []byte) *Entry {
	if c == nil {
		return nil
	}
	e, ok := c.entries.GetIfPresent(maphash.Bytes(c.seed, key))
	if !ok || !bytes.Equal(e.key, key) { // two keys may have one hash
		return nil
	}
	return e
}

// Put keeps copies of a key's text and its reply, unless they are too large a part of the cache.
func (c *Cache) Put(key, reply []byte, stats *host.Stats) {
	if c == nil || len(key)+len(reply)+overhead > c.most {
		return
	}
	both := make([]byte, len(key)+len(reply))
	copy(both, key)
	copy(both[len(key):], reply)
	e := &Entry{key: both[:len(key):len(key)], Reply: both[len(key):], Stats: *stats}
	c.entries.Set(maphash.Bytes(c.seed, key), e)
}

// Clear forgets everything.
func (c *Cache) Clear() {
	if c != nil {
		c.entries.InvalidateAll()
	}
}

// Size is how many bytes the entries take.
func (c *Cache) Size() uint64 {
	if c == nil {
		return 0
	}
	return c.entries.WeightedSize()
}

// Close stops what the cache does beside.
func (c *Cache) Close() {
	if c != nil {
		c.entries.StopAllGoroutines()
	}
}
