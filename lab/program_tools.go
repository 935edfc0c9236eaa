//go:build tools

package lab

// Program builds the wirelab program from the caller's module. This file is never
// compiled, but `go mod tidy` and `go mod vendor` read it: a module that imports this
// package keeps the checksums, and the packages, of all that the program is made of.
import _ "wirelab"
