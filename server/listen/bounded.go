package listen

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// bounded is a listener with so many connections at once and no more. It takes more, but tells them that it is busy, so that clients learn
// why and at once.
type bounded struct {
	net.Listener
	most      int64
	open      atomic.Int64
	busy      []byte
	lingering chan struct{} // one item for each connection that is told
}

// A connection that is told that there are too many has lingerTime to take that in, and maxLingering of them do so at once.
const (
	maxLingering = 64
	lingerTime   = 500 * time.Millisecond
)

func newBounded(ln net.Listener, o Options, encrypted bool) *bounded {
	b := &bounded{Listener: ln, most: int64(o.MaxConnections), lingering: make(chan struct{}, maxLingering)}
	if !encrypted {
		b.busy = o.Busy
	}
	return b
}

// Accept gives the next connection that isn't too many.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.open.Add(1) <= b.most {
			return &counted{Conn: c, open: &b.open}, nil
		}
		b.open.Add(-1)
		b.refuse(c)
	}
}

// refuse says that it is busy, if there is a way to say so, and closes.
func (b *bounded) refuse(c net.Conn) {
	select {
	case b.lingering <- struct{}{}:
	default:
		c.Close()
		return
	}
	go func() {
		defer func() { <-b.lingering }()
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(lingerTime))
		if _, err := c.Write(b.busy); err != nil || len(b.busy) == 0 {
			return
		}
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		// What the client sends is read, since closing with bytes unread would take the answer back.
		buffer := make([]byte, 4096)
		for range 256 {
			if _, err := c.Read(buffer); err != nil {
				return
			}
		}
	}()
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

// Close closes it.
func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.open.Add(-1) })
	return err
}
