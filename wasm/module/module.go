// Package module holds the engine as a WebAssembly module.
package module

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"sync"
)

//go:embed rune.wasm
var wasm []byte

// Bytes returns the module. It must not be changed.
func Bytes() []byte { return wasm }

// SHA256 returns the module's SHA-256 in hexadecimal.
var SHA256 = sync.OnceValue(func() string {
	sum := sha256.Sum256(wasm)
	return hex.EncodeToString(sum[:])
})
