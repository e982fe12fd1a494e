package value

// Kinds is a set of kinds, as a bit for each.
type Kinds uint16

// Sets of kinds that signatures use.
const (
	AnyKind     Kinds = 1<<(KindRecord+1) - 1
	Bools       Kinds = 1 << KindBool
	Longs       Kinds = 1 << KindLong
	Decimals    Kinds = 1 << KindDecimal
	Strings     Kinds = 1 << KindString
	Datetimes   Kinds = 1 << KindDatetime
	Durations   Kinds = 1 << KindDuration
	IPs         Kinds = 1 << KindIP
	Entities    Kinds = 1 << KindEntity
	Sets        Kinds = 1 << KindSet
	Records     Kinds = 1 << KindRecord
	OrderedKind Kinds = Longs | Decimals | Strings | Datetimes | Durations
)

// Has reports whether k is in the set.
func (ks Kinds) Has(k Kind) bool { return ks>>k&1 == 1 }

// Signature says what an operation takes and gives.
type Signature struct {
	// Name is a method's name or an operator's sign.
	Name string
	// Args are the kinds of the arguments, the receiver first.
	Args []Kinds
	// Result is the kind of the result; sets don't tell of what.
	Result Kinds
	// Method reports whether Name is called as a method.
	Method bool
	// CanRaise reports whether the operation may raise on arguments of these kinds: an order does on two kinds.
	CanRaise bool
	// Makes reports whether results may be values that no argument holds, so that recursion through it may not end.
	Makes bool
}

var signatures = [opCount]Signature{
	OpAdd:       {"+", []Kinds{Longs, Longs}, Longs, false, true, true},
	OpSub:       {"-", []Kinds{Longs, Longs}, Longs, false, true, true},
	OpMul:       {"*", []Kinds{Longs, Longs}, Longs, false, true, true},
	OpDiv:       {"/", []Kinds{Longs, Longs}, Longs, false, true, true},
	OpMod:       {"%", []Kinds{Longs, Longs}, Longs, false, true, true},
	OpNeg:       {"-", []Kinds{Longs}, Longs, false, true, true},
	OpNot:       {"!", []Kinds{Bools}, Bools, false, false, false},
	OpEq:        {"==", []Kinds{AnyKind, AnyKind}, Bools, false, false, false},
	OpNe:        {"!=", []Kinds{AnyKind, AnyKind}, Bools, false, false, false},
	OpLess:      {"<", []Kinds{OrderedKind, OrderedKind}, Bools, false, true, false},
	OpLessEq:    {"<=", []Kinds{OrderedKind, OrderedKind}, Bools, false, true, false},
	OpGreater:   {">", []Kinds{OrderedKind, OrderedKind}, Bools, false, true, false},
	OpGreaterEq: {">=", []Kinds{OrderedKind, OrderedKind}, Bools, false, true, false},

	OpEntityID:   {"entityId", []Kinds{Entities}, Strings, false, false, false},
	OpEntityType: {"entityType", []Kinds{Entities}, Strings, false, false, false},
	OpToString:   {"toString", []Kinds{AnyKind}, Strings, true, true, true},

	OpContains:              {"contains", []Kinds{Sets, AnyKind}, Bools, true, false, false},
	OpContainsAll:           {"containsAll", []Kinds{Sets, Sets}, Bools, true, false, false},
	OpContainsAny:           {"containsAny", []Kinds{Sets, Sets}, Bools, true, false, false},
	OpIsEmpty:               {"isEmpty", []Kinds{Sets}, Bools, true, false, false},
	OpDecLessThan:           {"lessThan", []Kinds{Decimals, Decimals}, Bools, true, false, false},
	OpDecLessThanOrEqual:    {"lessThanOrEqual", []Kinds{Decimals, Decimals}, Bools, true, false, false},
	OpDecGreaterThan:        {"greaterThan", []Kinds{Decimals, Decimals}, Bools, true, false, false},
	OpDecGreaterThanOrEqual: {"greaterThanOrEqual", []Kinds{Decimals, Decimals}, Bools, true, false, false},
	OpIsIpv4:                {"isIpv4", []Kinds{IPs}, Bools, true, false, false},
	OpIsIpv6:                {"isIpv6", []Kinds{IPs}, Bools, true, false, false},
	OpIsLoopback:            {"isLoopback", []Kinds{IPs}, Bools, true, false, false},
	OpIsMulticast:           {"isMulticast", []Kinds{IPs}, Bools, true, false, false},
	OpIsInRange:             {"isInRange", []Kinds{IPs, IPs}, Bools, true, false, false},
	OpOffset:                {"offset", []Kinds{Datetimes, Durations}, Datetimes, true, true, true},
	OpDurationSince:         {"durationSince", []Kinds{Datetimes, Datetimes}, Durations, true, true, true},
	OpToDate:                {"toDate", []Kinds{Datetimes}, Datetimes, true, true, true},
	OpToTime:                {"toTime", []Kinds{Datetimes}, Durations, true, false, true},
	OpToMilliseconds:        {"toMilliseconds", []Kinds{Durations}, Longs, true, false, true},
	OpToSeconds:             {"toSeconds", []Kinds{Durations}, Longs, true, false, true},
	OpToMinutes:             {"toMinutes", []Kinds{Durations}, Longs, true, false, true},
	OpToHours:               {"toHours", []Kinds{Durations}, Longs, true, false, true},
	OpToDays:                {"toDays", []Kinds{Durations}, Longs, true, false, true},
	OpParseDecimal:          {"decimal", []Kinds{Strings}, Decimals, false, true, true},
	OpParseIP:               {"ip", []Kinds{Strings}, IPs, false, true, true},
	OpParseDatetime:         {"datetime", []Kinds{Strings}, Datetimes, false, true, true},
	OpParseDuration:         {"duration", []Kinds{Strings}, Durations, false, true, true},

	OpStartsWith:    {"startsWith", []Kinds{Strings, Strings}, Bools, true, false, false},
	OpEndsWith:      {"endsWith", []Kinds{Strings, Strings}, Bools, true, false, false},
	OpHasSubstring:  {"hasSubstring", []Kinds{Strings, Strings}, Bools, true, false, false},
	OpMatches:       {"matches", []Kinds{Strings, Strings}, Bools, true, true, false},
	OpLower:         {"lower", []Kinds{Strings}, Strings, true, false, true},
	OpUpper:         {"upper", []Kinds{Strings}, Strings, true, false, true},
	OpLength:        {"length", []Kinds{Strings}, Longs, true, false, true},
	OpReplace:       {"replace", []Kinds{Strings, Strings, Strings}, Strings, true, true, true},
	OpTrim:          {"trim", []Kinds{Strings}, Strings, true, false, true},
	OpConcat:        {"concat", []Kinds{Strings, Strings}, Strings, true, true, true},
	OpSubstring:     {"substring", []Kinds{Strings, Longs, Longs}, Strings, true, true, true},
	OpToLong:        {"toLong", []Kinds{Strings}, Longs, true, true, true},
	OpSize:          {"size", []Kinds{Sets}, Longs, true, false, true},
	OpUnion:         {"union", []Kinds{Sets, Sets}, Sets, true, false, true},
	OpIntersection:  {"intersection", []Kinds{Sets, Sets}, Sets, true, false, true},
	OpDifference:    {"difference", []Kinds{Sets, Sets}, Sets, true, false, true},
	OpClean:         {"clean", []Kinds{Strings}, Strings, true, true, true},
	OpIsUnder:       {"isUnder", []Kinds{Strings, Strings}, Bools, true, true, false},
	OpBase:          {"base", []Kinds{Strings}, Strings, true, true, true},
	OpDir:           {"dir", []Kinds{Strings}, Strings, true, true, true},
	OpExt:           {"ext", []Kinds{Strings}, Strings, true, true, true},
	OpURLScheme:     {"scheme", []Kinds{Strings}, Strings, true, true, true},
	OpURLHost:       {"host", []Kinds{Strings}, Strings, true, true, true},
	OpURLPort:       {"port", []Kinds{Strings}, Longs, true, true, true},
	OpURLPath:       {"path", []Kinds{Strings}, Strings, true, true, true},
	OpIsSubdomainOf: {"isSubdomainOf", []Kinds{Strings, Strings}, Bools, true, true, false},
}

// Signature returns what op takes and gives. The slice in it must not be changed.
func (op Op) Signature() Signature { return signatures[op] }

// String returns the operation's name in the language.
func (op Op) String() string { return signatures[op].Name }

// Method finds the operation that a method name stands for.
func Method(name string) (Op, bool) {
	for op := range opCount {
		if signatures[op].Method && signatures[op].Name == name {
			return op, true
		}
	}
	return 0, false
}

// MethodNames returns the names of all methods.
func MethodNames() []string {
	var out []string
	for op := range opCount {
		if signatures[op].Method {
			out = append(out, signatures[op].Name)
		}
	}
	return out
}
