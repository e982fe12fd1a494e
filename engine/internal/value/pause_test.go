package value

import (
	"fmt"
	"testing"
)

func TestTable_pauses(t *testing.T) {
	tab, pauses := NewTable(Key{}), 0
	tab.String("without a pause")
	tab.Pause = func() { pauses++ }
	for n := range 100_000 {
		tab.String(fmt.Sprint("text", n))
	}
	if least := 100_000 * internBytes / pauseBytes; pauses < least || pauses > 3*least {
		t.Errorf("%d pauses in 100 000 strings, want some more than %d", pauses, least)
	}
	pauses = 0
	tab.Spend(pauseBytes + 1)
	tab.Spend(pauseBytes + 1)
	if pauses < 1 || pauses > 2 {
		t.Errorf("%d pauses in twice the bytes of one", pauses)
	}
}
