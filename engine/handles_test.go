package engine

import (
	"encoding/binary"
	"testing"
)

func digestAt(handle, rest uint64) (d digest) {
	binary.BigEndian.PutUint64(d[:], handle)
	binary.BigEndian.PutUint64(d[24:], rest)
	return d
}

func TestHandles(t *testing.T) {
	var h handles
	a, b := digestAt(7, 1), digestAt(7, 2)
	if !h.free(a) || !h.free(b) {
		t.Error("a handle is taken before it is given")
	}
	h.give(a)
	h.give(a)
	if !h.free(a) || h.free(b) || len(h.list) != 1 {
		t.Error("another overlay may have a handle that is given")
	}
	for n := range uint64(mostHandles - 1) {
		h.give(digestAt(100+n, 0))
	}
	if h.free(b) || len(h.list) != mostHandles {
		t.Errorf("the handle is forgotten among %d", len(h.list))
	}
	h.give(digestAt(99, 0))
	if !h.free(b) || h.free(digestAt(99, 1)) || h.free(digestAt(100, 1)) || len(h.list) != mostHandles {
		t.Error("not the oldest handle is forgotten")
	}
}

// TestOverlay_handleStaysTaken: another overlay doesn't get the handle of one that the engine doesn't keep any more.
func TestOverlay_handleStaysTaken(t *testing.T) {
	e := mustLoad(t, overlayBase)
	first := mustRegister(t, e, memberText(0))
	for n := range mostOverlays {
		mustRegister(t, e, memberText(1+n))
	}
	if got := asks(e, 0, first); got != "overlay.unknown" {
		t.Fatalf("the first overlay answers %s", got)
	}
	e.overlays.given.digests[0][31] ^= 1 // as if another text with this handle had been there
	if handle, reply := register(e, memberText(0), false); handle != 0 || errorCode(reply) != "overlay.handle" {
		t.Errorf("%s", reply)
	}
	if got := asks(e, 0, first); got != "overlay.unknown" {
		t.Errorf("then the handle answers %s", got)
	}
}
