package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// writeJSON writes v to standard output as one line.
func (a *app) writeJSON(v any) {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a failed write shows when standard output is flushed
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// field is a field of a JSON object, its value as it was written.
type field struct {
	name  string
	value json.RawMessage
}

// objectFields takes a JSON object apart, in order, repetitions included. The engine judges what the values are; here is only made
// sure that the text is one object.
func objectFields(text []byte) ([]field, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it isn't UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil {
		return nil, badJSON(err)
	} else if t != json.Delim('{') {
		return nil, errors.New("it isn't a JSON object")
	}
	var list []field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, badJSON(err)
		}
		f := field{name: name.(string)} // the decoder lets nothing else stand for a name
		if err := d.Decode(&f.value); err != nil {
			return nil, badJSON(err)
		}
		list = append(list, f)
	}
	if _, err := d.Token(); err != nil {
		return nil, badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return list, nil
}

// badJSON words an error of the decoder.
func badJSON(err error) error {
	if s := (*json.SyntaxError)(nil); errors.As(err, &s) {
		return fmt.Errorf("it isn't JSON: at byte %d, %w", s.Offset, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it isn't JSON: it ends too early")
	}
	return fmt.Errorf("it isn't JSON: %w", err)
}

// appendObject appends fields as a JSON object.
func appendObject(dst []byte, fields []field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, f.name), ':')
		dst = append(dst, f.value...)
	}
	return append(dst, '}')
}
