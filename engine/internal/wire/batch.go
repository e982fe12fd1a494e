package wire

import "math"

// Item is the place of one request in the text of a batch.
type Item struct{ Start, End int }

// Batch reads {"requests":[…]} and returns where the requests stand, each to be read alone. It goes by brackets and strings: what else may
// be wrong with an item shows when that is read, and leaves the others alone. The slice belongs to the reader until its next use.
func (r *Reader) Batch(text []byte) ([]Item, *Error) {
	r.items = r.items[:0]
	if err := r.finish(r.begin(text, math.MaxInt) && r.batch() && r.end()); err != nil {
		return nil, err
	}
	return r.items, nil
}

func (r *Reader) batch() bool {
	r.space()
	start := r.pos
	if r.peek() != '{' {
		return r.wrongType("an object")
	}
	r.pos++
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		switch {
		case !ok:
			return false
		case !more && n == 0:
			return r.fail(start, CodeMissingField, `"requests" is missing`)
		case !more:
			return true
		case string(key) != "requests":
			return r.unknown(at, key, "requests")
		case n > 0:
			return r.twice(at, key)
		case !r.requests():
			return r.inKey("requests")
		}
	}
}

func (r *Reader) requests() bool {
	if r.peek() != '[' {
		return r.wrongType("an array of requests")
	}
	r.pos++
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return ok
		}
		start := r.pos
		if !r.skip() {
			return false
		}
		r.items = append(r.items, Item{Start: start, End: r.pos})
	}
}
