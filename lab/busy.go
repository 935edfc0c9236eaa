package lab

import (
	"context"
	"errors"
	"syscall"
)

// Busy reports whether an error of Open or Attach means that the machine has too much to
// do or too little left: a deadline has passed, or there was no process or memory to be
// had. Another try may succeed then. Busy is false if the machine refuses to run a lab at
// all. The deadline of a ctx that the caller passed counts as well; the caller has to tell
// that one apart.
func Busy(err error) bool {
	if u, ok := errors.AsType[*Unavailable](err); ok {
		return u.Passing
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}
