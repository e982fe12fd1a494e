package host

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestGiveWay: on a single processor, what comes by the network gets its turn during a call.
func TestGiveWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var rounds atomic.Int64
	a, b := pipe(t), pipe(t)
	for _, way := range [][2]*os.File{{a[0], b[1]}, {b[0], a[1]}} {
		go func() {
			one := make([]byte, 1)
			for {
				if _, err := way[0].Read(one); err != nil {
					return
				}
				rounds.Add(1)
				if _, err := way[1].Write(one); err != nil {
					return
				}
			}
		}()
	}
	if _, err := a[1].Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	const calls = 50
	var i instance
	for range calls {
		for begun := time.Now(); time.Since(begun) < 2*longCall; {
		}
		i.giveWay()
	}
	if n := rounds.Load(); n < calls/2 {
		t.Errorf("%d messages came by in %d turns", n, calls)
	}
}

// pipe is a pipe whose ends wait for the poller, as connections do.
func pipe(t *testing.T) [2]*os.File {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return [2]*os.File{r, w}
}
