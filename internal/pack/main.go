// Command pack compresses the machine code in a cache's folder, for images.
package main

import (
	"fmt"
	"os"

	"github.com/rune-authz/rune/host"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pack FOLDER")
		os.Exit(2)
	}
	if err := host.PackCache(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}
