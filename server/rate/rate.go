// Package rate limits how much each client may ask for.
package rate

import (
	"container/list"
	"crypto/sha256"
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Key is whom a limit is for. It is small whatever it is made of, and one kind never equals the other.
type Key struct {
	subject string
	address netip.Addr
}

// maxSubject is how long subjects are that a key has in full. Of others it has a hash.
const maxSubject = 64

// Subject is the key of somebody who has said, and shown, who they are.
func Subject(name string) Key {
	if len(name) <= maxSubject {
		return Key{subject: "=" + name}
	}
	sum := sha256.Sum256([]byte(name))
	return Key{subject: "#" + string(sum[:])}
}

// Address is the key of whoever is at an address. An IPv6 network of 64 bits is one client, since it has as many addresses as it likes.
// The zero address is a Unix socket's.
func Address(a netip.Addr) Key {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		a = p.Addr()
	}
	return Key{address: a}
}

// Limiter gives each client a bucket of tokens. It may be used by many goroutines at once.
type Limiter struct {
	limit  rate.Limit
	burst  int
	now    func() time.Time
	seed   maphash.Seed
	shards [shards]shard
}

// There is memory for so many clients. When more come, those are forgotten that asked for nothing for the longest time: most of their
// buckets are full again, and a full bucket is what a client that isn't known has.
const (
	shards          = 16
	clientsPerShard = 4096
)

type shard struct {
	mu      sync.Mutex
	clients map[Key]*list.Element
	order   list.List // of *client; the last is who asked the longest ago
}

type client struct {
	key    Key
	bucket *rate.Limiter
}

// New gives each client perSecond tokens a second, and at most burst at once. The clock is now.
func New(perSecond float64, burst int, now func() time.Time) *Limiter {
	l := &Limiter{limit: rate.Limit(perSecond), burst: burst, now: now, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].clients = map[Key]*list.Element{}
	}
	return l
}

// Burst is the most that may be taken at once.
func (l *Limiter) Burst() int { return l.burst }

// Window is how long an empty bucket takes to be full.
func (l *Limiter) Window() time.Duration { return l.in(float64(l.burst)) }

// State is what a client may take.
type State struct {
	OK    bool          // there was as much as was asked for, and it is taken
	Left  int           // what may be taken now
	Full  time.Duration // until everything may be taken again
	Retry time.Duration // until as much may be taken as was asked for, if it wasn't there
}

// Take takes n tokens out of a client's bucket, or none if there are less.
func (l *Limiter) Take(k Key, n int) State {
	now := l.now()
	bucket := l.bucket(k)
	s := State{OK: bucket.AllowN(now, n)}
	left := max(0, bucket.TokensAt(now))
	s.Left = int(left)
	s.Full = l.in(float64(l.burst) - left)
	if !s.OK {
		s.Retry = l.in(float64(n) - left)
	}
	return s
}

// in is how long it takes for tokens to come.
func (l *Limiter) in(tokens float64) time.Duration {
	seconds := tokens / float64(l.limit)
	if seconds >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(seconds * float64(time.Second))
}

// bucket finds a client's bucket, or makes one.
func (l *Limiter) bucket(k Key) *rate.Limiter {
	s := &l.shards[maphash.Comparable(l.seed, k)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.clients[k]; e != nil {
		s.order.MoveToFront(e)
		return e.Value.(*client).bucket
	}
	if s.order.Len() >= clientsPerShard {
		oldest := s.order.Back()
		delete(s.clients, oldest.Value.(*client).key)
		s.order.Remove(oldest)
	}
	c := &client{k, rate.NewLimiter(l.limit, l.burst)}
	s.clients[k] = s.order.PushFront(c)
	return c.bucket
}
