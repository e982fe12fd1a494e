package join

import "github.com/rune-authz/rune/engine/internal/value"

// matrix is a set of pairs of values that lie in narrow ranges: a bit for each pair that may be.
type matrix struct {
	low   [2]value.Value
	width uint64 // of the second range
	bits  []uint64
}

const (
	mostCells    = 1 << 26 // of a matrix: 8 MiB
	cellsPerRow  = 1 << 9  // that is read
	alwaysNarrow = 1 << 12
)

// newMatrix returns an empty matrix for pairs from two ranges, or nil if it would be large beside the rows that are read.
func newMatrix(x, y Range, rows int) *matrix {
	if x.Size() == 0 || y.Size() == 0 || x.Size() > min(mostCells, alwaysNarrow+cellsPerRow*rows)/y.Size() {
		return nil
	}
	return &matrix{low: [2]value.Value{x.Low, y.Low}, width: uint64(y.Size()), bits: make([]uint64, (x.Size()*y.Size()+63)/64)}
}

// add adds a pair, which lies in the ranges.
func (m *matrix) add(x, y value.Value) {
	at := uint64(x-m.low[0])*m.width + uint64(y-m.low[1])
	m.bits[at>>6] |= 1 << (at & 63)
}

// has says of each pair whether it is in the set.
func (m *matrix) has(mask []bool, xs, ys []value.Value) {
	xs, ys = xs[:len(mask)], ys[:len(mask)]
	all, low, width := m.bits, m.low, m.width
	for i := range mask {
		row, column := uint64(xs[i]-low[0]), uint64(ys[i]-low[1])
		at := row*width + column
		mask[i] = column < width && at>>6 < uint64(len(all)) && all[at>>6]>>(at&63)&1 != 0
	}
}

// addNew adds pairs, which lie in the ranges, and appends those that are new.
func (m *matrix) addNew(rows, xs, ys []value.Value) []value.Value {
	ys = ys[:len(xs)]
	all, low, width := m.bits, m.low, m.width
	for i, x := range xs {
		y := ys[i]
		at := uint64(x-low[0])*width + uint64(y-low[1])
		if all[at>>6]>>(at&63)&1 == 0 {
			all[at>>6] |= 1 << (at & 63)
			rows = append(rows, x, y)
		}
	}
	return rows
}

// addRun is addNew for pairs of one value, the first unless second is false, and each of some others.
func (m *matrix) addRun(rows []value.Value, one value.Value, others []value.Value, second bool) []value.Value {
	all, from, step := m.bits, uint64(one-m.low[1])-uint64(m.low[0])*m.width, m.width
	if second {
		from, step = uint64(one-m.low[0])*m.width-uint64(m.low[1]), 1
	}
	for _, v := range others {
		at := from + uint64(v)*step
		if all[at>>6]>>(at&63)&1 != 0 {
			continue
		}
		all[at>>6] |= 1 << (at & 63)
		if second {
			rows = append(rows, one, v)
		} else {
			rows = append(rows, v, one)
		}
	}
	return rows
}
