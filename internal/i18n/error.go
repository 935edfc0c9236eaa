package i18n

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"

	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// Error is an error that people read in their own language. Arguments that are
// errors are its causes: errors.Is and errors.As find them, and one of them that
// is an Error is told in the language as well. What the system says is quoted.
type Error struct {
	Message
	causes map[string]error // by the argument's name
}

// Errmsg returns the error of a code with arguments as NAME, VALUE pairs. Texts may
// be what somebody typed: what acts on a terminal is escaped in them.
//
//	i18n.Errmsg("run.folder", "Cause", err)
func Errmsg(code string, pairs ...any) error {
	pairs = slices.Clone(pairs)
	for i, v := range pairs {
		switch v := v.(type) {
		case string:
			pairs[i] = safetext.Escape(v)
		case []string:
			words := slices.Clone(v)
			for k, word := range words {
				words[k] = safetext.Escape(word)
			}
			pairs[i] = words
		}
	}
	e := &Error{Message: Msg(code, pairs...)}
	for i := 0; i+1 < len(pairs); i += 2 {
		if cause, ok := pairs[i+1].(error); ok {
			if e.causes == nil {
				e.causes = map[string]error{}
			}
			e.causes[pairs[i].(string)] = cause
		}
	}
	return e
}

// Err returns the message as an error.
func (m Message) Err() error { return &Error{Message: m} }

// Error returns the sentence in English, for logs and for machines.
func (e *Error) Error() string { return e.In(lang.English) }

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	var all []error
	for _, cause := range e.causes {
		all = append(all, cause)
	}
	return all
}

// FileError is an error of the system about a file that somebody named, in people's
// languages as far as it is one of those that happen.
func FileError(path string, err error) error {
	cause := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Errmsg("file.missing", "File", path, "Cause", Original(cause))
	case errors.Is(err, fs.ErrPermission):
		return Errmsg("file.permission", "File", path, "Cause", Original(cause))
	case errors.Is(err, syscall.EISDIR):
		return Errmsg("file.folder", "File", path, "Cause", Original(cause))
	}
	return Errmsg("file.any", "File", path, "Cause", cause)
}

// NetError is an error of package net in people's languages, as far as it is one of
// those that happen; any other error stays as it is.
func NetError(err error) error {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return Errmsg("net.name", "Host", e.Name, "Cause", Original(err))
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Errmsg("net.refused", "Cause", Original(err))
	case errors.Is(err, syscall.EADDRINUSE):
		return Errmsg("net.busy", "Cause", Original(err))
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return Errmsg("net.silent", "Cause", Original(err))
	}
	return err
}

// Explain returns an error's text in a language: FromError(err).In(l).
func Explain(l lang.Lang, err error) string { return FromError(err).In(l) }
