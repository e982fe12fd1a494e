package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// pointer is a JSON pointer (RFC 6901), in which the part * stands for any.
type pointer []string

const (
	wildcard = "*"
	masked   = `"***"`
)

func parseMasks(list []string) ([]pointer, error) {
	var masks []pointer
	for _, text := range list {
		p := jsontext.Pointer(text)
		if text == "" || !p.IsValid() {
			return nil, fmt.Errorf("%q is no JSON pointer to a part of a line", text)
		}
		var parts pointer
		for part := range p.Tokens() {
			parts = append(parts, part)
		}
		masks = append(masks, parts)
	}
	return masks, nil
}

// matches reports whether the pointer leads to where at leads.
func (p pointer) matches(at jsontext.Pointer) bool {
	n := 0
	for part := range at.Tokens() {
		if n >= len(p) || p[n] != wildcard && p[n] != part {
			return false
		}
		n++
	}
	return n == len(p)
}

// mask puts masked in place of what the pointers lead to. A line that can't be read is masked whole.
func mask(line []byte, masks []pointer) []byte {
	var out bytes.Buffer
	d := jsontext.NewDecoder(bytes.NewReader(line))
	e := jsontext.NewEncoder(&out, jsontext.PreserveRawStrings(true))
	for {
		if d.PeekKind() == 0 {
			if _, err := d.ReadToken(); errors.Is(err, io.EOF) {
				return bytes.TrimSuffix(out.Bytes(), []byte{'\n'})
			}
			return []byte(masked)
		}
		if err := maskNext(d, e, masks); err != nil {
			return []byte(masked)
		}
	}
}

// maskNext copies a token, or masks the value that begins.
func maskNext(d *jsontext.Decoder, e *jsontext.Encoder, masks []pointer) error {
	kind, length := d.StackIndex(d.StackDepth())
	isName := kind == '{' && length%2 == 0
	if k := d.PeekKind(); !isName && k != '}' && k != ']' && d.StackDepth() > 0 && covered(next(d, kind, length), masks) {
		if err := d.SkipValue(); err != nil {
			return err
		}
		return e.WriteValue(jsontext.Value(masked))
	}
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	return e.WriteToken(t)
}

// next is where the value that is to be read will stand.
func next(d *jsontext.Decoder, kind jsontext.Kind, length int64) jsontext.Pointer {
	at := d.StackPointer()
	if kind == '{' {
		return at // the name was read
	}
	if length > 0 {
		at = at[:strings.LastIndexByte(string(at), '/')] // which leads to the element before
	}
	return at + jsontext.Pointer(fmt.Sprint("/", length))
}

func covered(at jsontext.Pointer, masks []pointer) bool {
	for _, m := range masks {
		if m.matches(at) {
			return true
		}
	}
	return false
}
