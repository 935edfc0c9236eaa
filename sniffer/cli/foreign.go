package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/sniffer/filter"
)

// otherFlag is the error of a flag; where tcpdump or tshark has that flag it says
// what to use here.
func otherFlag(c *cobra.Command, err error) error {
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if advice, ok := otherFlags[missing.GetSpecifiedName()]; ok {
			return cmdline.NoFlag(c, missing, i18n.Msg("usage.instead", "Advice", advice))
		}
	}
	return cmdline.FlagError(c, err)
}

// letter says how a flag is called here.
func letter(flag string) i18n.Message { return i18n.Msg("sniff.instead.letter", "Flag", flag) }

// otherFlags say what to use in place of flags of tcpdump and tshark.
var otherFlags = map[string]i18n.Message{
	"b": i18n.Msg("sniff.instead.rotate"), "C": i18n.Msg("sniff.instead.rotate"), "G": i18n.Msg("sniff.instead.rotate"), "W": i18n.Msg("sniff.instead.files"),
	"a": i18n.Msg("sniff.instead.stop"),
	"d": i18n.Msg("sniff.instead.bpf"), "E": i18n.Msg("sniff.instead.decode"), "f": i18n.Msg("sniff.instead.filter"),
	"g": i18n.Msg("sniff.instead.nothing"), "H": i18n.Msg("sniff.instead.hosts"), "I": i18n.Msg("sniff.instead.monitor"), "j": i18n.Msg("sniff.instead.time"), "J": i18n.Msg("sniff.instead.time"),
	"k": i18n.Msg("sniff.instead.wireshark"), "K": i18n.Msg("sniff.instead.checksums"), "L": i18n.Msg("sniff.instead.linktype"), "m": i18n.Msg("sniff.instead.nothing"), "M": i18n.Msg("sniff.instead.nothing"),
	"N": i18n.Msg("sniff.instead.names"), "O": i18n.Msg("sniff.instead.json"), "P": i18n.Msg("sniff.instead.print"), "R": i18n.Msg("sniff.instead.display"), "T": i18n.Msg("sniff.instead.json"),
	"u": i18n.Msg("sniff.instead.time"), "V": i18n.Msg("sniff.instead.fields"), "y": i18n.Msg("sniff.instead.linktype"),
	"Y": i18n.Msg("sniff.instead.display"), "z": i18n.Msg("sniff.instead.stats"), "Z": i18n.Msg("sniff.instead.user"), "2": i18n.Msg("sniff.instead.display"),
	"immediate-mode": i18n.Msg("sniff.instead.immediate"), "buffer-size": i18n.Msg("sniff.instead.buffer"),
	"time-stamp-precision": i18n.Msg("sniff.instead.time"), "time-stamp-type": i18n.Msg("sniff.instead.time"), "micro": i18n.Msg("sniff.instead.time"), "nano": i18n.Msg("sniff.instead.time"),
	"list-time-stamp-types": i18n.Msg("sniff.instead.time"), "list-data-link-types": i18n.Msg("sniff.instead.linktype"), "linktype": i18n.Msg("sniff.instead.linktype"), "monitor-mode": i18n.Msg("sniff.instead.monitor"),
	"no-promiscuous-mode": letter("-p"), "list-interfaces": letter("-D"), "print": i18n.Msg("sniff.instead.print"),
	"relinquish-privileges": i18n.Msg("sniff.instead.user"), "dont-verify-checksums": i18n.Msg("sniff.instead.checksums"), "no-optimize": i18n.Msg("sniff.instead.bpf"),
	"snapshot-length": letter("-s"), "read-filter": i18n.Msg("sniff.instead.display"), "display-filter": i18n.Msg("sniff.instead.display"), "autostop": i18n.Msg("sniff.instead.stop"),
	"ring-buffer": i18n.Msg("sniff.instead.rotate"), "version": i18n.Msg("sniff.instead.version"), "absolute": letter("-S"),
}

// foreign replaces the error of an expression that is a display filter of
// Wireshark's by one that has the expression to write here.
func foreign(expression string, err error) error {
	here, missing, ok := filter.FromDisplay(expression)
	switch {
	case !ok:
		return err
	case missing != "":
		return exit.UsageMsg("sniff.display.missing", "Field", missing)
	}
	return exit.UsageMsg("sniff.display.write", "Filter", self.Quote(here))
}
