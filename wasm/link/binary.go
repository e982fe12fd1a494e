package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Numbers of the WebAssembly binary format, https://webassembly.github.io/spec/core/binary/modules.html.
const (
	sectionFunction  = 3
	sectionMemory    = 5
	sectionGlobal    = 6
	sectionExport    = 7
	sectionStart     = 8
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
	sectionCustom    = 0
	sectionImport    = 2

	typeI32 = 0x7f
	typeI64 = 0x7e

	opI32Const = 0x41
	opI64Const = 0x42
	opEnd      = 0x0b

	kindFunc   = 0
	kindTable  = 1
	kindMemory = 2
	kindGlobal = 3
)

var header = []byte("\x00asm\x01\x00\x00\x00")

// section is one section of a module, its body as it stands.
type section struct {
	id   byte
	body []byte
}

// parseSections splits a module into its sections.
func parseSections(wasm []byte) ([]section, error) {
	if len(wasm) < len(header) || string(wasm[:len(header)]) != string(header) {
		return nil, errors.New("not a WebAssembly module")
	}
	r := reader{buf: wasm[len(header):]}
	var list []section
	for len(r.buf) > 0 {
		id := r.byte()
		list = append(list, section{id, r.bytes(int(r.u32()))})
	}
	return list, r.err
}

// appendSections is the inverse of parseSections.
func appendSections(dst []byte, list []section) []byte {
	dst = append(dst, header...)
	for _, s := range list {
		dst = append(dst, s.id)
		dst = appendVec(dst, s.body)
	}
	return dst
}

// reader reads the binary format. After an error it reads zeros.
type reader struct {
	buf []byte
	err error
}

func (r *reader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.buf) {
		r.err, r.buf = errors.New("module ends early"), nil
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 || v > 1<<32-1 {
		r.err, r.buf = errors.New("bad number"), nil
		return 0
	}
	r.buf = r.buf[n:]
	return uint32(v)
}

// s64 reads a signed LEB128 number.
func (r *reader) s64() int64 {
	var v int64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if shift+7 < 64 && b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.err, r.buf = errors.New("bad number"), nil
	return 0
}

func (r *reader) unknown(op byte) {
	if r.err == nil {
		r.err = fmt.Errorf("unknown instruction %#x", op)
	}
	r.buf = nil
}

func (r *reader) name() string { return string(r.bytes(int(r.u32()))) }

// constExpr skips an initial value of one numeric constant.
func (r *reader) constExpr() {
	switch op := r.byte(); op {
	case opI32Const, opI64Const:
		for r.byte()&0x80 != 0 {
		}
	default:
		r.err = fmt.Errorf("unexpected instruction %#x in an initial value", op)
	}
	if r.byte() != opEnd && r.err == nil {
		r.err = errors.New("unexpected instruction after an initial value")
	}
}

func appendU32(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// appendVec appends b with its length before it.
func appendVec(dst, b []byte) []byte { return append(appendU32(dst, len(b)), b...) }

// appendS64 appends a signed LEB128 number.
func appendS64(dst []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
