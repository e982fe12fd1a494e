// Package cedartest brings values of cedar-go's into a table, for tests that compare the engine with cedar-go.
package cedartest

import (
	"fmt"

	"github.com/cedar-policy/cedar-go/types"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Intern interns a value of cedar-go's.
func Intern(t *value.Table, v types.Value) value.Value {
	switch v := v.(type) {
	case types.Boolean:
		return value.Bool(bool(v))
	case types.Long:
		return t.Long(int64(v))
	case types.String:
		return t.String(string(v))
	case types.EntityUID:
		return t.EntityOf(string(v.Type), string(v.ID))
	case types.Set:
		var members []value.Value
		for m := range v.All() {
			members = append(members, Intern(t, m))
		}
		return t.Set(members)
	case types.Record:
		var fields []value.Value
		for k, f := range v.All() {
			fields = append(fields, t.String(string(k)), Intern(t, f))
		}
		return t.Record(fields)
	case types.Decimal:
		d, fault := t.Parse(value.OpParseDecimal, []byte(v.String()))
		if fault != nil {
			panic(fault.Message)
		}
		return d
	case types.IPAddr:
		return t.IP(v.Prefix())
	case types.Datetime:
		return t.Datetime(v.Milliseconds())
	case types.Duration:
		return t.Duration(v.ToMilliseconds())
	}
	panic(fmt.Sprintf("no value for a %T", v))
}
