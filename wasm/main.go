// Command wasm is the guest: the engine behind the exports that README.md describes.
package main

// main is never called: the module is a library, initialised once, when it is built.
func main() {}
