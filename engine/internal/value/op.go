package value

// Op is an operation whose result depends on its arguments' values alone.
type Op uint8

// The operations. Names are Cedar's where Cedar has them.
const (
	OpAdd Op = iota // long + long; raises on overflow, as do the next four
	OpSub
	OpMul
	OpDiv // truncates towards zero; raises on zero
	OpMod
	OpNeg
	OpNot
	OpEq // never raises
	OpNe
	OpLess // long, decimal, string (bytewise), datetime, duration: one ordered kind on both sides, else raises
	OpLessEq
	OpGreater
	OpGreaterEq
	OpEntityID
	OpEntityType
	OpToString // any value: strings as they are, entities and others as Cedar writes them
	// Cedar's: sets, decimals, ips, datetimes, durations.
	OpContains
	OpContainsAll
	OpContainsAny
	OpIsEmpty
	OpDecLessThan // lessThan, and so on: decimals alone
	OpDecLessThanOrEqual
	OpDecGreaterThan
	OpDecGreaterThanOrEqual
	OpIsIpv4
	OpIsIpv6
	OpIsLoopback
	OpIsMulticast
	OpIsInRange
	OpOffset
	OpDurationSince
	OpToDate
	OpToTime
	OpToMilliseconds
	OpToSeconds
	OpToMinutes
	OpToHours
	OpToDays
	OpParseDecimal // decimal(string), and so on, of a string
	OpParseIP
	OpParseDatetime
	OpParseDuration
	// Ours.
	OpStartsWith
	OpEndsWith
	OpHasSubstring
	OpMatches // RE2, the whole string
	OpLower
	OpUpper
	OpLength // code points
	OpReplace
	OpTrim
	OpConcat
	OpSubstring // substring(from, to), in code points
	OpToLong
	OpSize
	OpUnion
	OpIntersection
	OpDifference
	OpClean
	OpIsUnder
	OpBase
	OpDir
	OpExt
	OpURLScheme
	OpURLHost
	OpURLPort
	OpURLPath
	OpIsSubdomainOf
	opCount
)
