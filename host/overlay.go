package host

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Overlay takes in scoped rules: a document of [data], [rules] and [policies] alone, or, without a version line, the text of [rules]. They are
// united with the configuration for the calls whose [Call.Overlay] is the handle. A restricted overlay can only take away, never grant.
//
// The handle is the content's: of equal text it is equal, in every engine, and to register it again costs little. An engine remembers the
// overlays that were used last, some thousands; a call that names another one fails with [CodeOverlayUnknown], and it may be registered
// again. Where the text is wrong, by itself or together with the configuration, the error is an [*Error] with diagnostics, and nothing
// has changed.
func (e *Engine) Overlay(ctx context.Context, text string, restrict bool) (handle uint64, err error) {
	if !utf8.ValidString(text) {
		return 0, &Error{Code: "document.utf8", Message: "the overlay's text is not UTF-8"}
	}
	request, err := json.Marshal(struct {
		Text     string `json:"text"`
		Restrict bool   `json:"restrict"`
	}{text, restrict})
	if err != nil {
		return 0, err
	}
	i, err := e.pool.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer e.pool.release(i)
	o, err := i.learn(request)
	if err != nil {
		return 0, err
	}
	if !e.overlays.add(o) {
		i.unusable = true // it has this text under the handle, where others have that one
		return 0, &Error{Code: "overlay.handle", Message: "another overlay has the same handle"}
	}
	return o.handle, nil
}

// registered is an overlay that instances can be told of.
type registered struct {
	handle   uint64
	request  []byte // which names text and restriction in full
	needsNow bool
}

// learn gives an overlay to an instance.
func (i *instance) learn(request []byte) (*registered, error) {
	reply, err := i.do(overlay, nil, request, nil, noTime)
	if err != nil {
		return nil, err
	}
	if isError(reply) {
		return nil, decodeError(reply)
	}
	var r struct {
		Overlay struct {
			Handle string
			Needs  []string
		}
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		return nil, &Error{Code: CodeTrap, Message: "the module gave a reply that can't be read"}
	}
	handle, err := strconv.ParseUint(r.Overlay.Handle, 16, 64)
	if err != nil {
		return nil, &Error{Code: CodeTrap, Message: "the module gave a handle that can't be read"}
	}
	return &registered{handle, request, slices.Contains(r.Overlay.Needs, needNow)}, nil
}

// The overlays that an engine remembers at most, and the handles that it has given.
const (
	maxHandles      = 1 << 18
	maxOverlays     = 4096
	maxOverlayBytes = 64 << 20
)

// registry is the overlays of an engine, which its instances learn when a call asks for one that they don't know.
type registry struct {
	mu    sync.Mutex
	given map[uint64][sha256.Size]byte // SHA-256 of the requests, of overlays that are forgotten as well
	order []uint64                     // of given
	next  int                          // the oldest in order, once there are maxHandles
	at    map[uint64]*list.Element     // of *registered
	used  list.List                    // the one used last first
	bytes int
}

// add remembers an overlay, and reports false where another one has its handle.
func (r *registry) add(o *registered) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.give(o) {
		return false
	}
	if at := r.at[o.handle]; at != nil {
		r.used.MoveToFront(at)
		return true
	}
	if r.at == nil {
		r.at = map[uint64]*list.Element{}
	}
	r.at[o.handle] = r.used.PushFront(o)
	r.bytes += len(o.request)
	for r.used.Len() > maxOverlays || r.bytes > maxOverlayBytes && r.used.Len() > 1 {
		last := r.used.Remove(r.used.Back()).(*registered)
		delete(r.at, last.handle)
		r.bytes -= len(last.request)
	}
	return true
}

// give notes that an overlay has its handle, and reports false where another one has been given it, be that forgotten or not: who chooses two
// texts can make their handles equal, and whoever holds a handle means one of them.
func (r *registry) give(o *registered) bool {
	sum := sha256.Sum256(o.request)
	if earlier, ok := r.given[o.handle]; ok {
		return earlier == sum
	}
	if r.given == nil {
		r.given = map[uint64][sha256.Size]byte{}
	}
	r.given[o.handle] = sum
	if len(r.order) < maxHandles {
		r.order = append(r.order, o.handle)
		return true
	}
	delete(r.given, r.order[r.next])
	r.order[r.next] = o.handle
	r.next = (r.next + 1) % maxHandles
	return true
}

// find returns the overlay of a handle, or nil.
func (r *registry) find(handle uint64) *registered {
	if handle == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.at[handle]
	if at == nil {
		return nil
	}
	r.used.MoveToFront(at)
	return at.Value.(*registered)
}

// appendUnknownOverlay appends what an instance says of a handle that it doesn't know.
func appendUnknownOverlay(dst []byte, handle uint64) []byte {
	return fmt.Appendf(dst, `{"error":{"code":%q,"message":"there is no overlay %016x","help":"register it first, or again"}}`, string(CodeOverlayUnknown), handle)
}

// isUnknownOverlay reports whether a reply says that the instance doesn't know the call's overlay.
func isUnknownOverlay(reply []byte) bool {
	return bytes.HasPrefix(reply, []byte(`{"error":{"code":"`+CodeOverlayUnknown+`"`))
}
