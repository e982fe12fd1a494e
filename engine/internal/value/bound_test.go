package value

import (
	"strings"
	"testing"
)

func TestBounded_depth(t *testing.T) {
	tab := NewTable(Key{})
	v := tab.Long(1)
	for depth := 1; depth <= MaxDepth; depth++ {
		if depth%2 == 0 {
			v = tab.Set([]Value{v})
		} else {
			v = tab.Record([]Value{tab.String("a"), v})
		}
		if f := tab.Bounded(v); f != nil || tab.Depth(v) != depth {
			t.Fatalf("depth %d is taken for %d: %v", depth, tab.Depth(v), f)
		}
	}
	if f := tab.Bounded(tab.Set([]Value{v})); f == nil || f.Code != CodeDepth {
		t.Errorf("a value too deep gives %v", f)
	}
	for range 1 << 16 {
		v = tab.Set([]Value{v})
	}
	if f := tab.Bounded(v); f == nil || f.Code != CodeDepth {
		t.Errorf("a value much too deep gives %v", f)
	}
}

// A rule that puts its value twice into the next one doubles the text and not the table.
func TestBounded_doubling(t *testing.T) {
	tab := NewTable(Key{})
	v := tab.Set([]Value{tab.String("seed")})
	a, b := tab.String("a"), tab.String("b")
	for range 180 {
		w := tab.Record([]Value{a, v, b, v})
		if tab.Weight(w) < tab.Weight(v) {
			t.Fatalf("weight falls from %d to %d", tab.Weight(v), tab.Weight(w))
		}
		v = w
	}
	if f := tab.Bounded(v); f == nil || f.Code != CodeWeight {
		t.Errorf("2^180 members give %v", f)
	}
	if _, f := tab.Apply(OpToString, []Value{v}); f == nil || f.Code != CodeStringLimit {
		t.Errorf("the text of 2^180 members gives %v", f)
	}
	if _, f := tab.Apply(OpNot, []Value{v}); f == nil || len(f.Message) > 200 { // the message shows the value's start
		t.Errorf("raised %v", f)
	}
}

func TestWeight_isAboutTheText(t *testing.T) {
	tab := NewTable(Key{})
	for _, v := range []Value{True, tab.Long(7), tab.String(strings.Repeat("x", 500)), tab.EntityOf("User", strings.Repeat("y", 300)),
		tab.value(set("a", "b", set(1, 2, 3))), tab.Record([]Value{tab.String("key"), tab.String("value")})} {
		if w, n := tab.Weight(v), len(tab.Append(nil, v)); w < n || w > n+80 {
			t.Errorf("%d bytes weigh %d", n, w)
		}
	}
}
