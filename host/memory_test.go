package host

import (
	"bytes"
	"testing"
)

const testPage = 1 << 16

// TestLinearMemory_freezeAndAdopt: an image holds what memory held when it was frozen, and writing to a memory changes no other.
func TestLinearMemory_freezeAndAdopt(t *testing.T) {
	for name, make := range memories {
		for _, loading := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				m := make(1<<30, loading)
				defer m.Free()
				b := m.Reallocate(2 * testPage)
				b[0], b[testPage] = 1, 2
				b = m.Reallocate(5 * testPage)
				b[4*testPage] = 3
				frozen := bytes.Clone(b)
				img, err := m.freeze()
				if err != nil {
					t.Fatal(err)
				}
				defer img.close()
				b = m.Reallocate(5 * testPage)
				if !bytes.Equal(b, frozen) {
					t.Error("freezing changed the memory")
				}
				b[0] = 99
				b = m.Reallocate(7 * testPage)
				b[6*testPage] = 4

				n := make(1<<30, false)
				defer n.Free()
				c := n.Reallocate(5 * testPage)
				c[1] = 77 // what was there is replaced
				if err := n.adopt(img); err != nil {
					t.Fatal(err)
				}
				c = n.Reallocate(5 * testPage)
				if !bytes.Equal(c, frozen) {
					t.Error("the image isn't what was frozen")
				}
				c[2] = 55
				if b[0] != 99 || b[2] != 0 || b[6*testPage] != 4 {
					t.Error("one memory sees what another writes")
				}
				second, err := n.freeze()
				if err != nil {
					t.Fatal(err)
				}
				defer second.close()
				held := bytes.Repeat([]byte{1}, 5*testPage)
				if err := second.copyTo(held); err != nil || held[2] != 55 || held[4*testPage] != 3 || held[1] != 0 {
					t.Errorf("a second image holds something else: %v", err)
				}
			})
		}
	}
}

func TestLinearMemory_limits(t *testing.T) {
	m := newMemory(4*testPage, false)
	defer m.Free()
	m.Reallocate(testPage)
	if _, plain := m.(*plainMemory); !plain && m.Reallocate(5*testPage) != nil {
		t.Error("memory grows past its limit")
	}
	img, err := m.freeze()
	if err != nil {
		t.Fatal(err)
	}
	defer img.close()
	n := newMemory(4*testPage, false)
	defer n.Free()
	n.Reallocate(2 * testPage)
	if n.adopt(img) == nil {
		t.Error("memory adopts an image of another size")
	}
}
