package value

import (
	"bytes"
	"net/netip"
)

// validHost accepts dotted names of ASCII letters, digits, '-' and '_', with one trailing dot at most, and IPv4 addresses with four
// decimal parts. Readers disagree about the rest: escapes, other scripts, 2130706433 and 0x7f.1.
func validHost(h []byte) bool {
	h = bytes.TrimSuffix(h, []byte("."))
	if len(h) == 0 || len(h) > 253 {
		return false
	}
	var last []byte
	for label := range bytes.SplitSeq(h, []byte(".")) {
		if !validLabel(label) {
			return false
		}
		last = label
	}
	if numeric(last) {
		addr, err := netip.ParseAddr(string(h))
		return err == nil && addr.Is4()
	}
	return true
}

func validLabel(label []byte) bool {
	for _, c := range label {
		if !isNameByte(c, 1) && c != '-' {
			return false
		}
	}
	return len(label) > 0 && len(label) <= 63
}

// numeric reports whether a last label makes some readers take the host for an IPv4 address.
func numeric(label []byte) bool {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	if bytes.HasPrefix(label, []byte("0x")) || bytes.HasPrefix(label, []byte("0X")) {
		label, isDigit = label[2:], isHex
	}
	for _, c := range label {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// foldHost returns a host in lower case, without a trailing dot.
func foldHost(h []byte) []byte { return bytes.ToLower(bytes.TrimSuffix(h, []byte("."))) }

// isSubdomainOf reports whether host a lies strictly below host b.
func (t *Table) isSubdomainOf(a, b []byte) (Value, *Fault) {
	t.Work += len(b)
	for _, h := range [...][]byte{a, b} {
		if !validHost(h) {
			return t.raise(CodeHost, func(m *message) { m.quote(h).text(" is not a host name") })
		}
	}
	a, b = foldHost(a), foldHost(b)
	return Bool(len(a) > len(b) && bytes.HasSuffix(a, b) && a[len(a)-len(b)-1] == '.'), nil
}
