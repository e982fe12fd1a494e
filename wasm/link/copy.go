package main

import (
	"errors"
	"slices"
)

// Engines call out for memory.copy and memory.fill, which for the few bytes that they move as a rule takes longer than to move them. (wazero:
// 15 to 25 ns.)

// mostMoved is the size up to which accesses take the place of a copy or fill of constant size.
const mostMoved = 128

// Two locals of a function are for addresses.
const (
	toLocal   = 0 // added to the first
	fromLocal = 1
	tempCount = 2
)

var (
	memoryCopy = []byte{opPrefixed, opMemoryCopy, 0, 0}
	memoryFill = []byte{opPrefixed, opMemoryFill, 0}
)

// expandMoves puts loads and stores in the place of copies and fills of few bytes. The compiler copies between places that are the same or don't
// overlap. The last bytes come first, so that an engine checks bounds once.
func expandMoves(code []instruction, temp int) []instruction {
	out := make([]instruction, 0, len(code))
	for i := 0; i < len(code); i++ {
		n := 0
		if code[i].op == opI32Const && i+1 < len(code) {
			n = code[i].imm
		}
		switch {
		case n > 0 && n <= mostMoved && slices.Equal(code[i+1].text, memoryCopy):
			out = append(out, number(opLocalSet, temp+fromLocal), number(opLocalSet, temp+toLocal))
			for _, m := range moves(n) {
				out = append(out, number(opLocalGet, temp+toLocal), number(opLocalGet, temp+fromLocal), number(m.load, m.at), number(m.store, m.at))
			}
			i++
		case n == 0 && i+2 < len(code) && code[i].op == opI32Const && code[i+1].op == opI32Const && code[i+1].imm > 0 && code[i+1].imm <= mostMoved &&
			slices.Equal(code[i+2].text, memoryFill):
			out = append(out, number(opLocalSet, temp+toLocal))
			for _, m := range moves(code[i+1].imm) {
				out = append(out, number(opLocalGet, temp+toLocal), number(opI64Const, 0), number(m.store, m.at))
			}
			i += 2
		default:
			out = append(out, code[i])
		}
	}
	return out
}

// move is an access of some bytes at an offset.
type move struct {
	load, store byte
	at          int
}

// widths are the accesses by which an i64 is read and written.
var widths = []struct {
	size        int
	load, store byte
}{{8, opI64Load, opI64Store}, {4, 0x35, 0x3e}, {2, 0x33, 0x3d}, {1, 0x31, 0x3c}}

// moves are accesses to n bytes, the last first. They overlap where n isn't a multiple of their width.
func moves(n int) []move {
	var out []move
	for _, w := range widths {
		if w.size > n {
			continue
		}
		for at := n - w.size; at > 0; at -= w.size {
			out = append(out, move{w.load, w.store, at})
		}
		return append(out, move{w.load, w.store, 0})
	}
	return nil
}

// Bodies of Go's two functions for blocks of memory. They have no frame: after the return address come the arguments.
var (
	memmoveBody = pattern{{op: opGlobalGet}, {op: opLocalSet, imm: 1},
		{op: opLocalGet, imm: 1}, {op: opI64Load, imm: 8}, {op: opLocalSet, imm: 2},
		{op: opLocalGet, imm: 1}, {op: opI64Load, imm: 16}, {op: opLocalSet, imm: 3},
		{op: opLocalGet, imm: 1}, {op: opI64Load, imm: 24}, {op: opLocalSet, imm: 4},
		{op: opLocalGet, imm: 2}, {op: opI32WrapI64}, {op: opLocalGet, imm: 3}, {op: opI32WrapI64}, {op: opLocalGet, imm: 4}, {op: opI32WrapI64},
		{op: opPrefixed}}
	memclrBody = pattern{{op: opGlobalGet}, {op: opLocalSet, imm: 1},
		{op: opLocalGet, imm: 1}, {op: opI64Load, imm: 8}, {op: opLocalSet, imm: 2},
		{op: opLocalGet, imm: 1}, {op: opI64Load, imm: 16}, {op: opLocalSet, imm: 3},
		{op: opLocalGet, imm: 2}, {op: opI32WrapI64}, {op: opI32Const}, {op: opLocalGet, imm: 3}, {op: opI32WrapI64},
		{op: opPrefixed}}
)

// replaceMoves gives these functions bodies that move few bytes themselves.
func (c *code) replaceMoves() error {
	for i, body := range c.bodies {
		var want pattern
		var with []byte
		switch c.names[c.imports+i] {
		case "runtime.memmove":
			want, with = memmoveBody, smallMove(true)
		case "runtime.memclrNoHeapPointers":
			want, with = memclrBody, smallMove(false)
		default:
			continue
		}
		if _, have, err := parseBody(body); err != nil || !want.matches(have) {
			return errors.New(c.names[c.imports+i] + " isn't what it was")
		}
		c.bodies[i] = with
	}
	return nil
}

// Locals of the two bodies: where to, where from, how many bytes; their ends less the width of what is moved; and bytes.
const (
	moveTo = 2 + iota
	moveFrom
	moveSize
	moveToEnd
	moveFromEnd
	moveBytes
)

// smallMove is the body of memmove, or of memclrNoHeapPointers. It reads all before it writes any, as places may overlap.
func smallMove(copies bool) []byte {
	const most = 8 // words
	b := bodyBuilder{copies: copies}
	b.text = append(b.text, 2, 6, typeI32, most, typeI64)
	b.add(number(opGlobalGet, spGlobal), number(opLocalSet, spLocal))
	args := []int{moveTo, moveSize}
	if copies {
		args = []int{moveTo, moveFrom, moveSize}
	}
	for i, local := range args {
		b.add(number(opLocalGet, spLocal), number(opI32Load, slot+8*i), number(opLocalSet, local))
	}
	b.add(number(opLocalGet, spLocal), number(opI32Const, slot), plain(opI32Add), number(opGlobalSet, spGlobal))
	for _, words := range []int{8, 4, 2} { // more than half of so many
		b.ifBetween(4*words+1, 8*words)
		b.ends(words/2, 0)
		b.done()
	}
	b.ifBetween(8, 8)
	b.ends(1, 0)
	b.done()
	for i := 1; i < len(widths); i++ {
		b.ifBetween(widths[i].size, widths[i-1].size-1)
		b.ends(1, i)
		b.done()
	}
	b.add(number(opLocalGet, moveSize), number(opIf, blockTypeVoid), number(opLocalGet, moveTo))
	if copies {
		b.add(number(opLocalGet, moveFrom), number(opLocalGet, moveSize), instruction{text: memoryCopy})
	} else {
		b.add(number(opI32Const, 0), number(opLocalGet, moveSize), instruction{text: memoryFill})
	}
	b.add(plain(opEnd), number(opI32Const, 0), plain(opEnd))
	return b.text
}

type bodyBuilder struct {
	text   []byte
	copies bool
}

func (b *bodyBuilder) add(list ...instruction) {
	for _, in := range list {
		b.text = append(b.text, in.text...)
	}
}

// ifBetween opens an if for sizes from least to most.
func (b *bodyBuilder) ifBetween(least, most int) {
	const leU = 0x4d
	b.add(number(opLocalGet, moveSize), number(opI32Const, least), plain(opI32Sub), number(opI32Const, most-least), plain(leU), number(opIf, blockTypeVoid))
}

func (b *bodyBuilder) done() { b.add(number(opI32Const, 0), plain(opReturn), plain(opEnd)) }

// ends moves so many accesses of a width from the start and as many up to the end.
func (b *bodyBuilder) ends(accesses, width int) {
	w := widths[width]
	end := func(from, to int) {
		b.add(number(opLocalGet, from), number(opLocalGet, moveSize), plain(opI32Add), number(opI32Const, accesses*w.size), plain(opI32Sub), number(opLocalSet, to))
	}
	end(moveTo, moveToEnd)
	if b.copies {
		end(moveFrom, moveFromEnd)
	}
	for i := 2*accesses - 1; i >= 0 && b.copies; i-- {
		from := moveFrom
		if i >= accesses {
			from = moveFromEnd
		}
		b.add(number(opLocalGet, from), number(w.load, i%accesses*w.size), number(opLocalSet, moveBytes+i))
	}
	for i := 2*accesses - 1; i >= 0; i-- {
		to := moveTo
		if i >= accesses {
			to = moveToEnd
		}
		b.add(number(opLocalGet, to), number(opLocalGet, moveBytes+i), number(w.store, i%accesses*w.size))
	}
}
