package live

import "sync"

// traps counts the instances that died, of all generations. It never goes down.
type traps struct {
	mu      sync.Mutex
	done    uint64        // of generations that are closed
	closing []*Generation // that still answer calls
}

// replaced notes that g closes.
func (t *traps) replaced(g *Generation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closing = append(t.closing, g)
}

// closed notes that g has closed.
func (t *traps) closed(g *Generation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += g.Engine.Pool().Traps
	for i, c := range t.closing {
		if c == g {
			t.closing = append(t.closing[:i], t.closing[i+1:]...)
			return
		}
	}
}

// Traps counts the instances that died since the start, those of generations that were replaced included.
func (s *Store) Traps() uint64 {
	s.traps.mu.Lock()
	defer s.traps.mu.Unlock()
	n, current := s.traps.done, s.Current()
	for _, g := range s.traps.closing {
		if g != current {
			n += g.Engine.Pool().Traps
		}
	}
	return n + current.Engine.Pool().Traps
}
