package value

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestNames holds Names to Go's map.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names, want := NewNames[int](NewTable(Key{3, 4})), map[string]int{}
		var order []string
		for i := range rapid.IntRange(0, 100).Draw(t, "texts") {
			text := fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "text"))
			if _, ok := want[text]; !ok {
				order = append(order, text)
			}
			if rapid.Bool().Draw(t, "add") {
				want[text] += i
				*names.At(text) += i
			} else {
				want[text] = i
				names.Set(text, i)
			}
		}
		other := names.Clone()
		other.Set("more", 1)
		var got []string
		for text, v := range names.All() {
			got = append(got, text)
			if v != want[text] {
				t.Fatalf("%s has %d, want %d", text, v, want[text])
			}
		}
		if !slices.Equal(got, order) || names.Len() != len(want) || other.Len() != len(want)+1 {
			t.Fatalf("%q, want %q", got, order)
		}
		for i := range 61 {
			text := fmt.Sprint(i)
			v, ok := names.Get(text)
			if w, has := want[text]; v != w || ok != has || names.Has(text) != has {
				t.Fatalf("%s: %d %v, want %d %v", text, v, ok, w, has)
			}
		}
		if fromOther := maps.Collect(other.All()); fromOther["more"] != 1 || len(fromOther) != other.Len() {
			t.Fatalf("%v", fromOther)
		}
	})
}

// TestNames_chosen: texts that have one hash under one key go apart under another.
func TestNames_chosen(t *testing.T) {
	var texts []string
	for i := 0; len(texts) < 300; i++ {
		if text := fmt.Sprint("t", i); (Key{}).hashString(text)&1023 == 7 {
			texts = append(texts, text)
		}
	}
	slots := func(k Key) int {
		seen := map[uint32]bool{}
		for _, text := range texts {
			seen[k.hashString(text)&1023] = true
		}
		return len(seen)
	}
	if slots(Key{}) != 1 || slots(Key{1, 2}) < 200 {
		t.Errorf("%d and %d slots for %d texts", slots(Key{}), slots(Key{1, 2}), len(texts))
	}
}
