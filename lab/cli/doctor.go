package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/class/cluster"
	"wirelab/lab/report"
)

// doctorTimeout bounds the check of one backend.
const doctorTimeout = 15 * time.Second

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: cmdline.Tools,
		Args:    cmdline.Args(0, 0),
	}
	asJSON := cmd.Flags().Bool("json", false, "")
	ascii := asciiFlag(cmd)
	on := cluster.On(cmd)
	var kubernetes cluster.Options
	kubernetes.Flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		l := cmdline.Lang(cmd)
		remote, err := on()
		if err != nil {
			return err
		}
		if remote {
			return doctorOfCluster(cmd, kubernetes, *asJSON, *ascii, l)
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		findings := Diagnose(ctx)
		if *asJSON {
			err = report.EncodeJSON(cmd.OutOrStdout(), struct {
				Schema   string    `json:"schema"`
				Backends []Finding `json:"backends"`
			}{"wirelab/doctor/v1", findings})
		} else {
			err = printFindings(cmd.OutOrStdout(), findings, l, *ascii)
		}
		if err != nil {
			return exit.With(exit.Unable, err)
		}
		for _, f := range findings {
			if f.OK {
				return nil
			}
		}
		return exit.Silent(exit.Unable)
	}
	return cmd
}

// Finding is what the doctor found of one backend.
type Finding struct {
	Backend string `json:"backend"`
	OK      bool   `json:"ok"`
	Cause   string `json:"cause,omitempty"`
	Advice  string `json:"advice,omitempty"`

	missing *lab.Unavailable // what people are told in their language
}

// Diagnose checks every backend.
func Diagnose(ctx context.Context) []Finding {
	var findings []Finding
	for _, b := range backends() {
		findings = append(findings, diagnose(ctx, b))
	}
	return findings
}

func diagnose(ctx context.Context, b lab.Backend) Finding {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	f := Finding{Backend: b.Name()}
	err := b.Check(ctx)
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		f.Cause, f.Advice = u.Cause.String(), i18n.Lines(lang.English, u.Advice)
		f.missing = u
	} else if err != nil {
		f.Cause = err.Error()
	}
	f.OK = err == nil
	return f
}

func printFindings(w io.Writer, findings []Finding, l lang.Lang, ascii bool) error {
	const indent = 11
	t := report.NewTerminal(w, l, shown(w, ascii))
	for _, f := range findings {
		status, said, advice := claim.Pass, i18n.Text(l, "doctor.able"), ""
		switch {
		case f.missing != nil:
			status, said, advice = claim.Fail, f.missing.Cause.In(l), i18n.Lines(l, f.missing.Advice)
		case !f.OK:
			status, said = claim.Fail, f.Cause
		}
		begin := fmt.Sprintf("%s %-8s ", t.Sign(status), f.Backend)
		for line := range strings.SplitSeq(said, "\n") {
			t.Paragraph(begin, indent, safetext.Escape(line), indent)
			begin = strings.Repeat(" ", indent)
		}
		if advice == "" {
			continue
		}
		t.Paragraph(begin, indent, i18n.Text(l, "doctor.advice"), indent)
		// Advice is pasted, and is not wrapped.
		for line := range strings.SplitSeq(advice, "\n") {
			if _, err := fmt.Fprintf(w, "%s%s\n", begin, safetext.Escape(line)); err != nil {
				return err
			}
		}
	}
	able := func(f Finding) bool { return f.OK }
	missing := func(f Finding) bool { return !f.OK }
	if slices.ContainsFunc(findings, able) && slices.ContainsFunc(findings, missing) {
		fmt.Fprintln(w)
		t.Paragraph("", 0, i18n.Text(l, "doctor.enough"), 0)
	}
	return t.Err()
}
