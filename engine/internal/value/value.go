// Package value is the table of interned values that Datalog and Cedar share.
package value

// Value is a handle to an interned value. Two handles of one [Table] are equal exactly where the values are.
// The top four bits are the [Kind], the rest is the content or an index into the table's slab of that kind.
type Value uint32

// Kind is the kind of a value. The order of the constants is the order of kinds in sorted output.
type Kind uint8

// The kinds of values, Cedar's.
const (
	KindBool Kind = iota
	KindLong
	KindDecimal
	KindString
	KindDatetime
	KindDuration
	KindIP
	KindEntity
	KindSet
	KindRecord
)

const (
	kindShift = 28
	payload   = 1<<kindShift - 1

	// longIndexed marks a long that lies in the slab; the others hold 27 bits of two's complement.
	longIndexed = 1 << 27
	minInline   = -(1 << 26)
	maxInline   = 1<<26 - 1
)

// Handles that need no table.
const (
	False Value = Value(KindBool) << kindShift
	True  Value = Value(KindBool)<<kindShift | 1

	// Unknown is the `?` of three-valued evaluation: some value, which an error hid. It is no value of the language.
	Unknown Value = 15 << kindShift
	// None is no value at all: an unbound variable, an absent attribute.
	None Value = 15<<kindShift | 1
)

// Kind returns the kind of v. It has no meaning for Unknown and None.
func (v Value) Kind() Kind { return Kind(v >> kindShift) }

// IsValue reports whether v is a value of the language: neither Unknown nor None.
func (v Value) IsValue() bool { return v>>kindShift != 15 }

func (v Value) index() uint32 { return uint32(v) & payload }

// Number is the place of a string or entity among those of its kind in its table, which are numbered from 0 as they are interned.
func (v Value) Number() int { return int(v.index()) }

func handle(k Kind, index uint32) Value { return Value(k)<<kindShift | Value(index) }

// Bool returns the handle of b.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

var kindNames = [...]string{"bool", "long", "decimal", "string", "datetime", "duration", "ip", "entity", "set", "record"}

// String returns the kind's name as messages and declarations spell it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Article returns the indefinite article that goes before the kind's name, with a blank.
func (k Kind) Article() string {
	if k == KindIP || k == KindEntity {
		return "an "
	}
	return "a "
}
