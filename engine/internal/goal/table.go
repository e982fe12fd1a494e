package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// table collects the answers of one goal.
type table struct {
	id    int32
	mode  mode
	pred  analysis.PredID // -1 for a query
	rules []int32
	arity int
	call  []value.Value // None where a column is free
	level int32
	depth int32
	// hard: all columns have values that the asker has settled, so that one answer tells all. A value that the asker merely filters by
	// doesn't settle a column: in P the goal's answer may be a `?` there, which passes tests that the value fails.
	hard     bool
	complete bool
	// errs: an error was met on the way, so that P may have more rows.
	errs bool

	rows   []value.Value
	n      int
	faults []*value.Fault // of P's rows, for which errors they may hold; nil for those that do hold

	other     *table // of T: P's table; of P: T's
	consumers []int32
	waiters   []int32
	grow      *grown // set: answers go into a relation instead
}

func (t *table) row(i int) []value.Value { return t.rows[i*t.arity : (i+1)*t.arity : (i+1)*t.arity] }

// faultOf returns the error for which a row may hold, nil where it does hold.
func (t *table) faultOf(i int) *value.Fault {
	if i < len(t.faults) {
		return t.faults[i]
	}
	return nil
}

// tableSet holds a request's tables, found by goal, and their rows, found by content. Hash slots carry the epoch of their request, so
// that a new one starts empty.
type tableSet struct {
	seed   uint64
	pauses *relation.Pauses
	epoch  uint32
	tables []*table
	used   int // of tables; the rest are left from earlier requests
	goals  []slot
	count  int // of goals
	rowSet []slot
	inRows int
}

// slot is a table, or a row of one.
type slot struct{ epoch, table, row uint32 }

const linearRows = 8 // up to which a table's rows are compared one by one

func (s *tableSet) reset() {
	s.used, s.count, s.inRows = 0, 0, 0
	s.epoch++
	if s.epoch == 0 {
		clear(s.goals)
		clear(s.rowSet)
		s.epoch = 1
	}
}

// take returns a fresh table.
func (s *tableSet) take() *table {
	if s.used == len(s.tables) {
		s.tables = append(s.tables, &table{})
	}
	t := s.tables[s.used]
	t.id, t.hard, t.complete, t.errs, t.n, t.other, t.grow = int32(s.used), false, false, false, 0, nil, nil // newTable sets the others
	t.call, t.rows, t.faults, t.consumers, t.waiters = t.call[:0], t.rows[:0], t.faults[:0], t.consumers[:0], t.waiters[:0]
	s.used++
	return t
}

func (s *tableSet) hash(h uint64, row []value.Value) uint64 {
	h ^= s.seed
	for _, v := range row {
		h = relation.Mix(h ^ uint64(v)*0x9e3779b97f4a7c15)
	}
	return h
}

// findGoal returns the T table of a goal, or the place for it.
func (s *tableSet) findGoal(pred analysis.PredID, call []value.Value, hard bool) (*table, int) {
	if len(s.goals) == 0 {
		s.goals = make([]slot, 256)
	}
	mask := len(s.goals) - 1
	for i := int(s.hash(goalKey(pred, hard), call)) & mask; ; i = (i + 1) & mask {
		if s.goals[i].epoch != s.epoch {
			return nil, i
		}
		if t := s.tables[s.goals[i].table]; t.pred == pred && t.hard == hard && slices.Equal(t.call, call) {
			return t, i
		}
	}
}

func goalKey(pred analysis.PredID, hard bool) uint64 {
	k := uint64(pred) << 1
	if hard {
		k |= 1
	}
	return relation.Mix(k)
}

func (s *tableSet) addGoal(t *table, place int) {
	s.goals[place] = slot{epoch: s.epoch, table: uint32(t.id)}
	s.count++
	if s.count*4 < len(s.goals)*3 {
		return
	}
	old := s.goals
	s.goals = make([]slot, 2*len(old))
	mask := len(s.goals) - 1
	for _, g := range old {
		if g.epoch == s.epoch {
			t := s.tables[g.table]
			i := int(s.hash(goalKey(t.pred, t.hard), t.call)) & mask
			for s.goals[i].epoch == s.epoch {
				i = (i + 1) & mask
			}
			s.goals[i] = g
		}
	}
}

// add adds a row and reports whether it is new.
func (s *tableSet) add(t *table, row []value.Value) bool {
	if t.n < linearRows {
		for i := range t.n {
			if slices.Equal(t.row(i), row) {
				return false
			}
		}
		t.rows = append(t.rows, row...)
		t.n++
		if t.n == linearRows {
			for i := range uint32(linearRows) {
				_, place := s.findRow(t, t.row(int(i)))
				s.addRow(t, i, place)
			}
		}
		return true
	}
	found, place := s.findRow(t, row)
	if found {
		return false
	}
	t.rows = append(t.rows, row...)
	t.n++
	s.addRow(t, uint32(t.n-1), place)
	return true
}

// contains reports whether a table has a row.
func (s *tableSet) contains(t *table, row []value.Value) bool {
	if t.n < linearRows {
		for i := range t.n {
			if slices.Equal(t.row(i), row) {
				return true
			}
		}
		return false
	}
	found, _ := s.findRow(t, row)
	return found
}

func (s *tableSet) findRow(t *table, row []value.Value) (bool, int) {
	if len(s.rowSet) == 0 {
		s.rowSet = make([]slot, 1024)
	}
	mask := len(s.rowSet) - 1
	for i := int(s.hash(uint64(t.id)<<32, row)) & mask; ; i = (i + 1) & mask {
		r := &s.rowSet[i]
		if r.epoch != s.epoch {
			return false, i
		}
		if r.table == uint32(t.id) && slices.Equal(t.row(int(r.row)), row) {
			return true, i
		}
	}
}

func (s *tableSet) addRow(t *table, row uint32, place int) {
	s.rowSet[place] = slot{epoch: s.epoch, table: uint32(t.id), row: row}
	s.inRows++
	if s.inRows*4 < len(s.rowSet)*3 {
		return
	}
	old := s.rowSet
	s.rowSet = make([]slot, 2*len(old))
	mask := len(s.rowSet) - 1
	for _, r := range old {
		s.pauses.Spend(1)
		if r.epoch == s.epoch {
			t := s.tables[r.table]
			i := int(s.hash(uint64(t.id)<<32, t.row(int(r.row)))) & mask
			for s.rowSet[i].epoch == s.epoch {
				i = (i + 1) & mask
			}
			s.rowSet[i] = r
		}
	}
}
