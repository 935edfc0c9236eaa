package lab

import (
	"context"
	"errors"
	"syscall"
)

// Busy reports whether a lab could not be brought up as the machine had too much to do
// or too little left: a deadline passed, a process ended early, or there was none to be
// had. Another try may succeed, which it does not where the machine refuses. The end of
// a ctx that the caller ended is the caller's own.
func Busy(err error) bool {
	if u, ok := errors.AsType[*Unavailable](err); ok {
		return u.Passing
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}
