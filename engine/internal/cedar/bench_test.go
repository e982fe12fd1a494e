package cedar

import (
	"testing"

	cedar "github.com/cedar-policy/cedar-go"
)

// Ours beside cedar-go's, with 10 policies and with 10 000, of which three apply. cedar-go tries them all.
func BenchmarkEvaluate(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"10", 10}, {"10000", 10_000}} {
		b.Run(size.name+"/rune", func(b *testing.B) {
			set, env := environment(b, manyPolicies(size.n), manyEntities(), manyRequest())
			var out Outcome
			b.ReportAllocs()
			for b.Loop() {
				env.Steps = 0
				set.Evaluate(env, &out)
			}
		})
		b.Run(size.name+"/cedar-go", func(b *testing.B) {
			ps, err := cedar.NewPolicySetFromBytes("", []byte(manyPolicies(size.n)))
			if err != nil {
				b.Fatal(err)
			}
			entities, q := manyEntities(), manyRequest()
			b.ReportAllocs()
			for b.Loop() {
				cedar.Authorize(ps, entities, q)
			}
		})
	}
}

// Reading and compiling, beside cedar-go's.
func BenchmarkParse(b *testing.B) {
	text := manyPolicies(1000)
	b.Run("rune", func(b *testing.B) {
		for b.Loop() {
			_, env := environment(b, "", nil, cedar.Request{})
			Compile(env.Table, parseAll(b, text))
		}
	})
	b.Run("cedar-go", func(b *testing.B) {
		for b.Loop() {
			if _, err := cedar.NewPolicySetFromBytes("", []byte(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
