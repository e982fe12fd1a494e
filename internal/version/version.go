// Package version knows the product's version, which stands in the file VERSION and nowhere else.
package version

import (
	_ "embed"
	"strings"
)

//go:embed VERSION
var file string

// String returns the version, such as "1.2.3".
func String() string { return strings.TrimSpace(file) }
