// Package listen opens the sockets that the server accepts connections on.
package listen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// An Address is where to listen: host and port, or the path of a Unix socket. The zero value is nowhere.
type Address struct {
	network string // "tcp" or "unix"
	address string
}

// ParseAddress reads "host:port", ":port" (all addresses of this machine), "[v6]:port" or "unix:PATH".
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" || strings.ContainsRune(path, 0) {
			return Address{}, fmt.Errorf("there is no path behind \"unix:\" in %q", text)
		}
		if len(path) > maxSocketPath {
			return Address{}, fmt.Errorf("the path of a socket is at most %d bytes long, this one %d", maxSocketPath, len(path))
		}
		return Address{"unix", path}, nil
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return Address{}, fmt.Errorf("%q isn't host:port or unix:PATH", text)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return Address{}, fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	return Address{"tcp", text}, nil
}

// maxSocketPath is what fits everywhere into the structure that the kernel takes, with some room for the folder in which a socket is made.
const maxSocketPath = 88

// IsZero reports whether a is nowhere.
func (a Address) IsZero() bool { return a.network == "" }

// Unix reports whether a is a Unix socket.
func (a Address) Unix() bool { return a.network == "unix" }

// Local reports whether only this machine can connect to a: a loopback address, localhost, a Unix socket. Any other name isn't local,
// whatever it resolves to.
func (a Address) Local() bool {
	if a.network != "tcp" {
		return true
	}
	host, _, err := net.SplitHostPort(a.address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Dial connects to a.
func (a Address) Dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, a.network, a.address)
}

// String is what [ParseAddress] reads.
func (a Address) String() string {
	if a.network == "unix" {
		return "unix:" + a.address
	}
	return a.address
}
