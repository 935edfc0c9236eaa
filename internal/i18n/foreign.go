package i18n

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"wirelab/internal/pattern"
)

// An error that is none of the catalogue's speaks English: the system's, a library's,
// or a detail of the engine. Within a sentence of another language it is a quotation,
// and what happens often is said in that language before it.

// Original returns an error for a sentence that says by itself what it means, and
// quotes it: its words are the same in every language.
func Original(err error) error { return original{err} }

type original struct{ error }

func (o original) Unwrap() error { return o.error }

// FromError returns an error's text as a message. Around an Error there may be
// ordinary ones, which say where it happened ("ping.txtar:3: …"): their text stays,
// and within it that of the Error is told in the language. What has no Error in it
// is quoted.
func FromError(err error) Message {
	switch e := err.(type) {
	case *Error:
		return e.Message
	case original:
		return Verbatim(e.Error())
	}
	var inner []error
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{w.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = w.Unwrap()
		if m, ok := joined(err.Error(), inner); ok {
			return m
		}
	}
	if m, ok := around(err.Error(), inner); ok {
		return m
	}
	return quoted(err)
}

// quoted is an error in which nothing is of the catalogue. Of the meanings that it has,
// the first counts.
func quoted(err error) Message {
	text := err.Error()
	for _, known := range []struct {
		is      error
		meaning Message
	}{
		{fs.ErrPermission, Msg("system.permission", "Text", text)},
		{fs.ErrNotExist, Msg("system.missing", "Text", text)},
		{fs.ErrExist, Msg("system.exists", "Text", text)},
		{syscall.ENOSPC, Msg("system.full", "Text", text)},
		{syscall.EROFS, Msg("system.readonly", "Text", text)},
		{syscall.EISDIR, Msg("system.folder", "Text", text)},
		{syscall.ENOTDIR, Msg("system.nofolder", "Text", text)},
		{syscall.ENETUNREACH, Msg("system.noroute", "Text", text)},
		{syscall.EHOSTUNREACH, Msg("system.nohost", "Text", text)},
		{syscall.ECONNREFUSED, Msg("system.refused", "Text", text)},
		{syscall.ECONNRESET, Msg("system.reset", "Text", text)},
		{syscall.EPIPE, Msg("system.pipe", "Text", text)},
		{syscall.EADDRINUSE, Msg("system.busy", "Text", text)},
		{syscall.EADDRNOTAVAIL, Msg("system.noaddress", "Text", text)},
		{syscall.EMFILE, Msg("system.files", "Text", text)},
		{syscall.ENFILE, Msg("system.files", "Text", text)},
		{syscall.ENOMEM, Msg("system.memory", "Text", text)},
		{syscall.ETIMEDOUT, Msg("system.late", "Text", text)},
		{os.ErrDeadlineExceeded, Msg("system.late", "Text", text)},
		{context.DeadlineExceeded, Msg("system.late", "Text", text)},
		{context.Canceled, Msg("system.interrupted", "Text", text)},
		{net.ErrClosed, Msg("system.closed", "Text", text)},
		{io.ErrUnexpectedEOF, Msg("system.short", "Text", text)},
		{io.EOF, Msg("system.end", "Text", text)},
	} {
		if errors.Is(err, known.is) {
			return known.meaning
		}
	}
	return Msg("system.says", "Text", text)
}

// foreign reports whether nothing of a message is the catalogue's own.
func foreign(m Message) bool {
	return m.Code == verbatim || strings.HasPrefix(m.Code, "system.")
}

// joined is a text whose lines are those of several errors (errors.Join).
func joined(text string, inner []error) (m Message, ok bool) {
	var texts []string
	for _, err := range inner {
		texts = append(texts, err.Error())
	}
	if len(inner) == 0 || strings.Join(texts, "\n") != text {
		return m, false
	}
	m = FromError(inner[len(inner)-1])
	for i := len(inner) - 2; i >= 0; i-- {
		m = Msg("text.around", "Before", FromError(inner[i]), "Message", "\n", "After", m)
	}
	return m, true
}

// around is a text in which stand those of errors, in turn. There is none where all
// of them are foreign.
func around(text string, inner []error) (m Message, ok bool) {
	for n, err := range inner {
		if err == nil || err.Error() == "" {
			continue
		}
		m := FromError(err)
		before, after, found := strings.Cut(text, err.Error())
		if !found || foreign(m) {
			continue
		}
		if before == "" && after == "" {
			return m, true
		}
		if more, ok := around(after, inner[n+1:]); ok {
			return Msg("text.around", "Before", before, "Message", m, "After", more), true
		}
		if prose().MatchString(before) || prose().MatchString(after) {
			return Msg("text.within", "Before", before, "Message", m, "After", after), true
		}
		return Msg("text.around", "Before", before, "Message", m, "After", after), true
	}
	return m, false
}

// prose are words of a sentence, and no place such as "ping.txtar:3: ".
var prose = pattern.New(`\pL{2,} +\pL{2,}`)
