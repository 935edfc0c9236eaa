package cli

import (
	"io"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/lab/experiments"
	"wirelab/lab/report"
	"wirelab/lab/script"
)

func listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "list",
		SuggestFor: []string{"experiments", "claims"},
		GroupID:    cmdline.Learn,
	}
	completeExperiments(cmd)
	asJSON := cmd.Flags().Bool("json", false, "")
	ascii := asciiFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		all, err := experiments.All()
		if len(args) > 0 {
			all, err = findExperiments(args, "")
		}
		if err != nil {
			return err
		}
		w := cmd.OutOrStdout()
		if *asJSON {
			return exit.With(exit.Unable, writeList(w, all))
		}
		t := report.NewTerminal(w, l, shown(w, *ascii))
		for _, e := range all {
			t.Listed(e)
		}
		return exit.With(exit.Unable, t.Err())
	}
	return cmd
}

type listedExperiment struct {
	Name     string        `json:"name"`
	Lesson   lang.Text     `json:"lesson"`
	Hosts    []string      `json:"hosts"`
	Segments []string      `json:"segments,omitempty"` // where there are several
	Claims   []listedClaim `json:"claims"`
}

type listedClaim struct {
	ID       string    `json:"id"`
	Sentence lang.Text `json:"sentence"`
	Segment  string    `json:"segment,omitempty"`
	Trace    string    `json:"trace"`
	Expected []string  `json:"expected"`
}

func writeList(w io.Writer, all []*script.Experiment) error {
	doc := struct {
		Schema      string             `json:"schema"`
		Experiments []listedExperiment `json:"experiments"`
	}{"wirelab/list/v1", []listedExperiment{}}
	for _, e := range all {
		listed := listedExperiment{Name: e.Name, Lesson: e.Lesson, Hosts: e.Topology.Hosts}
		if names := e.Topology.SegmentNames(); len(names) > 1 {
			listed.Segments = names
		}
		for _, c := range e.Claims {
			projection, expected := c.Projection.String(), c.Expected
			if c.Matcher != nil {
				projection, expected = "", []string{c.Matcher.String()}
			}
			listed.Claims = append(listed.Claims, listedClaim{c.ID, c.Sentence, c.Projection.Segment, projection, expected})
		}
		doc.Experiments = append(doc.Experiments, listed)
	}
	return report.EncodeJSON(w, doc)
}
