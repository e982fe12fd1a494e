package value

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// Table interns values. It only grows, except that [Table.Reset] takes back everything since a [Table.Mark]: what a
// request brought. A Table is not safe for concurrent use.
type Table struct {
	// Work grows by the length of every text that an operation reads or makes; evaluators count steps with it.
	Work int
	// Made grows by the bytes that the contents of values take, with each value that is made, be it new to the table or not: it depends on nothing
	// that was made before, as what the table grows by would. Callers set it back.
	Made int
	// MaxString is the longest string in bytes that an operation may make; 0 is [MaxString].
	MaxString int
	// Pause, if given, is called every so often while texts are read and interned: see [Table.Spend].
	Pause func()
	// Hush lets operations that raise say only that they do, which costs no memory. Callers set it while they ask no more.
	Hush bool
	// Overlong is set when an operation ran into MaxString, and left for the evaluator to clear.
	Overlong bool

	key      Key
	patterns patternCache

	bytes   arena
	strings struct {
		interner
		text []extent
	}
	scalars [4]struct { // long, decimal, datetime, duration
		interner
		v []int64
	}
	ips struct {
		interner
		v []netip.Prefix
	}
	entities struct {
		interner
		uid []uid
	}
	lists [2]struct { // set members in order; record keys and values in turn, by key
		interner
		at    []uint32
		n     []uint32
		items []Value
		// depth and weight of each list: see Bounded
		depth  []uint16
		weight []uint32
	}
	scratch []Value

	message    message  // of the faults that were made
	faults     []*Fault // that are used again
	faultsUsed int
	reuse      bool
	members    []Value
	text       []byte
	word       []byte // of a command line
	paths      [2][]byte
	unspent    int // until the next pause
}

// extent is where a string lies in the arena.
type extent struct{ at, n uint32 }

// uid is an entity's type and id, strings.
type uid struct{ typ, id Value }

// Between two pauses, some hundred microseconds in wasm, pauseBytes are gone through. Interning a string costs as much as going through internBytes.
const (
	pauseBytes  = 1 << 15
	internBytes = 32
)

// Spend counts n bytes that were gone through, and pauses when there have been many. Strings count when they are interned.
func (t *Table) Spend(n int) {
	if t.unspent -= n; t.unspent >= 0 {
		return
	}
	t.unspent = pauseBytes
	if t.Pause != nil {
		t.Pause()
	}
}

// NewTable returns an empty table whose hashes are keyed by key.
func NewTable(key Key) *Table { return &Table{key: key} }

// Mark is a state of a table to which Reset can return.
type Mark struct {
	bytes    arenaMark
	strings  int
	scalars  [4]int
	ips      int
	entities int
	lists    [2]int
	items    [2]int
}

// Mark notes the table's state.
func (t *Table) Mark() Mark {
	m := Mark{bytes: t.bytes.mark(), strings: len(t.strings.text), ips: len(t.ips.v), entities: len(t.entities.uid)}
	for i := range t.scalars {
		m.scalars[i] = len(t.scalars[i].v)
	}
	for i := range t.lists {
		m.lists[i], m.items[i] = len(t.lists[i].at), len(t.lists[i].items)
	}
	return m
}

// Knows reports whether the table had the entity v when m was noted.
func (m *Mark) Knows(v Value) bool { return int(v.index()) < m.entities }

// Reset takes back all values interned since m was noted. Their handles have no meaning any more.
func (t *Table) Reset(m Mark) {
	t.bytes.reset(m.bytes)
	t.strings.truncate(m.strings)
	t.strings.text = t.strings.text[:m.strings]
	for i := range t.scalars {
		s := &t.scalars[i]
		s.truncate(m.scalars[i])
		s.v = s.v[:m.scalars[i]]
	}
	t.ips.truncate(m.ips)
	t.ips.v = t.ips.v[:m.ips]
	t.entities.truncate(m.entities)
	t.entities.uid = t.entities.uid[:m.entities]
	for i := range t.lists {
		l := &t.lists[i]
		l.truncate(m.lists[i])
		l.at, l.n, l.items = l.at[:m.lists[i]], l.n[:m.lists[i]], l.items[:m.items[i]]
		l.depth, l.weight = l.depth[:m.lists[i]], l.weight[:m.lists[i]]
	}
}

// Size returns the bytes that the table grew by since m, contents alone. It depends on what the table had before; Made doesn't.
func (t *Table) Size(m Mark) int {
	n := t.bytes.used() - m.bytes.used
	n += 8 * (len(t.strings.text) - m.strings)
	for i := range t.scalars {
		n += 8 * (len(t.scalars[i].v) - m.scalars[i])
	}
	n += 32 * (len(t.ips.v) - m.ips)
	n += 8 * (len(t.entities.uid) - m.entities)
	for i := range t.lists {
		n += 14*(len(t.lists[i].at)-m.lists[i]) + 4*(len(t.lists[i].items)-m.items[i])
	}
	return n
}

// Bytes returns the memory that the table holds.
func (t *Table) Bytes() int {
	n := t.bytes.held() + t.strings.bytes() + 8*cap(t.strings.text)
	for i := range t.scalars {
		n += t.scalars[i].bytes() + 8*cap(t.scalars[i].v)
	}
	n += t.ips.bytes() + int(unsafe.Sizeof(netip.Prefix{}))*cap(t.ips.v)
	n += t.entities.bytes() + 8*cap(t.entities.uid)
	for i := range t.lists {
		n += t.lists[i].bytes() + 4*(cap(t.lists[i].at)+cap(t.lists[i].n)+cap(t.lists[i].items)+cap(t.lists[i].weight)) + 2*cap(t.lists[i].depth)
	}
	return n
}

// StringBytes interns the string b, which is copied.
func (t *Table) StringBytes(b []byte) Value {
	t.Spend(len(b) + internBytes)
	t.Made += len(b) + 8
	h := t.key.hashBytes(b)
	e, ok := t.findString(h, b)
	if !ok {
		at := t.bytes.put(b)
		e = t.strings.add(h)
		t.strings.text = push(t.strings.text, extent{at, uint32(len(b))})
	}
	return handle(KindString, e)
}

// String interns s.
func (t *Table) String(s string) Value {
	return t.StringBytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// FindString returns the handle of b if the table has it, without interning it.
func (t *Table) FindString(b []byte) (Value, bool) {
	e, ok := t.findString(t.key.hashBytes(b), b)
	return handle(KindString, e), ok
}

// findString is [interner.find] without a call for each entry that it meets: most of a load's time goes here.
func (t *Table) findString(hash uint32, b []byte) (uint32, bool) {
	slots := t.strings.slots
	if len(slots) == 0 {
		return 0, false
	}
	mask := uint32(len(slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := slots[i]
		if s == 0 {
			return 0, false
		}
		if e := s&mask - 1; (s^hash)&^mask == 0 && equal(b, t.stringAt(e)) {
			return e, true
		}
	}
}

func (t *Table) stringAt(e uint32) []byte {
	x := t.strings.text[e]
	return t.bytes.get(x.at, x.n)
}

// Text returns the bytes of a string. They belong to the table and last until a Reset before v.
func (t *Table) Text(v Value) []byte { return t.stringAt(v.index()) }

// TextString returns a copy of a string's text.
func (t *Table) TextString(v Value) string { return string(t.Text(v)) }

// TextView returns a string's text without copying it. It lasts until a Reset before v.
func (t *Table) TextView(v Value) string {
	b := t.Text(v)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Long returns the handle of a long.
func (t *Table) Long(i int64) Value {
	if i >= minInline && i <= maxInline {
		return handle(KindLong, uint32(i)&(longIndexed-1))
	}
	return handle(KindLong, t.scalar(0, i)|longIndexed)
}

// LongOf returns the content of a long.
func (t *Table) LongOf(v Value) int64 {
	if v&longIndexed != 0 {
		return t.scalars[0].v[v&(longIndexed-1)]
	}
	return int64(int32(v<<5) >> 5)
}

// Decimal returns the handle of a decimal given in ten-thousandths.
func (t *Table) Decimal(tenThousandths int64) Value {
	return handle(KindDecimal, t.scalar(1, tenThousandths))
}

// Datetime returns the handle of an instant in milliseconds since 1970-01-01T00:00:00Z.
func (t *Table) Datetime(ms int64) Value { return handle(KindDatetime, t.scalar(2, ms)) }

// Duration returns the handle of a duration in milliseconds.
func (t *Table) Duration(ms int64) Value { return handle(KindDuration, t.scalar(3, ms)) }

// DecimalOf returns the content of a decimal, in ten-thousandths.
func (t *Table) DecimalOf(v Value) int64 { return t.scalars[1].v[v.index()] }

// DatetimeOf returns the content of a datetime, in milliseconds since 1970.
func (t *Table) DatetimeOf(v Value) int64 { return t.scalars[2].v[v.index()] }

// DurationOf returns the content of a duration, in milliseconds.
func (t *Table) DurationOf(v Value) int64 { return t.scalars[3].v[v.index()] }

func (t *Table) scalar(slab int, i int64) uint32 {
	t.Made += 8
	s := &t.scalars[slab]
	h := t.key.hashPair(uint64(i), uint64(slab))
	e, ok := s.find(h, func(e uint32) bool { return s.v[e] == i })
	if !ok {
		e = s.add(h)
		s.v = append(s.v, i)
	}
	return e
}

// IP returns the handle of an address or network; a single address is a prefix of full length. Host bits count, as in Cedar.
func (t *Table) IP(p netip.Prefix) Value {
	t.Made += 32
	a := p.Addr().As16()
	var content [18]byte
	copy(content[:], a[:])
	content[16] = byte(p.Bits())
	if p.Addr().Is4() {
		content[17] = 4
	}
	h := t.key.hashBytes(content[:])
	e, ok := t.ips.find(h, func(e uint32) bool { return t.ips.v[e] == p })
	if !ok {
		e = t.ips.add(h)
		t.ips.v = append(t.ips.v, p)
	}
	return handle(KindIP, e)
}

// IPOf returns the content of an ip.
func (t *Table) IPOf(v Value) netip.Prefix { return t.ips.v[v.index()] }

// Entity returns the handle of an entity; typ and id are strings of the table.
func (t *Table) Entity(typ, id Value) Value {
	t.Made += 8
	h := t.key.hashPair(uint64(typ), uint64(id))
	u := uid{typ, id}
	e, ok := t.findEntity(h, u)
	if !ok {
		e = t.entities.add(h)
		t.entities.uid = push(t.entities.uid, u)
	}
	return handle(KindEntity, e)
}

// findEntity is [interner.find] without a call for each entry that it meets.
func (t *Table) findEntity(hash uint32, u uid) (uint32, bool) {
	slots := t.entities.slots
	if len(slots) == 0 {
		return 0, false
	}
	mask := uint32(len(slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := slots[i]
		if s == 0 {
			return 0, false
		}
		if e := s&mask - 1; (s^hash)&^mask == 0 && t.entities.uid[e] == u {
			return e, true
		}
	}
}

// EntityOf interns the entity typ::"id".
func (t *Table) EntityOf(typ, id string) Value { return t.Entity(t.String(typ), t.String(id)) }

// EntityType returns the type of an entity, a string such as App::User.
func (t *Table) EntityType(v Value) Value { return t.entities.uid[v.index()].typ }

// EntityID returns the id of an entity, a string.
func (t *Table) EntityID(v Value) Value { return t.entities.uid[v.index()].id }

// Set interns the set of members, which may repeat and stand in any order. The slice is not kept.
func (t *Table) Set(members []Value) Value {
	s := append(t.scratch[:0], members...)
	slices.SortFunc(s, t.Compare)
	s = slices.Compact(s)
	t.scratch = s
	return handle(KindSet, t.list(0, s))
}

// Members returns the members of a set, sorted, each once. The slice belongs to the table.
func (t *Table) Members(v Value) []Value { return t.listAt(0, v.index()) }

// Record interns a record from keys and values in turn, keys being distinct strings in any order. The slice is not kept.
func (t *Table) Record(fields []Value) Value {
	s := append(t.scratch[:0], fields...)
	t.scratch = s
	if len(s) > 2*smallRecord {
		sort.Sort((*byKey)(t))
	} else {
		t.insertionSort(s)
	}
	return handle(KindRecord, t.list(1, s))
}

// smallRecord is the number of fields up to which the simple way of sorting and finding them is as fast as the other.
const smallRecord = 24

func (t *Table) insertionSort(s []Value) {
	for i := 2; i < len(s); i += 2 {
		for j := i; j > 0 && t.Compare(s[j], s[j-2]) < 0; j -= 2 {
			s[j], s[j-2], s[j+1], s[j-1] = s[j-2], s[j], s[j-1], s[j+1]
		}
	}
}

// byKey sorts the fields in a table's scratch space.
type byKey Table

func (b *byKey) Len() int { return len(b.scratch) / 2 }

func (b *byKey) Less(i, j int) bool { return (*Table)(b).Compare(b.scratch[2*i], b.scratch[2*j]) < 0 }

func (b *byKey) Swap(i, j int) {
	s := b.scratch
	s[2*i], s[2*j], s[2*i+1], s[2*j+1] = s[2*j], s[2*i], s[2*j+1], s[2*i+1]
}

// Fields returns a record's keys and values in turn, by key. The slice belongs to the table.
func (t *Table) Fields(v Value) []Value { return t.listAt(1, v.index()) }

// Field returns the value of a record's key, or None.
func (t *Table) Field(record, key Value) Value {
	f := t.Fields(record)
	if len(f) > 2*smallRecord {
		i := sort.Search(len(f)/2, func(i int) bool { return t.Compare(f[2*i], key) >= 0 })
		if f = f[2*i:]; len(f) > 2 {
			f = f[:2]
		}
	}
	for i := 0; i < len(f); i += 2 {
		if f[i] == key {
			return f[i+1]
		}
	}
	return None
}

func (t *Table) list(slab int, s []Value) uint32 {
	t.Made += 14 + 4*len(s)
	l := &t.lists[slab]
	h := t.key.hashWords(s)
	e, ok := l.find(h, func(e uint32) bool { return slices.Equal(t.listAt(slab, e), s) })
	if !ok {
		e = l.add(h)
		l.at = append(l.at, uint32(len(l.items)))
		l.n = append(l.n, uint32(len(s)))
		l.items = append(l.items, s...)
		depth, weight := t.measure(s)
		l.depth, l.weight = append(l.depth, depth), append(l.weight, weight)
	}
	return e
}

func (t *Table) listAt(slab int, e uint32) []Value {
	l := &t.lists[slab]
	return l.items[l.at[e]:][:l.n[e]:l.n[e]]
}

// Compare orders values by kind, then content: false before true, numbers by size, strings bytewise, entities by type, then
// id, sets and records element by element. It is a total order on values, independent of interning.
func (t *Table) Compare(a, b Value) int {
	if a == b {
		return 0
	}
	ka, kb := a.Kind(), b.Kind()
	if ka != kb {
		return cmp.Compare(ka, kb)
	}
	switch ka {
	case KindLong:
		return cmp.Compare(t.LongOf(a), t.LongOf(b))
	case KindString:
		return bytes.Compare(t.Text(a), t.Text(b))
	case KindDecimal:
		return cmp.Compare(t.DecimalOf(a), t.DecimalOf(b))
	case KindDatetime:
		return cmp.Compare(t.DatetimeOf(a), t.DatetimeOf(b))
	case KindDuration:
		return cmp.Compare(t.DurationOf(a), t.DurationOf(b))
	case KindIP:
		p, q := t.IPOf(a), t.IPOf(b)
		return cmp.Or(p.Addr().Compare(q.Addr()), cmp.Compare(p.Bits(), q.Bits()))
	case KindEntity:
		return cmp.Or(t.Compare(t.EntityType(a), t.EntityType(b)), t.Compare(t.EntityID(a), t.EntityID(b)))
	case KindSet:
		return slices.CompareFunc(t.Members(a), t.Members(b), t.Compare)
	case KindRecord:
		return slices.CompareFunc(t.Fields(a), t.Fields(b), t.Compare)
	}
	return cmp.Compare(a, b)
}

// CompareRows orders rows column by column.
func (t *Table) CompareRows(a, b []Value) int { return slices.CompareFunc(a, b, t.Compare) }

// IsTypePath reports whether s can be an entity type: identifiers joined by "::".
func IsTypePath(s string) bool {
	for part := range strings.SplitSeq(s, "::") {
		if part == "" || part[0] >= '0' && part[0] <= '9' {
			return false
		}
		for i := range len(part) {
			if c := part[i]; c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}
