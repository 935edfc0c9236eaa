package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/report"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "check EXPERIMENT FILE",
		SuggestFor: []string{"judge", "verify", "grade"},
		GroupID:    cmdline.Learn,
		Args:       cmdline.Args(2, 2),
	}
	completeCheck(cmd)
	hosts := cmd.Flags().StringArray("host", nil, "")
	seed := cmd.Flags().String("seed", "", "")
	signed := cmd.Flags().String("signed", "", "")
	asJSON := cmd.Flags().Bool("json", false, "")
	ascii := asciiFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		began := time.Now()
		if pcapfile.IsCapture(args[0]) && !pcapfile.IsCapture(args[1]) {
			return exit.UsageMsg("check.swapped", "Experiment", self.Quote(args[1]), "File", self.Quote(args[0]))
		}
		e, err := findExperiment(args[0], *seed)
		if err != nil {
			return err
		}
		names, err := hostFlags(*hosts, e.Topology.Hosts)
		if err != nil {
			return err
		}
		file, err := os.Open(args[1])
		if err != nil {
			return exit.With(exit.Usage, i18n.FileError(args[1], err))
		}
		defer file.Close() // the recording reads in it
		before, err := file.Stat()
		if err != nil {
			return exit.With(exit.Usage, i18n.FileError(args[1], err))
		}
		if *signed != "" {
			said, err := checkSeal(file, *signed)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), said.In(l))
		}
		recording := e.NewRecording(maps.Clone(names))
		if err := readCapture(file, recording); err != nil {
			return exit.With(exit.Unable, damaged(args[1], err))
		}
		var sources i18n.Message
		if from := recording.Nameless(); len(from) > 0 {
			sources = i18n.Msg("check.sources", "Addresses", from)
		}
		for _, addr := range recording.Unseen(names) {
			advice := i18n.Errmsg("check.unseen", "File", args[1], "Address", addr, "Host", names[addr], "Sources", sources)
			fmt.Fprintln(cmd.ErrOrStderr(), "wirelab:", i18n.Explain(l, advice))
		}
		outcome := script.Check(e, recording)
		if after, err := file.Stat(); err == nil && changed(before, after) {
			return exit.With(exit.Inconclusive, i18n.Errmsg("check.changed", "File", args[1]))
		}
		result := report.NewResult("file")
		result.Add(outcome, filepath.Base(args[1]))
		w := cmd.OutOrStdout()
		if *asJSON {
			err = result.Encode(w)
		} else {
			t := report.NewTerminal(w, l, shown(w, *ascii))
			t.Outcome(outcome)
			t.Summary(result, time.Since(began))
			err = t.Err()
		}
		if err != nil {
			return exit.With(exit.Unable, err)
		}
		if recording.Damage != nil {
			return exit.With(exit.Inconclusive, damaged(args[1], recording.Damage))
		}
		return statusError(result.Status())
	}
	return cmd
}

// hostFlags reads NAME=ADDRESS pairs. A name may have several addresses, an
// address only one name.
func hostFlags(flags, known []string) (sniffer.Names, error) {
	names := sniffer.Names{}
	for _, flag := range flags {
		one, err := hostnames.Parse(flag)
		if err != nil {
			return nil, exit.UsageMsg("check.host.form", "Cause", err)
		}
		for addr, name := range one.Names() {
			if !slices.Contains(known, name) {
				return nil, exit.UsageMsg("check.host.unknown", "Word", flag, "Host", name, "Known", known, "Hint", suggest.Hint(name, known))
			}
			if other := names[addr]; other != "" && other != name && addr.IsLoopback() {
				return nil, exit.UsageMsg("check.host.loopback", "Address", addr, "One", other, "Other", name)
			}
			if other := names[addr]; other != "" && other != name {
				return nil, exit.UsageMsg("check.host.twice", "Address", addr, "One", other, "Other", name)
			}
			names[addr] = name
		}
	}
	return names, nil
}

// readCapture reads a capture into a recording. The bytes of frames stay where they are, or
// in a file without a name where they come out of a pipe or a compressed file.
func readCapture(f *os.File, recording *trace.Recording) error {
	recording.SpoolTo(lab.Spool)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return recording.LoadFile(f)
	}
	return recording.Load(f, nil)
}

// changed reports whether somebody has written a capture file meanwhile.
func changed(before, after fs.FileInfo) bool {
	return before.Mode().IsRegular() && (before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()))
}

// damaged says what is wrong with a capture file and what can be done.
func damaged(path string, err error) error {
	if cut, ok := errors.AsType[*pcapfile.TruncatedError](err); ok {
		if cut.Size == 0 {
			return i18n.Errmsg("check.empty", "File", path)
		}
		return i18n.Errmsg("check.cut", "File", path, "Cause", err)
	}
	if _, ok := errors.AsType[*pcapfile.FormatError](err); ok {
		return i18n.Errmsg("check.nocapture", "File", path, "Cause", err)
	}
	return i18n.Errmsg("file.any", "File", path, "Cause", err) // it is a capture, and cannot be taken
}
