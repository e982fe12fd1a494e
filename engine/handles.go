package engine

import (
	"encoding/binary"
	"slices"

	"github.com/rune-authz/rune/engine/internal/blake2b"
)

// digest tells overlays apart: BLAKE2b-256 over a byte that tells whether the overlay is restricted, and the text.
type digest [blake2b.Size]byte

func digestOf(text []byte, restrict bool) digest {
	head := []byte{0}
	if restrict {
		head[0] = 1
	}
	return blake2b.Sum(append(head, text...))
}

// handle is the overlay's handle: the first 8 bytes. Who chooses two texts can make their handles equal, so equal handles prove nothing.
func (d *digest) handle() uint64 { return binary.BigEndian.Uint64(d[:]) }

// mostHandles is how many handles an engine remembers. The oldest go first.
const mostHandles = 1 << 16

// handles are those that an engine has given, also of overlays that it doesn't keep any more: whoever holds one means the text that it was given
// for. They aren't a map, as its keys would be what clients choose.
type handles struct {
	list    []uint64
	digests []digest
	next    int // the oldest, once there are mostHandles
}

// free reports whether no other overlay has been given the handle.
func (h *handles) free(d digest) bool {
	i := slices.Index(h.list, d.handle())
	return i < 0 || h.digests[i] == d
}

// give notes that an overlay has its handle.
func (h *handles) give(d digest) {
	switch {
	case slices.Contains(h.list, d.handle()):
	case len(h.list) < mostHandles:
		h.list, h.digests = append(h.list, d.handle()), append(h.digests, d)
	default:
		h.list[h.next], h.digests[h.next] = d.handle(), d
		h.next = (h.next + 1) % mostHandles
	}
}
