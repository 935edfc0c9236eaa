//go:build !linux

// Command bench measures chat servers; it needs Linux.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: needs epoll and /proc, this is", runtime.GOOS)
	os.Exit(3)
}
