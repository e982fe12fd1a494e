package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// TestInterleave_order: once it is known how many runs fill a round, the contenders take turns, and each round leaves a sample.
func TestInterleave_order(t *testing.T) {
	var turns []string
	contend := func(name string) *contender {
		return &contender{name: name, run: func(n int) error {
			turns = append(turns, name)
			return nil
		}}
	}
	b := &bench{results: newResults(&bytes.Buffer{})}
	if err := b.interleave(t.Context(), 3, 0, contend("a"), contend("b")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "a", "b", "a", "b", "a", "b"}; !slices.Equal(turns, want) {
		t.Errorf("turns %v", turns)
	}
	for _, name := range []string{"a", "b"} {
		for _, unit := range []string{"ns/op", threadUnit} {
			if n := len(b.results.samples[quantity{name, unit}]); n != 3 {
				t.Errorf("%d samples of %s in %s", n, name, unit)
			}
		}
	}
}

func TestInterleave_fails(t *testing.T) {
	b := &bench{results: newResults(&bytes.Buffer{})}
	broken := errors.New("broken")
	err := b.interleave(t.Context(), 1, 0, &contender{name: "it", run: func(int) error { return broken }})
	if !errors.Is(err, broken) || err.Error() != "it: broken" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.interleave(ctx, 1, 0, &contender{name: "it", run: func(int) error { return nil }}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestContender_calibrate: what takes long runs once; what is short, often enough to fill a round.
func TestContender_calibrate(t *testing.T) {
	for each, most := range map[time.Duration]int{20 * time.Millisecond: 1, time.Millisecond: 10} {
		c := &contender{run: func(n int) error {
			time.Sleep(time.Duration(n) * each)
			return nil
		}}
		if err := c.calibrate(10 * time.Millisecond); err != nil || c.n < 1 || c.n > most {
			t.Errorf("%v: %d runs (%v)", each, c.n, err)
		}
	}
}
