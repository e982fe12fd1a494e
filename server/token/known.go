package token

import (
	"sync"
	"time"
)

// known are tokens whose signature was right. It holds at most twice maxKnown: when the young are so many, they are the old, and the old
// are forgotten.
type known[T any] struct {
	mu         sync.RWMutex
	set        *Set // that the signatures were checked with
	young, old map[string]*entry[T]
}

type entry[T any] struct {
	expires time.Time
	result  T
}

const maxKnown = 2048

func newKnown[T any]() *known[T] { return &known[T]{young: map[string]*entry[T]{}} }

// get gives the entry of a token, or nil where it isn't known, or was known by other keys.
func (k *known[T]) get(text []byte, set *Set) *entry[T] {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if set == nil || k.set != set {
		return nil
	}
	if e := k.young[string(text)]; e != nil {
		return e
	}
	return k.old[string(text)]
}

// put keeps the entry of a token.
func (k *known[T]) put(text string, set *Set, e *entry[T]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set != set {
		k.set, k.young, k.old = set, map[string]*entry[T]{}, nil
	}
	if len(k.young) >= maxKnown {
		k.young, k.old = map[string]*entry[T]{}, k.young
	}
	k.young[text] = e
}
