package value

import (
	"bytes"
	"net/netip"
	"strconv"
)

// url is the parts of an absolute URL after RFC 3986.
type url struct{ scheme, host, port, path []byte }

// applyURL takes a URL apart. What readers of URLs disagree about raises: user information, backslashes, control
// characters and blanks.
func (t *Table) applyURL(op Op, text []byte) (Value, *Fault) {
	u, why := parseURL(text)
	if why != "" {
		return fault(CodeURL, "the URL "+quoteCut(text)+" "+why)
	}
	switch op {
	case OpURLScheme:
		return t.StringBytes(bytes.ToLower(u.scheme)), nil
	case OpURLHost:
		return t.StringBytes(bytes.ToLower(u.host)), nil
	case OpURLPath:
		return t.StringBytes(u.path), nil
	}
	if len(u.port) > 0 {
		n, err := strconv.ParseUint(string(u.port), 10, 16)
		if err != nil {
			return fault(CodeURL, "the URL "+quoteCut(text)+" has no valid port")
		}
		return t.Long(int64(n)), nil
	}
	if n := defaultPort(u.scheme); n > 0 {
		return t.Long(n), nil
	}
	return fault(CodeURL, "the URL "+quoteCut(text)+" has no port and its scheme no default")
}

func defaultPort(scheme []byte) int64 {
	switch string(bytes.ToLower(scheme)) {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	case "ftp":
		return 21
	}
	return 0
}

// parseURL splits scheme://host[:port][path][?query][#fragment], or says why it can't.
func parseURL(s []byte) (u url, why string) {
	for _, c := range s {
		switch {
		case c <= ' ' || c == 0x7f:
			return u, "has a control character or blank"
		case c == '\\':
			return u, "has a backslash"
		}
	}
	i := bytes.IndexByte(s, ':')
	if i <= 0 || !validScheme(s[:i]) {
		return u, "has no scheme"
	}
	u.scheme = s[:i]
	rest, ok := bytes.CutPrefix(s[i+1:], []byte("//"))
	if !ok {
		return u, "has no host"
	}
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	u.path = rest[end:]
	if j := bytes.IndexAny(u.path, "?#"); j >= 0 {
		u.path = u.path[:j]
	}
	return u, u.authority(authority)
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

// authority splits host and port.
func (u *url) authority(a []byte) (why string) {
	if bytes.IndexByte(a, '@') >= 0 {
		return "has user information"
	}
	if len(a) > 0 && a[0] == '[' {
		end := bytes.IndexByte(a, ']')
		if end < 0 {
			return "has no valid host"
		}
		addr, err := netip.ParseAddr(string(a[1:end]))
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "has no valid host"
		}
		u.host, a = a[1:end], a[end+1:]
		if len(a) == 0 {
			return ""
		}
		if a[0] != ':' {
			return "has no valid host"
		}
		u.port = a[1:]
	} else {
		u.host = a
		if i := bytes.IndexByte(a, ':'); i >= 0 {
			u.host, u.port = a[:i], a[i+1:]
		}
		if !validHost(u.host) {
			return "has no valid host"
		}
	}
	for _, c := range u.port {
		if c < '0' || c > '9' {
			return "has no valid port"
		}
	}
	return ""
}

// validHost accepts ASCII letters, digits, '-', '_' and '.', without empty labels but for one trailing dot. Percent-escapes and
// other scripts are refused: readers disagree about them.
func validHost(h []byte) bool {
	h = bytes.TrimSuffix(h, []byte("."))
	if len(h) == 0 || len(h) > 253 {
		return false
	}
	label := 0
	for _, c := range h {
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '_':
			label++
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}

// isSubdomainOf reports whether host a lies strictly below host b. ASCII case is folded and one trailing dot dropped.
func (t *Table) isSubdomainOf(a, b []byte) (Value, *Fault) {
	t.Work += len(b)
	for _, h := range [][]byte{a, b} {
		if !validHost(h) {
			return fault(CodeHost, quoteCut(h)+" is not a host name")
		}
	}
	a = bytes.ToLower(bytes.TrimSuffix(a, []byte(".")))
	b = bytes.ToLower(bytes.TrimSuffix(b, []byte(".")))
	return Bool(len(a) > len(b) && bytes.HasSuffix(a, b) && a[len(a)-len(b)-1] == '.'), nil
}
