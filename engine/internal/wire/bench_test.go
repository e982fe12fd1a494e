package wire

import (
	"testing"

	"github.com/rune-authz/rune/engine/internal/value"
)

// newReader returns a reader without a schema, and with the usual default types.
func newReader() *Reader {
	t := value.NewTable(value.Key{})
	return &Reader{Table: t, Principal: t.String("User"), Action: t.String("Action"), Resource: t.String("Resource")}
}

// plain is a request of 150 bytes.
const plain = `{"principal":"user:alice","action":"read","resource":{"type":"Document","id":"plan-2026"},"context":{"mfa":true,"level":3,"from":"10.0.0.1 via proxy"}}`

func BenchmarkRequest(b *testing.B) {
	r := newReader()
	var q Request
	mark := r.Table.Mark()
	text := []byte(plain)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Request(text, &q); err != nil {
			b.Fatal(err)
		}
		r.Table.Reset(mark)
	}
}
