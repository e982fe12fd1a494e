package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestServe_shutdown: readiness goes first. Clients that keep their connections, and make none once the server isn't ready, lose no request;
// each connection is told that it ends.
func TestServe_shutdown(t *testing.T) {
	for name, delay := range map[string]time.Duration{"at once": 0, "after a delay": 200 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, people, Deps{}, func(c *Config) { c.ShutdownDelay = delay })
			var answered [8]atomic.Int64
			var clients sync.WaitGroup
			for i := range answered {
				clients.Go(func() { v.askUntilClosed(&answered[i]) })
			}
			for i := range answered {
				for answered[i].Load() < 20 && !t.Failed() {
					time.Sleep(time.Millisecond)
				}
			}
			v.stop()
			if delay > 0 {
				for !v.draining.Load() {
					time.Sleep(time.Millisecond)
				}
				v.ask("GET", "/health/ready", "").wantProblem(t, 503, "server.draining")
				v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
			}
			clients.Wait()
			if err := <-v.done; err != nil {
				t.Error(err)
			}
			v.done <- nil // for the end of the test
			if _, err := net.Dial("tcp", v.addr); err == nil {
				t.Error("a connection after the end")
			}
		})
	}
}

// askUntilClosed sends requests on one connection until an answer says that it closes.
func (v *served) askUntilClosed(answered *atomic.Int64) {
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		v.t.Error(err)
		return
	}
	defer c.Close()
	request := fmt.Sprintf("POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(annReads), annReads)
	for r := bufio.NewReader(c); ; answered.Add(1) {
		if _, err := io.WriteString(c, request); err != nil {
			v.t.Errorf("a request can't be sent: %v", err)
			return
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			v.t.Errorf("a request is lost: %v", err)
			return
		}
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
			v.t.Errorf("%d %v: %s", resp.StatusCode, err, body)
		}
		if resp.Close {
			return
		}
	}
}

// TestServe_slowRequest: a request whose body is still coming when the server is told to end is answered.
func TestServe_slowRequest(t *testing.T) {
	v := serve(t, people, Deps{})
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	head := fmt.Sprintf("POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(annReads))
	if _, err := io.WriteString(c, head+annReads[:10]); err != nil {
		t.Fatal(err)
	}
	v.ask("GET", "/health/live", "").wantOK(t, "live") // so that it was surely accepted
	v.stop()
	for !v.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := io.WriteString(c, annReads[10:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !resp.Close {
		t.Errorf("%d, close %v: %s", resp.StatusCode, resp.Close, body)
	}
}

// TestServe_timeout: a request that doesn't end holds up the end no longer than the timeout.
func TestServe_timeout(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.ShutdownTimeout = 100 * time.Millisecond })
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST /v1/authorize HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	v.ask("GET", "/health/live", "").wantOK(t, "live")
	v.stop()
	if err := <-v.done; err == nil {
		t.Error("a request was cut off, and nothing is said")
	}
	v.done <- nil
}

// TestServe_leavesNothing: what was started for a server ends with it.
func TestServe_leavesNothing(t *testing.T) {
	testRuntime(t)
	before := runtime.NumGoroutine()
	t.Run("served", func(t *testing.T) {
		v := serve(t, people, Deps{}, func(c *Config) { c.Watch, c.DecisionLog = true, t.TempDir()+"/log" })
		for n := range 20 {
			v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
			v.ask("POST", "/v1/facts", fmt.Sprintf(`{"insert":{"member":[["u%d","staff"]]}}`, n)).wantOK(t, "")
			write(t, v.path, people+fmt.Sprintf("permit(P, \"a%d\", _) :- member(P, _).\n", n))
			v.ask("POST", "/v1/config/reload", "").wantOK(t, "success")
		}
	})
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			text := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, text[:runtime.Stack(text, true)])
		}
	}
}

// TestServe_fails: where a listener ends, the server does.
func TestServe_fails(t *testing.T) {
	c := DefaultConfig()
	c.Path, c.Watch = t.TempDir()+"/config.rune", false
	write(t, c.Path, people)
	s, err := New(t.Context(), c, Deps{Runtime: testRuntime(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	ln := listen(t)
	_ = ln.Close()
	if err := s.Serve(t.Context(), ln, nil); err == nil {
		t.Error("nothing is said of a listener that is closed")
	}
}
