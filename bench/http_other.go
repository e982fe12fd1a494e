//go:build !linux

package main

// The server is measured on Linux alone, where programs can be told on which processor to run.
var (
	httpParts []part
	helpers   map[string]func([]string) error
)

type processors struct{}

func httpTargets(scale) []target { return nil }
