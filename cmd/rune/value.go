package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// valueText is a value of Cedar JSON as the language writes it.
func valueText(text json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b strings.Builder
	if err := writeValue(&b, d); err != nil {
		return "", fmt.Errorf("read the value %s: %w", text, err)
	}
	return b.String(), nil
}

// writeValue writes the next value of d. Values nest as deep as the engine lets them.
func writeValue(b *strings.Builder, d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return writeSet(b, d)
		}
		return writeRecord(b, d)
	case string:
		b.WriteString(quote(t))
	default:
		fmt.Fprint(b, t)
	}
	return nil
}

func writeSet(b *strings.Builder, d *json.Decoder) error {
	b.WriteByte('[')
	for first := true; d.More(); first = false {
		if !first {
			b.WriteString(", ")
		}
		if err := writeValue(b, d); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	_, err := d.Token()
	return err
}

// writeRecord writes a record, or what an escape stands for: {"__entity":{…}} or {"__extn":{…}}, which are all that their object holds.
func writeRecord(b *strings.Builder, d *json.Decoder) error {
	open := false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		switch name {
		case "__entity", "__extn":
			if err := writeEscape(b, d); err != nil {
				return err
			}
			_, err := d.Token()
			return err
		}
		if open {
			b.WriteString(", ")
		} else {
			b.WriteByte('{')
		}
		open = true
		b.WriteString(fieldText(name.(string)) + ": ")
		if err := writeValue(b, d); err != nil {
			return err
		}
	}
	if !open {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	_, err := d.Token()
	return err
}

// writeEscape writes an entity or an extension value.
func writeEscape(b *strings.Builder, d *json.Decoder) error {
	var v struct{ Type, ID, Fn, Arg string }
	if err := d.Decode(&v); err != nil {
		return err
	}
	if v.Type == "" && v.Fn == "" {
		return io.ErrUnexpectedEOF
	}
	if v.Fn != "" {
		fmt.Fprintf(b, "%s(%s)", v.Fn, quote(v.Arg))
	} else {
		fmt.Fprintf(b, "%s::%s", v.Type, quote(v.ID))
	}
	return nil
}

// fieldText is the name of a record's field: quoted unless it is a word.
func fieldText(name string) string {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return quote(name)
		}
	}
	if name == "" {
		return quote(name)
	}
	return name
}

// quote is a string literal of the language, on one line and printable.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
