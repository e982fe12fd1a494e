package value

const (
	chunkBits = 18
	chunkSize = 1 << chunkBits
)

// arena is append-only storage for strings in chunks that never move. An offset is chunk number and place in the chunk;
// a string larger than a chunk takes a run of chunk numbers, of which the first holds it whole.
type arena struct {
	chunks [][]byte
	last   int // the chunk being filled
}

// arenaMark is a state to which reset returns.
type arenaMark struct{ last, n, used int }

func (a *arena) mark() arenaMark {
	if len(a.chunks) == 0 {
		return arenaMark{}
	}
	return arenaMark{last: a.last, n: len(a.chunks[a.last]), used: a.used()}
}

func (a *arena) used() int {
	if len(a.chunks) == 0 {
		return 0
	}
	return a.last<<chunkBits + len(a.chunks[a.last])
}

// put copies b into the arena and returns its offset.
func (a *arena) put(b []byte) uint32 {
	if len(b) > chunkSize {
		return a.putLarge(b)
	}
	if len(a.chunks) == 0 {
		a.chunks = append(a.chunks, make([]byte, 0, chunkSize))
	}
	if cur := a.chunks[a.last]; cap(cur)-len(cur) < len(b) {
		a.next()
	}
	c := a.chunks[a.last]
	at := a.last<<chunkBits + len(c)
	a.chunks[a.last] = append(c, b...)
	return uint32(at)
}

// next moves on to the following chunk, one left from before a reset if it is of the usual size.
func (a *arena) next() {
	a.last++
	if a.last < len(a.chunks) && cap(a.chunks[a.last]) == chunkSize {
		a.chunks[a.last] = a.chunks[a.last][:0]
		return
	}
	a.chunks = append(a.chunks[:a.last], make([]byte, 0, chunkSize))
	a.check()
}

func (a *arena) putLarge(b []byte) uint32 {
	if len(a.chunks) > 0 {
		a.last++
	}
	at := a.last << chunkBits
	a.chunks = append(a.chunks[:a.last], append([]byte(nil), b...))
	for n := chunkSize; n < len(b); n += chunkSize {
		a.chunks = append(a.chunks, nil)
	}
	a.last = len(a.chunks) - 1 // nil or full: the next put starts a new chunk
	a.check()
	return uint32(at)
}

func (a *arena) check() {
	if len(a.chunks) > 1<<(32-chunkBits) {
		panic(tableFull{})
	}
}

func (a *arena) get(at, n uint32) []byte {
	if n == 0 {
		return nil
	}
	off := at & (chunkSize - 1)
	return a.chunks[at>>chunkBits][off : off+n : off+n]
}

func (a *arena) reset(m arenaMark) {
	if len(a.chunks) == 0 {
		return
	}
	a.last = m.last
	if cap(a.chunks[a.last]) > chunkSize { // the mark is of the empty arena, whose first string was a large one
		a.chunks = a.chunks[:0]
		return
	}
	a.chunks[a.last] = a.chunks[a.last][:m.n]
}

func (a *arena) held() int {
	n := 0
	for _, c := range a.chunks {
		n += cap(c)
	}
	return n
}
