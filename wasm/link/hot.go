package main

import (
	_ "embed"
	"regexp"
	"strings"
)

// seen lists the functions that a profile saw running, or calling what ran, while the engine's benchmarks decided requests, a name a line as Go
// has it: make profile measures it.
//
//go:embed hot.txt
var seen string

// functions is a set of functions by their names in a module.
type functions map[string]bool

// mangled are the characters that Go's linker writes as underscores in a module's names.
var mangled = regexp.MustCompile(`[^0-9A-Za-z_.]`)

func hotFunctions(list string) functions {
	hot := functions{}
	for name := range strings.Lines(list) {
		hot[mangled.ReplaceAllString(strings.TrimSuffix(name, "\n"), "_")] = true
	}
	return hot
}
