package wire

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestAppendDecimal: a decimal is the number's value, and is refused where four digits don't hold that.
func TestAppendDecimal(t *testing.T) {
	for number, want := range map[string]string{
		"0": "0.0", "0.0": "0.0", "-0.0": "-0.0", "0e99": "0.0", "0.000e-99999999999": "0.0", "1": "1.0", "1.5": "1.5", "-1.50000": "-1.5", "12e-4": "0.0012", "1.2E+3": "1200.0",
		"0.0001": "0.0001", "100e-6": "0.0001", "123456789012345": "123456789012345.0", "0.00001": "", "1e-5": "", "1.00001": "", "1e15": "", "1e400": "", "1e-400": "", "1e99999999999999999999": "",
	} {
		got, ok := appendDecimal(nil, []byte(number))
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%s: %s, %v, want %s", number, got, ok, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		want, _ := new(big.Rat).SetString(number)
		got, ok := appendDecimal(nil, []byte(number))
		scaled := new(big.Rat).Mul(want, big.NewRat(10_000, 1))
		holds := scaled.IsInt() && new(big.Rat).Abs(want).Cmp(big.NewRat(1_000_000_000_000_000, 1)) < 0
		if ok != holds {
			t.Fatalf("%s: %v, want %v", number, ok, holds)
		}
		if value, _ := new(big.Rat).SetString(string(got)); ok && value.Cmp(want) != 0 {
			t.Fatalf("%s: %s", number, got)
		}
	})
}
