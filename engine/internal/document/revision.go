package document

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/rune-authz/rune/engine/internal/blake2b"
)

// revision is BLAKE2b-256 over files: for each, by name, the name's length, the name, the text's length, the text; lengths in eight bytes, the lowest
// first. It calls spend with the bytes that it has gone through.
func revision(files []file, spend func(bytes int)) [blake2b.Size]byte {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
	h := blake2b.New()
	var length [8]byte
	for _, f := range files {
		for _, text := range [][]byte{[]byte(f.name), f.data} {
			binary.LittleEndian.PutUint64(length[:], uint64(len(text)))
			h.Write(length[:])
			for part := range slices.Chunk(text, 1<<16) {
				h.Write(part)
				spend(len(part))
			}
		}
	}
	return h.Sum()
}
