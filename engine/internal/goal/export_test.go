package goal

// JoinFrom sets the number of rows from which on joins answer goals.
func (e *Evaluator) JoinFrom(n int) { e.joinFrom = n }
