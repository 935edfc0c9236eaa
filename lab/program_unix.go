//go:build unix

package lab

import "os"

// echo prints its arguments: a program for go run -exec.
const echo = "echo"

func interrupt(p *os.Process) error { return p.Signal(os.Interrupt) }
