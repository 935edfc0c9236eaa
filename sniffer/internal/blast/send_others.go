//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

func send(string, int, int) error {
	return fmt.Errorf("sending frames needs Linux, this is %s", runtime.GOOS)
}
