package main

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// threadUnit is the unit of the time that a thread was running. On a machine that does other things as well it is what counts.
const threadUnit = "cpu-ns/op"

// contender is one of several that are timed side by side: run does n times what is timed.
type contender struct {
	name string
	run  func(n int) error
	n    int // what fills a round; 0: not known yet
}

// interleave times the contenders in turn, in short rounds, so that what else the machine does meets all of them alike. A round
// lasts for budget, or for one run where that is longer. Contenders work in the calling goroutine; its thread's own time is a sample
// beside the time on the wall. What of a native contender's garbage other threads collect isn't in it, a guest's own collections are.
func (b *bench) interleave(ctx context.Context, rounds int, budget time.Duration, contenders ...*contender) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, c := range contenders {
		if err := c.calibrate(budget); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range rounds {
		for _, c := range contenders {
			if err := ctx.Err(); err != nil {
				return err
			}
			runtime.GC() // nobody pays for another's garbage
			thread := threadTime()
			took, err := c.time()
			thread = threadTime() - thread
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			n := float64(c.n)
			b.results.add(c.name, c.n, sample{float64(took) / n, "ns/op"}, sample{float64(thread) / n, threadUnit})
		}
	}
	return nil
}

// calibrate finds how many runs fill a round.
func (c *contender) calibrate(budget time.Duration) error {
	for c.n = 1; c.n < 1e9; c.n *= 2 {
		took, err := c.time()
		if err != nil {
			return err
		}
		if took >= budget/2 {
			c.n = max(int(float64(c.n)*float64(budget)/float64(took)), 1)
			return nil
		}
	}
	return nil
}

func (c *contender) time() (time.Duration, error) {
	start := time.Now()
	err := c.run(c.n)
	return time.Since(start), err
}
