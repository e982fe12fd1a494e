package goal

import (
	"testing"

	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// TestTables_crafted checks that the arguments of goals, which a client chooses, make no table of goals slow but where they were crafted against
// its very seed. Slots that are searched are counted, in the worst of many seeds.
func TestTables_crafted(t *testing.T) {
	const known, count, mask = 0x0706050403020100, 1000, 1<<11 - 1
	tab := value.NewTable(value.Key{})
	var calls []value.Value
	for n := int64(0); len(calls) < count; n++ {
		s := tableSet{seed: known}
		if v := tab.Long(n); s.hash(goalKey(3, false), []value.Value{v})&mask == 0 {
			calls = append(calls, v)
		}
	}
	for i := range 101 {
		s := tableSet{seed: value.NewTable(value.Key{uint64(i), 1}).Seed(), epoch: 1}
		if i == 100 {
			s.seed = known
		}
		for _, v := range calls {
			made, place := s.findGoal(3, []value.Value{v}, false)
			if made != nil {
				t.Fatal("a goal has a table already")
			}
			made = s.take()
			made.pred, made.call = 3, append(made.call, v)
			s.addGoal(made, place)
		}
		most, sum := 0, 0
		for at, g := range s.goals {
			if g.epoch == s.epoch {
				d := (at - int(s.hash(goalKey(3, false), s.tables[g.table].call))) & (len(s.goals) - 1)
				most, sum = max(most, d), sum+d
			}
		}
		if i < 100 && (most > 100 || sum > 4*count) {
			t.Errorf("seed %d: %d slots further at most, %d on average", i, most, sum/count)
		}
		if i == 100 && sum < count*count/4 {
			t.Errorf("the goals aren't crafted: %d slots further on average", sum/count)
		}
	}
}

// TestWalk_crafted is the same for what a closure reaches.
func TestWalk_crafted(t *testing.T) {
	const known, count, mask = 0x0706050403020100, 1000, 1<<11 - 1
	tab := value.NewTable(value.Key{})
	var nodes []value.Value
	for n := int64(0); len(nodes) < count; n++ {
		if v := tab.Long(n); relation.Mix(known^uint64(v))&mask == 0 {
			nodes = append(nodes, v)
		}
	}
	for i := range 101 {
		seed := value.NewTable(value.Key{uint64(i), 1}).Seed()
		if i == 100 {
			seed = known
		}
		var w walk
		w.begin(seed)
		for _, v := range nodes {
			w.arrive(v, 1)
		}
		most, sum := 0, 0
		for at, s := range w.slots {
			if s.epoch == w.epoch {
				d := (at - int(relation.Mix(seed^uint64(w.nodes[s.row].value)))) & (len(w.slots) - 1)
				most, sum = max(most, d), sum+d
			}
		}
		if i < 100 && (most > 100 || sum > 4*count) {
			t.Errorf("seed %d: %d slots further at most, %d on average", i, most, sum/count)
		}
		if i == 100 && sum < count*count/4 {
			t.Errorf("the nodes aren't crafted: %d slots further on average", sum/count)
		}
	}
}
