package rate

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestTake(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	l := New(10, 5, c.now)
	ann, bob := Subject("ann"), Subject("bob")
	for i, s := range []struct {
		wait time.Duration
		key  Key
		n    int
		want State
	}{
		{0, ann, 1, State{OK: true, Left: 4, Full: 100 * time.Millisecond}},
		{0, ann, 4, State{OK: true, Left: 0, Full: 500 * time.Millisecond}},
		{0, ann, 1, State{Left: 0, Full: 500 * time.Millisecond, Retry: 100 * time.Millisecond}},
		{0, ann, 5, State{Left: 0, Full: 500 * time.Millisecond, Retry: 500 * time.Millisecond}},
		{0, bob, 5, State{OK: true, Left: 0, Full: 500 * time.Millisecond}},
		{100 * time.Millisecond, ann, 2, State{Left: 1, Full: 400 * time.Millisecond, Retry: 100 * time.Millisecond}},
		{0, ann, 1, State{OK: true, Left: 0, Full: 500 * time.Millisecond}},
		{time.Hour, ann, 5, State{OK: true, Left: 0, Full: 500 * time.Millisecond}},
		{time.Hour, ann, 6, State{Left: 5, Full: 0, Retry: 100 * time.Millisecond}},
	} {
		c.at = c.at.Add(s.wait)
		got := l.Take(s.key, s.n)
		round(&got)
		if got != s.want {
			t.Errorf("step %d: %+v, want %+v", i, got, s.want)
		}
	}
	if l.Burst() != 5 || l.Window() != 500*time.Millisecond {
		t.Error(l.Burst(), l.Window())
	}
}

// round removes what fractions of tokens leave.
func round(s *State) {
	s.Full, s.Retry = s.Full.Round(time.Millisecond), s.Retry.Round(time.Millisecond)
}

func TestTake_slow(t *testing.T) {
	l := New(1e-12, 1, time.Now)
	l.Take(Subject("ann"), 1)
	if s := l.Take(Subject("ann"), 1); s.OK || s.Retry != math.MaxInt64 {
		t.Errorf("%+v", s)
	}
}

func TestKey(t *testing.T) {
	at := func(s string) Key { return Address(netip.MustParseAddr(s)) }
	for _, c := range []struct {
		a, b Key
		same bool
	}{
		{Subject("ann"), Subject("ann"), true},
		{Subject("ann"), Subject("bob"), false},
		{Subject(strings.Repeat("a", 100)), Subject(strings.Repeat("a", 100)), true},
		{Subject(strings.Repeat("a", 100)), Subject(strings.Repeat("a", 101)), false},
		{Subject(""), Address(netip.Addr{}), false},
		{Subject("10.0.0.1"), at("10.0.0.1"), false},
		{at("10.0.0.1"), at("10.0.0.2"), false},
		{at("10.0.0.1"), at("::ffff:10.0.0.1"), true},
		{at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"), true},
		{at("2001:db8:1:2::1"), at("2001:db8:1:3::1"), false},
		{at("fe80::1%eth0"), at("fe80::2%eth1"), true},
		{Address(netip.Addr{}), Address(netip.Addr{}), true},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%v and %v: same %v, want %v", c.a, c.b, !c.same, c.same)
		}
	}
	// A subject can't be such that its key is another's hash.
	long := Subject(strings.Repeat("a", 100))
	if Subject(long.subject[1:]) == long || Subject(long.subject) == long {
		t.Error("a subject has another's key")
	}
}

// TestLimiter_bounded wants memory for so many clients and no more, and those kept that ask.
func TestLimiter_bounded(t *testing.T) {
	l := New(0.001, 2, time.Now)
	busy := Subject("busy")
	l.Take(busy, 2)
	for i := range 3 * shards * clientsPerShard {
		l.Take(Subject(fmt.Sprint(i)), 1)
		if i%1000 == 0 && l.Take(busy, 1).OK {
			t.Fatal("a client that asks is forgotten")
		}
	}
	total := 0
	for i := range l.shards {
		s := &l.shards[i]
		total += len(s.clients)
		if len(s.clients) != s.order.Len() || len(s.clients) > clientsPerShard {
			t.Errorf("%d clients, %d in order", len(s.clients), s.order.Len())
		}
	}
	if total < shards*clientsPerShard*9/10 {
		t.Errorf("only %d clients are known", total)
	}
}

// TestLimiter_concurrent wants no more given than there is, whoever asks at once.
func TestLimiter_concurrent(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	l := New(1, 1000, func() time.Time { return at })
	var given atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if l.Take(Subject("ann"), 1).OK {
					given.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if given.Load() != 1000 {
		t.Errorf("%d are given, of 1000", given.Load())
	}
}
