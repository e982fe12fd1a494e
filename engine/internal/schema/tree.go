package schema

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/engine/internal/source"
)

// node is a JSON value with its place.
type node struct {
	kind    jsontext.Kind
	text    string   // of a string
	members []member // of an object
	items   []node   // of an array
	span    source.Span
}

// member is a member of a JSON object.
type member struct {
	name string
	span source.Span // of the name
	node node
}

// get returns a member's value, or nil. A null counts as absent, as it does for cedar-go.
func (n *node) get(name string) *node {
	for i := range n.members {
		if m := &n.members[i]; m.name == name && m.node.kind != jsontext.KindNull {
			return &m.node
		}
	}
	return nil
}

// treeReader reads JSON whose depth is bounded into nodes.
type treeReader struct {
	dec *jsontext.Decoder
	at  source.Span
}

// readTree reads a text that is one JSON value. An error comes with its place.
func readTree(at source.Span, text []byte) (node, source.Span, error) {
	r := treeReader{dec: jsontext.NewDecoder(bytes.NewReader(text)), at: at}
	if _, err := r.dec.ReadValue(); err != nil { // read as one, errors are better
		return node{}, r.blame(text, err), reason(err)
	}
	if rest := bytes.TrimLeft(text[r.dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return node{}, r.span(len(text)-len(rest), len(text)-len(rest)), errors.New("text follows the schema's closing brace")
	}
	r.dec.Reset(bytes.NewReader(text))
	n, err := r.value()
	return n, r.blame(text, err), err
}

// blame returns where an error stands.
func (r *treeReader) blame(text []byte, err error) source.Span {
	offset := len(text)
	var bad *jsontext.SyntacticError
	if errors.As(err, &bad) && !errors.Is(err, io.ErrUnexpectedEOF) {
		offset = int(bad.ByteOffset)
	}
	return r.span(offset, offset)
}

// reason returns an error without the place in its text.
func reason(err error) error {
	var bad *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the text ends too early")
	case errors.As(err, &bad):
		return bad.Err
	}
	return err
}

func (r *treeReader) span(start, end int) source.Span {
	return source.Span{File: r.at.File, Start: r.at.Start + uint32(start), End: r.at.Start + uint32(end)}
}

func (r *treeReader) value() (node, error) {
	switch r.dec.PeekKind() {
	case jsontext.KindBeginObject:
		return r.object()
	case jsontext.KindBeginArray:
		return r.array()
	}
	return r.scalar()
}

func (r *treeReader) scalar() (node, error) {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return node{}, err
	}
	n := node{kind: raw.Kind()}
	end := int(r.dec.InputOffset())
	n.span = r.span(end-len(raw), end)
	if n.kind == jsontext.KindString {
		text, _ := jsontext.AppendUnquote(nil, raw)
		n.text = string(text)
	}
	return n, nil
}

// open reads the bracket that opens a value.
func (r *treeReader) open() (node, error) {
	t, err := r.dec.ReadToken()
	end := int(r.dec.InputOffset())
	return node{kind: t.Kind(), span: r.span(end-1, end)}, err
}

func (r *treeReader) object() (node, error) {
	n, err := r.open()
	for err == nil && r.dec.PeekKind() == jsontext.KindString {
		var name, v node
		if name, err = r.scalar(); err == nil {
			v, err = r.value()
			n.members = append(n.members, member{name: name.text, span: name.span, node: v})
		}
	}
	return n, r.close(err)
}

func (r *treeReader) array() (node, error) {
	n, err := r.open()
	for err == nil && r.dec.PeekKind() != jsontext.KindEndArray {
		var v node
		v, err = r.value()
		n.items = append(n.items, v)
	}
	return n, r.close(err)
}

// close reads the bracket that closes a value, if nothing went wrong.
func (r *treeReader) close(err error) error {
	if err == nil {
		_, err = r.dec.ReadToken()
	}
	return err
}
