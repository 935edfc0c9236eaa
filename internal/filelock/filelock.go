// Package filelock keeps other programs that ask off a file while this one has it open.
// The lock goes with the process, kill -9 included.
package filelock

import "errors"

// ErrTaken says that somebody else has the file locked: another process, or this one by
// another open file.
var ErrTaken = errors.New("another process has locked it")
