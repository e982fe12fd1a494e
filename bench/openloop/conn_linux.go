package openloop

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// conn is a connection, which has one request at most.
type conn struct {
	fd    int
	due   time.Duration // its request, since the run's start
	busy  bool
	reply []byte // as far as it has come
}

// send sends a request. One that the socket doesn't take at once is written in parts: the run waits then.
func (c *conn) send(request []byte, due time.Duration) error {
	c.due, c.busy, c.reply = due, true, c.reply[:0]
	for len(request) > 0 {
		n, err := unix.Write(c.fd, request)
		switch {
		case err == nil:
			request = request[n:]
		case errors.Is(err, unix.EAGAIN):
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}, -1); err != nil && !errors.Is(err, unix.EINTR) {
				return fmt.Errorf("send a request: %w", err)
			}
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("send a request: %w", err)
		}
	}
	return nil
}

// receive takes in what has come, and reports whether it is the whole reply.
func (c *conn) receive() (bool, error) {
	for {
		if cap(c.reply)-len(c.reply) < 1<<12 {
			c.reply = append(make([]byte, 0, 2*cap(c.reply)+1<<13), c.reply...)
		}
		n, err := unix.Read(c.fd, c.reply[len(c.reply):cap(c.reply)])
		switch {
		case errors.Is(err, unix.EAGAIN):
			return false, nil
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return false, fmt.Errorf("read a reply: %w", err)
		case n == 0:
			return false, errors.New("the server has closed a connection")
		case !c.busy:
			return false, errors.New("the server sends what nobody asked for")
		}
		c.reply = c.reply[:len(c.reply)+n]
		if done, err := c.whole(); done || err != nil {
			c.busy = false
			return done, err
		}
	}
}

// whole reports whether the reply is there to its end. It has to be a 200 with a length.
func (c *conn) whole() (bool, error) {
	head := bytes.Index(c.reply, []byte("\r\n\r\n"))
	if head < 0 {
		return false, nil
	}
	if !bytes.HasPrefix(c.reply, []byte("HTTP/1.1 200 ")) {
		return false, fmt.Errorf("the reply is %.300q", c.reply)
	}
	length, err := contentLength(c.reply[:head])
	if err != nil {
		return false, err
	}
	switch rest := len(c.reply) - head - len("\r\n\r\n"); {
	case rest > length:
		return false, errors.New("a reply is longer than it says")
	default:
		return rest == length, nil
	}
}

func contentLength(head []byte) (int, error) {
	const field = "\r\nContent-Length:"
	i := bytes.Index(head, []byte(field))
	if i < 0 {
		return 0, fmt.Errorf("a reply without Content-Length: %.300q", head)
	}
	value, _, _ := bytes.Cut(head[i+len(field):], []byte("\r\n"))
	return strconv.Atoi(string(bytes.TrimSpace(value)))
}
