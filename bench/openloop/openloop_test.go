//go:build linux

package openloop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func get(path string) []byte { return []byte("GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n") }

// start serves h and gives its address.
func start(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestRun_sendsAllInTurn(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path]++
		w.Header().Set("Content-Length", "20000")
		_, _ = w.Write(bytes.Repeat([]byte("x"), 20_000)) // which comes in parts
	})
	r, err := Run(t.Context(), &Load{Address: address, Requests: [][]byte{get("/a"), get("/b")}, Rate: 1000, Duration: 100 * time.Millisecond, Connections: 3})
	if err == nil && len(r.Latencies) != 100 {
		err = fmt.Errorf("%d requests", len(r.Latencies))
	}
	if err != nil || seen["/a"] != 50 || seen["/b"] != 50 {
		t.Errorf("%v, %v", err, seen)
	}
}

// TestRun_latencyFromDue: where a server stands still once, all that were due meanwhile are late, though they were sent after.
func TestRun_latencyFromDue(t *testing.T) {
	var count atomic.Int32
	const pause = 200 * time.Millisecond
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) == 1 {
			time.Sleep(pause)
		}
		_, _ = io.WriteString(w, "ok")
	})
	r, err := Run(t.Context(), &Load{Address: address, Requests: [][]byte{get("/")}, Rate: 1000, Duration: 400 * time.Millisecond, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, l := range r.Latencies {
		if l >= pause/2 {
			late++
		}
	}
	if len(r.Latencies) != 400 || late < 100 {
		t.Errorf("of %d requests %d were late", len(r.Latencies), late)
	}
}

func TestRun_until(t *testing.T) {
	address := start(t, func(http.ResponseWriter, *http.Request) {})
	until := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { close(until) })
	r, err := Run(t.Context(), &Load{Address: address, Requests: [][]byte{get("/")}, Rate: 500, Duration: time.Hour, Connections: 2, Until: until})
	if err != nil || len(r.Latencies) < 10 {
		t.Errorf("%v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, &Load{Address: address, Requests: [][]byte{get("/")}, Rate: 500, Duration: time.Hour, Connections: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestRun_badReplies: what isn't a whole 200 with a length ends the run.
func TestRun_badReplies(t *testing.T) {
	for reply, want := range map[string]string{
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n": "503",
		"HTTP/1.1 200 OK\r\nDate: today\r\n\r\n":                        "without Content-Length",
		"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n":               `"many"`,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab":                "longer than it says",
		"": "closed a connection",
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := ln.Accept(); err == nil {
				_, _ = c.Read(make([]byte, 1000))
				_, _ = io.WriteString(c, reply)
				c.Close()
			}
		}()
		_, err = Run(t.Context(), &Load{Address: ln.Addr().String(), Requests: [][]byte{get("/")}, Rate: 10, Duration: 50 * time.Millisecond, Connections: 1})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", reply, err)
		}
		ln.Close()
	}
}

func TestRun_nothingToSend(t *testing.T) {
	if _, err := Run(t.Context(), &Load{Address: "127.0.0.1:1", Rate: 1, Connections: 1}); err == nil {
		t.Error("no requests")
	}
	if _, err := Run(t.Context(), &Load{Address: "127.0.0.1:1", Requests: [][]byte{get("/")}, Rate: 1, Connections: 1}); err == nil {
		t.Error("nobody listens")
	}
}

func TestPercentile(t *testing.T) {
	r := &Result{}
	if r.Percentile(99) != 0 {
		t.Error("of nothing")
	}
	for i := range 100 {
		r.Latencies = append(r.Latencies, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0: 0, 50: 50, 99: 99, 100: 99} {
		if got := r.Percentile(p); got != want {
			t.Errorf("%v %% is %v", p, got)
		}
	}
}
