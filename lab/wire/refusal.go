package wire

import (
	"context"
	"errors"
	"syscall"

	"wirelab/internal/i18n"
)

// Refusal is an error as another process tells it. As an error it unwraps to the
// system's, and to what people are told.
type Refusal struct {
	Text    string       `json:"error,omitempty"` // empty: no error
	Told    i18n.Message `json:"told,omitzero"`   // Text for people, where it is of the catalogue
	Errno   int          `json:"errno,omitempty"` // of the system call behind it
	Timeout bool         `json:"timeout,omitempty"`
}

// Refuse is what to tell another process of an error.
func Refuse(err error) Refusal {
	r := Refusal{Text: err.Error(), Timeout: errors.Is(err, context.DeadlineExceeded)}
	if _, ok := errors.AsType[*i18n.Error](err); ok {
		r.Told = i18n.FromError(err)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		r.Errno = int(errno)
	}
	return r
}

// Refused reports whether there is an error.
func (r *Refusal) Refused() bool { return r.Text != "" }

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// Unwrap implements the interface of package errors.
func (r *Refusal) Unwrap() []error {
	var inner []error
	if !r.Told.IsZero() {
		inner = append(inner, r.Told.Err())
	}
	switch {
	case r.Timeout:
		inner = append(inner, context.DeadlineExceeded)
	case r.Errno != 0:
		inner = append(inner, syscall.Errno(r.Errno))
	}
	return inner
}
