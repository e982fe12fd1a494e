package value

import (
	"bytes"
	"net/netip"
)

// urlParts are the parts of a URL after RFC 3986, the path as it is written.
type urlParts struct {
	scheme, path []byte
	host         string // lower case, without a trailing dot; empty where there is none
	port         int64  // -1 where there is none
}

// applyURL takes a URL apart. What readers of URLs disagree about raises: user information, backslashes, blanks and control
// characters, hosts that are no plain names and not addresses in their usual form.
func (t *Table) applyURL(op Op, text []byte) (Value, *Fault) {
	u, why := parseURL(text)
	if why == "" && u.host == "" && op == OpURLHost {
		why = "has no host"
	}
	if why == "" && u.port < 0 && op == OpURLPort {
		why = "has no port, and its scheme no usual one"
	}
	if why != "" {
		return t.raise(CodeURL, func(m *message) { m.text("the URL ").quote(text).text(" ", why) })
	}
	switch op {
	case OpURLScheme:
		return t.StringBytes(u.scheme), nil
	case OpURLHost:
		return t.String(u.host), nil
	case OpURLPort:
		return t.Long(u.port), nil
	}
	return t.StringBytes(u.path), nil
}

// usualPort returns the port of the schemes that always have a host, or -1. Browsers read a host even into https:example.com.
func usualPort(scheme []byte) int64 {
	switch string(scheme) {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	case "ftp":
		return 21
	}
	return -1
}

// parseURL splits scheme:[//[host][:port]]path[?query][#fragment], or says why it can't.
func parseURL(s []byte) (u urlParts, why string) {
	if why := oddCharacter(s); why != "" {
		return u, why
	}
	colon := bytes.IndexByte(s, ':')
	if colon <= 0 || !validScheme(s[:colon]) {
		return u, "has no scheme"
	}
	u.scheme = bytes.ToLower(s[:colon])
	u.port = usualPort(u.scheme)
	u.path = s[colon+1:]
	if end := bytes.IndexAny(u.path, "?#"); end >= 0 {
		u.path = u.path[:end]
	}
	if rest, ok := bytes.CutPrefix(u.path, []byte("//")); ok {
		end := bytes.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		u.path = rest[end:]
		why = u.authority(rest[:end])
	}
	if why == "" && u.host == "" && usualPort(u.scheme) > 0 {
		why = "has no host"
	}
	return u, why
}

func oddCharacter(s []byte) string {
	for i, c := range s {
		switch {
		case c == '\\':
			return "has a backslash"
		case c == ' ':
			return "has a blank"
		case c < ' ' || c == 0x7f || c == 0xc2 && i+1 < len(s) && s[i+1] < 0xa0: // U+0080 to U+009F are two bytes
			return "has a control character"
		}
	}
	return ""
}

func validScheme(s []byte) bool {
	for i, c := range s {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return true
}

// authority splits host and port. An empty host is left to the scheme.
func (u *urlParts) authority(a []byte) (why string) {
	if bytes.IndexByte(a, '@') >= 0 {
		return "has user information"
	}
	if len(a) == 0 {
		return ""
	}
	end := bytes.LastIndexByte(a, ':')
	if close := bytes.IndexByte(a, ']'); close > end { // a colon in brackets belongs to an address
		end = -1
	}
	if end >= 0 {
		port := a[end+1:]
		a = a[:end]
		if len(port) > 0 {
			n, rest, ok := cutDigits(port)
			if !ok || len(rest) > 0 || n > 65535 {
				return "has no valid port"
			}
			u.port = int64(n)
		}
	}
	var ok bool
	if u.host, ok = bracketed(a); !ok {
		if !validHost(a) {
			return "has no valid host"
		}
		u.host = string(foldHost(a))
	}
	return ""
}

// bracketed reads an IPv6 address in brackets and returns it in its usual form.
func bracketed(a []byte) (string, bool) {
	if len(a) < 2 || a[0] != '[' || a[len(a)-1] != ']' {
		return "", false
	}
	addr, err := netip.ParseAddr(string(a[1 : len(a)-1]))
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", false
	}
	return string(appendAddr(nil, addr)), true
}
