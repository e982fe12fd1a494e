// Package openloop sends requests over HTTP at times that are fixed beforehand, whatever becomes of those before.
package openloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Load is what is sent.
type Load struct {
	Address     string   // of the server: host:port
	Requests    [][]byte // with their heads, sent in turn
	Rate        float64  // a second
	Duration    time.Duration
	Connections int
	// Until, where it isn't nil, is closed when no further request is to be sent, however long Duration is.
	Until <-chan struct{}
}

// Result is how long the replies took, from when their requests were due. A request that found no connection free waited for one, and its
// time with it: a server that stops for a while slows all that were due meanwhile, not only those that were sent.
type Result struct {
	Latencies []time.Duration // sorted
}

// Percentile gives the latency that p percent of the requests didn't exceed; 0 where there are none.
func (r *Result) Percentile(p float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	return r.Latencies[min(int(float64(len(r.Latencies))*p/100), len(r.Latencies)-1)]
}

// patience bounds how long the last replies may take.
const patience = 10 * time.Second

// Run sends the load and takes in the replies, all of which have to be 200. It works in one thread, which waits for sockets itself: a
// scheduler in between would add its own delays to what is measured.
func Run(ctx context.Context, l *Load) (*Result, error) {
	if len(l.Requests) == 0 || l.Rate <= 0 || l.Connections < 1 {
		return nil, errors.New("an open loop needs requests, a rate and connections")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection here would seem the server's delay
	c := &client{load: l, latencies: make([]time.Duration, 0, int(l.Rate*min(l.Duration, time.Minute).Seconds())+1)}
	defer c.close()
	for range l.Connections {
		if err := c.connect(); err != nil {
			return nil, err
		}
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	slices.Sort(c.latencies)
	return &Result{Latencies: c.latencies}, nil
}

// client is the state of a run.
type client struct {
	load      *Load
	conns     []*conn
	polls     []unix.PollFd // of conns, in their order
	free      []int         // connections without a request
	start     time.Time
	sent      int
	latencies []time.Duration
}

func (c *client) connect() error {
	tcp, err := net.ResolveTCPAddr("tcp", c.load.Address)
	if err != nil {
		return err
	}
	fd, err := dial(tcp)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", c.load.Address, err)
	}
	c.free = append(c.free, len(c.conns))
	c.conns = append(c.conns, &conn{fd: fd})
	c.polls = append(c.polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	return nil
}

func dial(to *net.TCPAddr) (fd int, err error) {
	v4 := to.IP.To4()
	if v4 == nil {
		return 0, errors.New("not an address of IPv4")
	}
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, err
	}
	err = errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(v4)}),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetNonblock(fd, true))
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

func (c *client) close() {
	for _, conn := range c.conns {
		unix.Close(conn.fd)
	}
}

// due is when request n is to be sent, since the start.
func (c *client) due(n int) time.Duration {
	return time.Duration(float64(n) * float64(time.Second) / c.load.Rate)
}

// run sends what is due and waits for what comes, until all is sent and answered.
func (c *client) run(ctx context.Context) error {
	c.start = time.Now()
	ended, end := false, c.load.Duration
	for {
		now := time.Since(c.start)
		if !ended && (stopped(c.load.Until) || ctx.Err() != nil) {
			ended, end = true, min(end, now)
		}
		if err := c.sendDue(now, end); err != nil {
			return err
		}
		next := c.due(c.sent)
		if next >= end && len(c.free) == len(c.conns) {
			return ctx.Err()
		}
		if now > end+patience {
			return fmt.Errorf("%d requests have no answer after %v", len(c.conns)-len(c.free), patience)
		}
		if err := c.wait(next, end); err != nil {
			return err
		}
	}
}

func stopped(until <-chan struct{}) bool {
	select {
	case <-until:
		return true
	default:
		return false
	}
}

// sendDue sends the requests that were due by now and before the end, as far as there are connections.
func (c *client) sendDue(now, end time.Duration) error {
	for len(c.free) > 0 {
		due := c.due(c.sent)
		if due > now || due >= end {
			return nil
		}
		conn := c.conns[c.free[0]] // the one longest without a request: all are used
		c.free = append(c.free[:0], c.free[1:]...)
		if err := conn.send(c.load.Requests[c.sent%len(c.load.Requests)], due); err != nil {
			return err
		}
		c.sent++
	}
	return nil
}

// longestWait is after what time a run sees that it was stopped.
const longestWait = 20 * time.Millisecond

// wait waits until a request is due or a reply comes, and takes in the replies.
func (c *client) wait(next, end time.Duration) error {
	timeout := longestWait
	if len(c.free) > 0 && next < end {
		timeout = min(max(next-time.Since(c.start), 0), timeout)
	}
	spec := unix.NsecToTimespec(int64(timeout))
	n, err := unix.Ppoll(c.polls, &spec, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for replies: %w", err)
	}
	for i := 0; i < len(c.polls) && n > 0; i++ {
		if c.polls[i].Revents == 0 {
			continue
		}
		n--
		c.polls[i].Revents = 0
		done, err := c.conns[i].receive()
		if err != nil {
			return err
		}
		if done {
			c.latencies = append(c.latencies, time.Since(c.start)-c.conns[i].due)
			c.free = append(c.free, i)
		}
	}
	return nil
}
