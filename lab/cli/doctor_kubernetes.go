package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/class/cluster"
	"wirelab/lab/report"
)

// clusterFinding is what the doctor found of a cluster, for programs.
type clusterFinding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Said   string `json:"said"`
	Advice string `json:"advice,omitempty"`
}

// doctorOfCluster tries what a run on a cluster needs.
func doctorOfCluster(cmd *cobra.Command, o cluster.Options, asJSON, ascii bool, l lang.Lang) error {
	k, here := cluster.Linked()
	if !here {
		return cluster.Forward(cmd.Context())
	}
	if err := o.Check(); err != nil {
		return err
	}
	ctx, cancel := cmdline.Interruptible(cmd.Context())
	defer cancel()
	able := true
	all := []clusterFinding{}
	w := cmd.OutOrStdout()
	t := report.NewTerminal(w, l, shown(w, ascii))
	err := k.Diagnose(ctx, o, func(f cluster.Finding) {
		able = able && f.OK
		if asJSON {
			all = append(all, clusterFinding{f.What, f.OK, f.Said.String(), f.Advice.String()})
			return
		}
		printClusterFinding(w, t, f, l)
	})
	switch {
	case ctx.Err() != nil:
		return exit.With(exit.Interrupted, context.Cause(ctx))
	case err != nil:
		return exit.With(exit.Unable, err)
	case asJSON:
		err = report.EncodeJSON(w, struct {
			Schema   string           `json:"schema"`
			Findings []clusterFinding `json:"findings"`
		}{"wirelab/doctor-kubernetes/v1", all})
	default:
		err = t.Err()
	}
	if err != nil {
		return exit.With(exit.Unable, err)
	}
	if !able {
		return exit.Silent(exit.Unable)
	}
	return nil
}

// printClusterFinding prints a finding, and what to do, which is pasted and not wrapped.
func printClusterFinding(w io.Writer, t *report.Terminal, f cluster.Finding, l lang.Lang) {
	const indent = 12
	status := claim.Pass
	if !f.OK {
		status = claim.Fail
	}
	begin := fmt.Sprintf("%s %-9s ", t.Sign(status), f.What)
	said, pasted, more := strings.Cut(f.Said.In(l), "\n")
	t.Paragraph(begin, indent, safetext.Escape(said), indent)
	begin = strings.Repeat(" ", indent)
	if more { // a pod's advice
		printPasted(w, begin, pasted)
	}
	if f.Advice.IsZero() {
		return
	}
	t.Paragraph(begin, indent, i18n.Text(l, "doctor.advice"), indent)
	printPasted(w, begin, f.Advice.In(l))
}

// printPasted prints lines that are pasted as they stand.
func printPasted(w io.Writer, begin, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(w, "%s%s\n", begin, safetext.Escape(line))
	}
}
