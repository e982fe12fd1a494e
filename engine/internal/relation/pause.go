package relation

// Pauses interrupts what takes long inside relations: building and sorting indexes, moving to larger tables. A nil Pauses never does.
type Pauses struct {
	yield func()
	left  int
}

const pauseRows = 1 << 14 // that are gone through between two pauses

// Call makes yield be called in pauses from now on; nil ends that.
func (p *Pauses) Call(yield func()) { p.yield, p.left = yield, pauseRows }

// Spend counts n rows that were gone through.
func (p *Pauses) Spend(n int) {
	if p == nil || p.yield == nil {
		return
	}
	if p.left -= n; p.left <= 0 {
		p.left = pauseRows
		p.yield()
	}
}
