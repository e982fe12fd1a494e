package cedar

import "github.com/rune-authz/rune/engine/internal/value"

// extension is one of Cedar's extension functions.
type extension struct {
	op     value.Op
	args   int // the receiver counted
	method bool
}

// extensionOf finds an extension function by its name.
func extensionOf(name string) (extension, bool) {
	for _, e := range extensions() {
		if e.name == name {
			return e.extension, true
		}
	}
	return extension{}, false
}

// builtinMethod returns the number of arguments of a method of Cedar's core, its receiver not counted.
func builtinMethod(name string) (args int, ok bool) {
	switch name {
	case "contains", "containsAll", "containsAny", "hasTag", "getTag":
		return 1, true
	case "isEmpty":
		return 0, true
	}
	return 0, false
}

// extensionNames lists functions, or methods with those of Cedar's core.
func extensionNames(methods bool) []string {
	var out []string
	if methods {
		out = append(out, "contains", "containsAll", "containsAny", "hasTag", "getTag", "isEmpty")
	}
	for _, e := range extensions() {
		if e.method == methods {
			out = append(out, e.name)
		}
	}
	return out
}

type namedExtension struct {
	name string
	extension
}

func extensions() []namedExtension {
	return []namedExtension{
		{"ip", extension{value.OpParseIP, 1, false}},
		{"decimal", extension{value.OpParseDecimal, 1, false}},
		{"datetime", extension{value.OpParseDatetime, 1, false}},
		{"duration", extension{value.OpParseDuration, 1, false}},
		{"lessThan", extension{value.OpDecLessThan, 2, true}},
		{"lessThanOrEqual", extension{value.OpDecLessThanOrEqual, 2, true}},
		{"greaterThan", extension{value.OpDecGreaterThan, 2, true}},
		{"greaterThanOrEqual", extension{value.OpDecGreaterThanOrEqual, 2, true}},
		{"isIpv4", extension{value.OpIsIpv4, 1, true}},
		{"isIpv6", extension{value.OpIsIpv6, 1, true}},
		{"isLoopback", extension{value.OpIsLoopback, 1, true}},
		{"isMulticast", extension{value.OpIsMulticast, 1, true}},
		{"isInRange", extension{value.OpIsInRange, 2, true}},
		{"toDate", extension{value.OpToDate, 1, true}},
		{"toTime", extension{value.OpToTime, 1, true}},
		{"offset", extension{value.OpOffset, 2, true}},
		{"durationSince", extension{value.OpDurationSince, 2, true}},
		{"toDays", extension{value.OpToDays, 1, true}},
		{"toHours", extension{value.OpToHours, 1, true}},
		{"toMinutes", extension{value.OpToMinutes, 1, true}},
		{"toSeconds", extension{value.OpToSeconds, 1, true}},
		{"toMilliseconds", extension{value.OpToMilliseconds, 1, true}},
	}
}
