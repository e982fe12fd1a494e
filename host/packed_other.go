//go:build !linux

package host

import "errors"

type unpacking struct{}

func startUnpacking(string) (*unpacking, error) {
	return nil, errors.New("packed machine code needs Linux")
}

func (*unpacking) stop() {}
