package schema

import (
	"testing"

	cedarschema "github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/value"
)

// FuzzSchema holds our reading against cedar-go's: we never panic, accept nothing that it refuses, say where what is wrong stands, and
// say the same twice. What cedar-go writes of a schema, in either form, reads back as the same one.
func FuzzSchema(f *testing.F) {
	f.Add(sample)
	f.Add(`{"":{"entityTypes":{"E":{"memberOfTypes":["E"],"shape":{"type":"Record","attributes":{"a":{"type":"Set","element":{"type":"Long"},"required":false}}},"tags":{"type":"String"}}},"actions":{"x":{"appliesTo":{"principalTypes":["E"],"resourceTypes":["E"],"context":{"type":"Record","attributes":{}}}}}}}`)
	f.Add("entity A; entity A;")
	f.Add("type A = B; type B = A;")
	f.Add("{\"\":{}}")
	f.Fuzz(func(t *testing.T, text string) {
		s, got := parseAll(text)
		if _, again := parseAll(text); !cmp.Equal(got, again) {
			t.Fatalf("once %v, once %v", got, again)
		}
		if (s == nil) != (len(got) > 0) {
			t.Fatalf("%v", got)
		}
		if s == nil {
			return
		}
		var cedar cedarschema.Schema
		if err := cedar.UnmarshalCedar([]byte(text)); err != nil {
			if err := cedar.UnmarshalJSON([]byte(text)); err != nil {
				t.Fatalf("cedar-go says %v", err)
			}
		}
		if _, err := cedar.Resolve(); err != nil {
			t.Fatalf("cedar-go says %v", err)
		}
		json, err := cedar.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		written, err := cedar.MarshalCedar()
		if err != nil {
			t.Fatal(err)
		}
		table := value.NewTable(value.Key{})
		a, _, _ := parseOne(table, []byte(text))
		for _, form := range [][]byte{json, written} {
			b, diags, files := parseOne(table, form)
			if b == nil {
				t.Fatalf("%s\nof\n%s", files.Render(diags[0]), form)
			}
			if d := cmp.Diff(a.types, b.types) + cmp.Diff(a.actions, b.actions, cmp.AllowUnexported(Action{})); d != "" {
				t.Fatalf("%s\n%s", form, d)
			}
		}
	})
}
