package value

import (
	"strings"
	"testing"
)

// TestReuseFaults: faults that are used again say what they said until they are; those that aren't, for good.
func TestReuseFaults(t *testing.T) {
	table := NewTable(Key{})
	divide := func(n int64) *Fault {
		_, f := table.Apply(OpDiv, []Value{table.Long(n), table.Long(0)})
		return f
	}
	kept := divide(1)
	for range 2 {
		table.ReuseFaults(true)
		faults := []*Fault{divide(2), divide(3)}
		for i := range 3 * mostFaults {
			faults = append(faults, divide(int64(4+i)))
		}
		for i, f := range faults {
			if want := table.show(table.Long(int64(2+i))) + " / 0 divides by zero"; f.Message != want || f.Code != CodeDivision {
				t.Fatalf("%s: %s, want %s", f.Code, f.Message, want)
			}
		}
	}
	table.ReuseFaults(false)
	after := divide(9)
	table.ReuseFaults(true)
	if n := testing.AllocsPerRun(100, func() { table.ReuseFaults(true); divide(7) }); n > 0 {
		t.Errorf("a fault allocates %v times", n)
	}
	if kept.Message != "1 / 0 divides by zero" || after.Message != "9 / 0 divides by zero" {
		t.Errorf("kept are %q and %q", kept.Message, after.Message)
	}
}

// TestMessage_cuts shows long values and texts in part.
func TestMessage_cuts(t *testing.T) {
	table := NewTable(Key{})
	long := strings.Repeat("é", 100)
	_, f := table.Apply(OpToLong, []Value{table.String(long)})
	if want := `"` + strings.Repeat("é", 30) + `…" is not a long`; f == nil || f.Message != want {
		t.Errorf("%v, want %s", f, want)
	}
	_, f = table.Apply(OpSubstring, []Value{table.String(long), table.Long(5), table.Long(2)})
	if want := `substring(5, 2) lies outside "` + strings.Repeat("é", 29) + "…"; f == nil || f.Message != want {
		t.Errorf("%v, want %s", f, want)
	}
}
