package main

import "unsafe"

// buffers is the memory that a host may write to. A buffer stays where it is, and is looked up before it is read, so a
// wrong address from a host is an error and not a crash. There are a handful at a time: a slice beats a map.
type buffers struct{ list [][]byte }

// address is where b starts in memory. b isn't empty.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// alloc makes a buffer of n zeros, which lives until it is freed or taken.
func (s *buffers) alloc(n uint32) uintptr {
	b := make([]byte, max(int(n), 1))
	s.list = append(s.list, b)
	return address(b)
}

// free forgets the buffer that starts at p. Freeing what isn't there does nothing.
func (s *buffers) free(p uintptr) {
	for i, b := range s.list {
		if address(b) == p {
			last := len(s.list) - 1
			s.list[i], s.list[last] = s.list[last], nil
			s.list = s.list[:last]
			return
		}
	}
}

// at returns the n bytes at p, if they lie in one buffer. No bytes lie anywhere.
func (s *buffers) at(p uintptr, n uint32) ([]byte, bool) {
	if n == 0 {
		return nil, true
	}
	for _, b := range s.list {
		if off := p - address(b); p >= address(b) && off < uintptr(len(b)) && uintptr(n) <= uintptr(len(b))-off {
			return b[off : off+uintptr(n) : off+uintptr(n)], true
		}
	}
	return nil, false
}

// take returns the n bytes at p like at, and forgets the buffer: its bytes belong to the engine from now on.
func (s *buffers) take(p uintptr, n uint32) ([]byte, bool) {
	b, ok := s.at(p, n)
	s.free(p)
	return b, ok
}
