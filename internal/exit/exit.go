// Package exit carries a process exit code in an error, from the command that
// knows it to main, which alone calls os.Exit.
package exit

import (
	"errors"
	"fmt"

	"wirelab/internal/i18n"
)

// The exit codes of every wirelab command.
const (
	OK           = 0
	Failed       = 1   // a claim failed, or the command did not succeed
	Usage        = 2   // the command line or a file it names is wrong
	Unable       = 3   // it could not run here: cause and advice are printed
	Inconclusive = 4   // a claim could be neither proved nor refuted
	TryAgain     = 75  // the machine was too busy for a lab, or a job was interrupted: another try may succeed (sysexits.h, EX_TEMPFAIL)
	Refused      = 77  // this machine lets no lab of a class run (sysexits.h, EX_NOPERM)
	Interrupted  = 130 // Ctrl-C, after cleaning up (128 + SIGINT)
)

// Error is an error with the exit code it should end the process with. With
// a nil Err nothing is printed: the command has said all there is to say.
type Error struct {
	Code int
	Err  error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// With returns err with an exit code; a nil err stays nil.
func With(code int, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Err: err}
}

// Silent ends the process with code and prints nothing more.
func Silent(code int) error {
	if code == OK {
		return nil
	}
	return &Error{Code: code}
}

// UsageMsg is an error of the command line, of the catalogue: exit code 2.
func UsageMsg(code string, pairs ...any) error {
	return &Error{Code: Usage, Err: i18n.Errmsg(code, pairs...)}
}

// UnableMsg says what cannot run here, of the catalogue: exit code 3.
func UnableMsg(code string, pairs ...any) error {
	return &Error{Code: Unable, Err: i18n.Errmsg(code, pairs...)}
}

// FailedMsg says what did not succeed, of the catalogue: exit code 1.
func FailedMsg(code string, pairs ...any) error {
	return &Error{Code: Failed, Err: i18n.Errmsg(code, pairs...)}
}

// Code returns the exit code of err: 0 for nil, that of the outermost Error,
// and Failed for any other error.
func Code(err error) int {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Failed
}
