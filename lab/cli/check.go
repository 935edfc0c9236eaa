package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/lab"
	"wirelab/lab/experiments"
	"wirelab/sniffer/pcapfile"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check EXPERIMENT FILE",
		Short: "Judge a capture made elsewhere by an experiment",
		Long: `Check judges a pcap or pcapng file by the claims of an experiment and executes
nothing. Files that "wirelab run" wrote say themselves which host is which; for
others --host does.

A claim about a phase needs the barriers that end it: each host of the lab
sends one with "wirelab mark LABEL". Without them, or where frames were dropped
or cut, the verdict is inconclusive.

Exit: 0 all claims pass, 1 a claim failed or the file is damaged, 2 usage,
4 a claim is inconclusive.`,
		Example: `  wirelab check ping runs/1/ping.pcapng
  wirelab check ping mine.pcap --host client1=10.0.0.2 --host server=10.0.0.3
  wirelab check ./mine.txtar mine.pcapng --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return exit.Usagef("check takes an experiment and a file: wirelab check ping runs/1/ping.pcapng")
			}
			return nil
		},
	}
	hosts := cmd.Flags().StringArray("host", nil, "which host is which, NAME=ADDRESS; may be repeated")
	asJSON := cmd.Flags().Bool("json", false, "print only the result document on standard output")
	language := langFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := language()
		if err != nil {
			return err
		}
		began := time.Now()
		e, err := experiments.Find(args[0])
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		names := hostnames.Table{}
		for _, h := range *hosts {
			one, err := hostnames.Parse(h)
			if err != nil {
				return exit.Usagef("--host: %w", err)
			}
			for name, addr := range one {
				names[name] = addr
			}
		}
		record, err := lab.ReadRecord(args[1], names)
		if err != nil {
			return unreadable(err)
		}
		outcome := lab.Check(e, record)
		result := lab.NewResult("file")
		result.Add(outcome, filepath.Base(args[1]))
		w := cmd.OutOrStdout()
		if *asJSON {
			if err := result.Encode(w); err != nil {
				return err
			}
		} else {
			if err := printOutcome(w, outcome, l); err != nil {
				return err
			}
			printSummary(w, result, time.Since(began), "", l)
		}
		if record.Damage != nil {
			return damaged(record.Damage)
		}
		return statusError(result.Status())
	}
	return cmd
}

func unreadable(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return exit.With(exit.Usage, err)
	}
	return damaged(err)
}

// damaged says what is wrong with a capture file and what can be done.
func damaged(err error) error {
	advice := "give a pcap or pcapng file: tcpdump -w, wireshark and wirelab sniff -w write them"
	if _, cut := errors.AsType[*pcapfile.TruncatedError](err); cut {
		advice = "the file ends in the middle of a packet: copy it again, after the capture was stopped"
	}
	return exit.With(exit.Failed, fmt.Errorf("%w\n%s", err, advice))
}
