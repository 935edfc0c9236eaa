package lab

import "os"

// echo prints its arguments: a program for go run -exec. It is a word of the
// command interpreter, not a program.
const echo = "cmd /c echo"

// interrupt ends the process at once: os.Process.Signal knows no interrupt on
// Windows.
func interrupt(p *os.Process) error { return p.Kill() }
