package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"wirelab/internal/exit"
	"wirelab/internal/safetext"
	"wirelab/sniffer/filter"
)

// otherFlag adds what to use here to the refusal of a flag that tcpdump or tshark
// has.
func otherFlag(err error) error {
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	if advice := otherFlags[missing.GetSpecifiedName()]; advice != "" {
		return fmt.Errorf("%w: %s", err, advice)
	}
	return err
}

const (
	adviceRotate   = "a new file at a size is --rotate-size 10M, after a time --rotate-time 1h"
	adviceDecode   = "ports are not reassigned to protocols here; -o json and -o note show the bytes"
	adviceBPF      = "the compiled filter is not printed; tcpdump -d prints the same language's"
	adviceJSON     = "for fields and programs use -o json (docs/sniff-json.md), for people -o note"
	adviceTime     = "times are the kernel's; lines show microseconds, -o json nanoseconds"
	adviceMonitor  = "put the interface into monitor mode with iw first"
	adviceNothing  = "it has no counterpart here, and nothing depends on it"
	adviceNames    = "addresses are shown as they are; --names, --host and --lookup give them names"
	adviceLinkType = "the link type is the interface's own; -o json has it as link_type"
	adviceUser     = "after the socket is open every capability is dropped, and under sudo the calling user is taken on"
	adviceStats    = "conversations, addresses, protocols and the rate are shown by --stats"
)

// otherFlags say what to use in place of flags of tcpdump and tshark.
var otherFlags = map[string]string{
	"b": adviceRotate, "C": adviceRotate, "G": adviceRotate, "W": "the latest files of a rotation are kept by --files N",
	"a": "a capture ends after a time with --for 10s, after frames with -c N",
	"d": adviceBPF, "E": adviceDecode, "f": "a capture filter is written behind the options: wirelab sniff -i eth0 tcp port 80",
	"g": adviceNothing, "H": "names of hosts are given by --host NAME=ADDRESS", "I": adviceMonitor, "j": adviceTime, "J": adviceTime,
	"k": "-w - | wireshark -k -i -", "K": "checksums are shown and not verified", "L": adviceLinkType, "m": adviceNothing, "M": adviceNothing,
	"N": adviceNames, "O": adviceJSON, "P": "lines are printed with -w, too; -o none prints none", "R": displayAdvice, "T": adviceJSON,
	"u": adviceTime, "V": "all fields of a frame are shown by -o note or -o json; several files are read by -r A -r B", "y": adviceLinkType,
	"Y": displayAdvice, "z": adviceStats, "Z": adviceUser, "2": displayAdvice,
	"immediate-mode": "frames are shown as they come, as is always done", "buffer-size": "the kernel's buffer is -B",
	"time-stamp-precision": adviceTime, "time-stamp-type": adviceTime, "micro": adviceTime, "nano": adviceTime,
	"list-time-stamp-types": adviceTime, "list-data-link-types": adviceLinkType, "linktype": adviceLinkType, "monitor-mode": adviceMonitor,
	"no-promiscuous-mode": "-p", "list-interfaces": "-D", "print": "lines are printed with -w, too; -o none prints none",
	"relinquish-privileges": adviceUser, "dont-verify-checksums": "checksums are never verified", "no-optimize": adviceBPF,
	"snapshot-length": "-s", "read-filter": displayAdvice, "display-filter": displayAdvice, "autostop": "a capture ends after a time with --for 10s, after frames with -c N",
	"ring-buffer": adviceRotate, "version": "wirelab has no version flag; its commit is told by go version -m", "absolute": "-S",
}

const displayAdvice = "a display filter is Wireshark's language; write a capture filter behind the options, such as 'host 10.0.0.1 and tcp port 80'"

// foreign replaces the error of an expression that is a display filter of
// Wireshark's by one that has the expression to write here.
func foreign(expression string, err error) error {
	here, missing, ok := filter.FromDisplay(expression)
	switch {
	case !ok:
		return err
	case missing != "":
		return exit.Usagef("this is a display filter of Wireshark's, and %s has no counterpart in capture filters; -o json has every field", safetext.Escape(missing))
	}
	return exit.Usagef("this is a display filter of Wireshark's; here write: %s", shellQuoted(here))
}

// shellQuoted quotes an expression, which has no quotes.
func shellQuoted(expression string) string { return "'" + expression + "'" }
