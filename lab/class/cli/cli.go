// Package cli has the commands of a class: they read a course's folder, carry its jobs
// out and report. Besides lab/cli it is the one place that knows which backend does.
package cli

import (
	"embed"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/lab"
	"wirelab/lab/class"
	"wirelab/lab/netns"
)

//go:embed help/*.txt
var help embed.FS

// Part returns the command class and its help.
func Part() cmdline.Part {
	c := &cobra.Command{
		Use:        "class",
		SuggestFor: []string{"course", "grade", "students"},
		GroupID:    cmdline.Learn,
	}
	cmdline.Group(c, nil)
	c.AddCommand(newCommand(), runCommand(), resumeCommand(), reportCommand(), statusCommand(), cancelCommand(), cleanCommand(), workerCommand(), programCommand(),
		setupCommand(), seccompCommand(), imageCommand())
	return cmdline.Part{Commands: []*cobra.Command{c}, Help: cmdline.Help{Files: cmdline.Folder(help)}}
}

// backend brings the labs of a class up.
func backend() lab.Backend { return netns.Backend{} }

// statusCode is the exit code of a result's status: a verdict, whatever it says, is what
// was asked for.
func statusCode(s class.Status) int {
	switch s {
	case class.Done:
		return exit.OK
	case class.Refused:
		return exit.Refused
	}
	return exit.TryAgain
}
