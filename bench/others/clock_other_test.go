//go:build !linux

package others

import "time"

var started = time.Now()

// threadTime is the time on the wall where it isn't known how long a thread has run: a busy machine disturbs it.
func threadTime() time.Duration { return time.Since(started) }
