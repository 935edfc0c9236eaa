package cli

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
	"wirelab/sniffer/stream"
)

// words are what sniff says to people.
type words struct{ lang.Lang }

func (w words) text(code string, pairs ...any) string { return i18n.Text(w.Lang, code, pairs...) }

func (w words) chosen(name string, byRoute bool) string {
	if byRoute {
		return w.text("sniff.interface.route", "Name", safetext.Escape(name))
	}
	return w.text("sniff.interface.only", "Name", safetext.Escape(name))
}

// totals takes nil for statistics that a file does not have.
func (w words) totals(s *session, stats *pcapfile.Statistics) string {
	parts := []string{w.text("sniff.captured", "Count", s.captured), w.text("sniff.shown", "Number", s.shown)}
	if stats == nil {
		parts = append(parts, w.text("sniff.uncounted"))
	} else {
		parts = append(parts, w.text("sniff.dropped.kernel", "Number", stats.Dropped))
	}
	if !s.options.reads() || s.lost > 0 {
		parts = append(parts, w.text("sniff.dropped.own", "Number", s.lost))
	}
	if s.decodes() {
		parts = append(parts, w.text("sniff.malformed", "Number", s.malformed))
	}
	return strings.Join(parts, w.text("sniff.comma"))
}

func (w words) longLadder(packets int) string {
	return w.text("sniff.longladder", "Number", packets)
}

func (w words) longStream(left uint64) string {
	return w.text("sniff.stream.long", "Count", left, "Limit", stream.Limit>>20)
}

func (w words) unfiltered(types []sniffer.LinkType) string {
	slices.Sort(types)
	var numbers []string
	for _, t := range types {
		numbers = append(numbers, strconv.Itoa(int(t)))
	}
	return w.text("sniff.unfiltered", "Types", numbers)
}

// cannotCapture adds what to do to an error of capture.Open.
func cannotCapture(err error) error {
	if coded, ok := errors.AsType[*exit.Error](err); ok { // of the filter
		return coded
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		if host := os.Getenv(hostnames.OwnVariable); host != "" {
			return exit.UnableMsg("sniff.cannot.permission.host", "Cause", err, "Host", host)
		}
		path, kept := self.Path()
		if !kept {
			return exit.UnableMsg("sniff.cannot.permission.unkept", "Cause", err)
		}
		return exit.UnableMsg("sniff.cannot.permission.kept", "Cause", err, "Path", path)
	case errors.Is(err, syscall.ENETDOWN):
		return exit.UnableMsg("sniff.cannot.down", "Cause", err)
	case errors.Is(err, errors.ErrUnsupported):
		return exit.UnableMsg("sniff.cannot.unsupported", "Cause", err)
	}
	return exit.With(exit.Unable, err)
}
