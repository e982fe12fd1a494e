package server

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"sync/atomic"
)

// identifier makes ids for requests that bring none: what is random is the process's, the rest is counted.
type identifier struct {
	prefix string
	next   atomic.Uint64
}

func newIdentifier() *identifier {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return &identifier{prefix: hex.EncodeToString(b[:]) + "-"}
}

func (i *identifier) append(dst []byte) []byte {
	return strconv.AppendUint(append(dst, i.prefix...), i.next.Add(1), 16)
}

// maxID bounds the length of an id that a request brings.
const maxID = 128

// printable reports whether a request's id may be sent back: some printable characters of ASCII.
func printable(id []byte) bool {
	for _, c := range id {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return 0 < len(id) && len(id) <= maxID
}
