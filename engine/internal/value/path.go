package value

import (
	"bytes"
	"path"
	"strings"
)

// applyPath carries out the lexical operations on paths. A path that a file system might read otherwise than this package
// does raises: one with a backslash, a NUL or a %-escape.
func (t *Table) applyPath(op Op, args []Value) (Value, *Fault) {
	a := t.Text(args[0])
	if f := checkPath(a); f != nil {
		return None, f
	}
	clean := cleanPath(a)
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
	if f := checkPath(b); f != nil {
		return None, f
	}
	t.Work += len(b)
	folder := cleanPath(b)
	if !path.IsAbs(clean) || !path.IsAbs(folder) {
		relative := a
		if path.IsAbs(clean) {
			relative = b
		}
		return fault(CodePath, quoteCut(relative)+" is relative: isUnder compares absolute paths")
	}
	return Bool(folder == "/" || clean == folder || strings.HasPrefix(clean, folder) && clean[len(folder)] == '/'), nil
}

// cleanPath removes dots, double slashes and inner "..": an absolute path keeps none, since checkPath refused what would climb
// above the root.
func cleanPath(p []byte) string { return path.Clean(string(p)) }

func checkPath(p []byte) *Fault {
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
	return &Fault{Code: CodePath, Message: "the path " + quoteCut(p) + " " + why}
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
