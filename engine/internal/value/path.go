package value

import (
	"bytes"
	"path"
	"strings"
	"unsafe"
)

// applyPath carries out the lexical operations on paths. A path that a file system might read otherwise than this package
// does raises: one with a backslash, a NUL or a %-escape.
func (t *Table) applyPath(op Op, args []Value) (Value, *Fault) {
	a := t.Text(args[0])
	if f := t.checkPath(a); f != nil {
		return None, f
	}
	clean := t.cleanPath(0, a)
	switch op {
	case OpClean:
		return t.String(clean), nil
	case OpBase:
		return t.String(path.Base(clean)), nil
	case OpDir:
		return t.String(path.Dir(clean)), nil
	case OpExt:
		return t.String(path.Ext(path.Base(clean))), nil
	}
	b := t.Text(args[1])
	if f := t.checkPath(b); f != nil {
		return None, f
	}
	t.Work += len(b)
	folder := t.cleanPath(1, b)
	if !path.IsAbs(clean) || !path.IsAbs(folder) {
		relative := a
		if path.IsAbs(clean) {
			relative = b
		}
		return t.raise(CodePath, func(m *message) { m.quote(relative).text(" is relative: isUnder compares absolute paths") })
	}
	return Bool(folder == "/" || clean == folder || strings.HasPrefix(clean, folder) && clean[len(folder)] == '/'), nil
}

// cleanPath is [path.Clean] for what checkPath lets pass: no ".." is left, as none leads above the start. The text is valid until the next path
// is cleaned in the same place.
func (t *Table) cleanPath(place int, p []byte) string {
	out := t.paths[place][:0]
	rooted := p[0] == '/'
	if rooted {
		out = append(out, '/')
	}
	start := len(out)
	for part := range bytes.SplitSeq(p, []byte("/")) {
		switch string(part) {
		case "", ".":
			continue
		case "..":
			out = out[:max(start, bytes.LastIndexByte(out, '/'))]
			continue
		}
		if len(out) > start {
			out = append(out, '/')
		}
		out = append(out, part...)
	}
	if len(out) == 0 {
		out = append(out, '.')
	}
	t.paths[place] = out
	return unsafe.String(unsafe.SliceData(out), len(out))
}

func (t *Table) checkPath(p []byte) *Fault {
	why := ""
	switch {
	case len(p) == 0:
		why = "is empty"
	case bytes.IndexByte(p, '\\') >= 0:
		why = "has a backslash"
	case bytes.IndexByte(p, 0) >= 0:
		why = "has a NUL"
	case hasPercentEscape(p):
		why = "has a %-escape"
	case climbs(p):
		why = "climbs above its start"
	default:
		return nil
	}
	return t.fault(CodePath, func(m *message) { m.text("the path ").quote(p).text(" ", why) })
}

func hasPercentEscape(p []byte) bool {
	for i := 0; i+2 < len(p); i++ {
		if p[i] == '%' && isHex(p[i+1]) && isHex(p[i+2]) {
			return true
		}
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// climbs reports whether ".." would be left after cleaning, or was dropped at the root.
func climbs(p []byte) bool {
	depth := 0
	for part := range bytes.SplitSeq(p, []byte("/")) {
		switch string(part) {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}
