package version

import (
	"regexp"
	"testing"
)

func TestString_semantic(t *testing.T) {
	if v := String(); !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(v) {
		t.Errorf("String() = %q, not of the form 1.2.3", v)
	}
}
