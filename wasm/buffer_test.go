package main

import "testing"

func TestBuffers_at(t *testing.T) {
	var s buffers
	a, b := s.alloc(64), s.alloc(0)
	for _, c := range []struct {
		name string
		p    uintptr
		n    uint32
		ok   bool
	}{
		{"the whole", a, 64, true},
		{"the middle", a + 3, 4, true},
		{"the last byte", a + 63, 1, true},
		{"nothing, anywhere", 12345, 0, true},
		{"over the end", a + 3, 62, false},
		{"past the end", a + 64, 1, false},
		{"before the start", a - 1, 2, false},
		{"a huge length", a, 0xffffffff, false},
		{"address 0", 0, 1, false},
		{"an empty buffer's spare byte", b, 1, true},
	} {
		got, ok := s.at(c.p, c.n)
		if ok != c.ok || ok && len(got) != int(c.n) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), ok)
		}
	}
}

func TestBuffers_areApart(t *testing.T) {
	var s buffers
	a, b := s.alloc(4), s.alloc(4)
	x, _ := s.at(a, 4)
	copy(x, "aaaa")
	y, _ := s.at(b, 4)
	copy(y, "bbbb")
	if x, _ = s.at(a, 4); string(x) != "aaaa" {
		t.Errorf("the first buffer holds %q", x)
	}
	if x = append(x[:2], 'c'); string(x) != "aac" || string(y) != "bbbb" {
		t.Errorf("the second buffer holds %q", y)
	}
}

func TestBuffers_free(t *testing.T) {
	var s buffers
	a, b := s.alloc(4), s.alloc(4)
	s.free(a + 1) // no buffer starts there
	s.free(0)
	if _, ok := s.at(a, 4); !ok {
		t.Error("a buffer is gone that nobody freed")
	}
	s.free(a)
	if _, ok := s.at(a, 4); ok {
		t.Error("a freed buffer is there")
	}
	kept, ok := s.take(b, 4)
	if !ok || len(kept) != 4 {
		t.Errorf("taken: %d bytes, %v", len(kept), ok)
	}
	if len(s.list) != 0 {
		t.Errorf("%d buffers are left", len(s.list))
	}
}
