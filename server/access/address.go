package access

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/valyala/fasthttp"
)

// clientAddress is where a request comes from: the connection's other end, or, if that is a trusted proxy, the last address in
// X-Forwarded-For that isn't one. What stands before that, anybody may have written. It is zero for a Unix socket.
func clientAddress(ctx *fasthttp.RequestCtx, proxies []netip.Prefix) netip.Addr {
	tcp, ok := ctx.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a := tcp.AddrPort().Addr().Unmap()
	if !trusted(a, proxies) {
		return a
	}
	lines := ctx.Request.Header.PeekAll(fasthttp.HeaderXForwardedFor)
	for i := len(lines) - 1; i >= 0; i-- {
		for line := lines[i]; line != nil; {
			var hop []byte
			line, hop = cutLast(line)
			next, ok := parseHop(hop)
			if !ok {
				return a // whoever wrote that is the last that is known
			}
			if a = next; !trusted(a, proxies) {
				return a
			}
		}
	}
	return a
}

// cutLast cuts the last item off a list with commas. The rest is nil where there is none.
func cutLast(list []byte) (rest, last []byte) {
	i := bytes.LastIndexByte(list, ',')
	if i < 0 {
		return nil, bytes.TrimSpace(list)
	}
	return list[:i], bytes.TrimSpace(list[i+1:])
}

// parseHop reads an address, with or without a port.
func parseHop(hop []byte) (netip.Addr, bool) {
	text := string(hop)
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap(), true
	}
	if p, err := netip.ParseAddrPort(text); err == nil {
		return p.Addr().Unmap(), true
	}
	return netip.Addr{}, false
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
