package cache

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/rune-authz/rune/host"
)

func newCache(t *testing.T, size int) *Cache {
	t.Helper()
	c, err := New(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestCache(t *testing.T) {
	c := newCache(t, 1<<20)
	k := Key{Verb: "authorize", Revision: "abc", Request: []byte("request")}
	key := k.Append(nil)
	if c.Get(key) != nil {
		t.Error("an empty cache has an entry")
	}
	reply := []byte("reply")
	c.Put(key, reply, &host.Stats{Steps: 7})
	reply[0] = 'X'
	c.entries.CleanUp()
	if e := c.Get(key); e == nil || string(e.Reply) != "reply" || e.Stats.Steps != 7 || c.Size() == 0 {
		t.Errorf("entry %+v", e)
	}
	c.Clear()
	if c.Get(key) != nil {
		t.Error("a cleared cache has an entry")
	}
}

// TestCache_hash: an entry is of its whole key, not of the key's hash.
func TestCache_hash(t *testing.T) {
	c := newCache(t, 1<<20)
	c.Put([]byte("key"), []byte("reply"), &host.Stats{})
	for e := range c.entries.Values() {
		e.key[0] = 'X'
	}
	if c.Get([]byte("key")) != nil {
		t.Error("another key's entry")
	}
}

// TestCache_bounded: the bytes count, and what is large isn't kept at all.
func TestCache_bounded(t *testing.T) {
	c := newCache(t, 64<<10)
	for n := range 1000 {
		c.Put(fmt.Appendf(nil, "key %d", n), make([]byte, 1000), &host.Stats{})
	}
	c.entries.CleanUp()
	if size := c.Size(); size == 0 || size > 64<<10 {
		t.Errorf("%d bytes", size)
	}
	large := []byte("large")
	c.Put(large, make([]byte, 9<<10), &host.Stats{})
	if c.Get(large) != nil {
		t.Error("an eighth of the cache is one entry")
	}
}

func TestCache_none(t *testing.T) {
	var c *Cache
	c.Put(nil, nil, &host.Stats{})
	c.Clear()
	c.Close()
	if c.Get(nil) != nil || c.Size() != 0 {
		t.Error("no cache holds something")
	}
}

// TestKey: keys that differ in any part have different texts.
func TestKey(t *testing.T) {
	var texts [][]byte
	for _, verb := range []string{"a", "ab"} {
		for _, revision := range []string{"", "b", "c"} {
			for _, mode := range []host.EntitiesMode{0, 1, 2} {
				for _, context := range []string{"", "x", "xy"} {
					for _, request := range []string{"", "y", "z"} {
						k := Key{verb, revision, mode, []byte(context), []byte(request)}
						texts = append(texts, k.Append([]byte("before"))[len("before"):])
					}
				}
			}
		}
	}
	for i := range texts {
		for j := range i {
			if bytes.Equal(texts[i], texts[j]) {
				t.Errorf("%q twice", texts[i])
			}
		}
	}
}
