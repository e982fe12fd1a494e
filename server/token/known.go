package token

import "sync"

// known are tokens whose signature was right. It holds at most twice maxKnown: when the young are so many, they are the old, and the old
// are forgotten.
type known struct {
	mu         sync.RWMutex
	set        *Set // that the signatures were checked with
	young, old map[string]*Claims
}

const maxKnown = 2048

func newKnown() *known { return &known{young: map[string]*Claims{}} }

// get gives the claims of a token, or nil where it isn't known, or was known by other keys.
func (k *known) get(text []byte, set *Set) *Claims {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if set == nil || k.set != set {
		return nil
	}
	if c := k.young[string(text)]; c != nil {
		return c
	}
	return k.old[string(text)]
}

// put keeps the claims of a token.
func (k *known) put(text string, set *Set, c *Claims) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set != set {
		k.set, k.young, k.old = set, map[string]*Claims{}, nil
	}
	if len(k.young) >= maxKnown {
		k.young, k.old = map[string]*Claims{}, k.young
	}
	k.young[text] = c
}
