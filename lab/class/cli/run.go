package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
)

func runCommand() *cobra.Command {
	return runningCommand("run COURSE", "start", "grade")
}

// resumeCommand is run by the name that people look for behind an interruption.
func resumeCommand() *cobra.Command {
	return runningCommand("resume COURSE", "continue")
}

func runningCommand(use string, others ...string) *cobra.Command {
	cmd := &cobra.Command{Use: use, SuggestFor: others, Args: cmdline.Args(1, 1)}
	completeCourse(cmd)
	on := cluster.On(cmd)
	labs := cmd.Flags().IntP("labs", "j", 0, "")
	students := cmd.Flags().StringArray("student", nil, "")
	stream := cmd.Flags().Bool("json-stream", false, "")
	ascii := cmd.Flags().Bool("ascii", !lang.UTF8(), "")
	kubernetes := clusterFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		remote, err := on()
		if err != nil {
			return err
		}
		if _, here := cluster.Linked(); remote && !here {
			return cluster.Forward(cmd.Context())
		}
		if err := kubernetes.allowed(cmd, remote); err != nil {
			return err
		}
		if most := mostLabs(remote); *labs < 0 || *labs > most {
			return exit.UsageMsg("class.labs", "Number", *labs, "Most", most)
		}
		c, err := openCourse(args[0])
		if err != nil {
			return err
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		run := Run{Course: c, Students: *students, Lang: cmdline.Lang(cmd), ASCII: *ascii, Err: os.Stderr}
		if *stream {
			run.Stream = cmd.OutOrStdout()
		}
		kubernetes.Labs, kubernetes.Say = *labs, run.Say
		switch {
		case kubernetes.dry:
			return kubernetes.print(cmd.OutOrStdout(), c, *students)
		case remote:
			if run.Engine, err = kubernetes.engine(c); err != nil {
				return err
			}
			run.Resume = changedFlags(cmd)
		default:
			run.Engine = class.NewLocal(backend(), *labs)
		}
		return run.Do(ctx)
	}
	return cmd
}

// openCourse opens the course of a folder.
func openCourse(dir string) (*class.Course, error) {
	c, err := class.Open(dir)
	return c, exit.With(exit.Usage, err)
}

// chosen are the jobs of some students, of all where none is named.
func chosen(c *class.Course, jobs []class.Job, students []string) ([]class.Job, error) {
	var known []string
	for _, s := range c.Students {
		known = append(known, s.ID)
	}
	for _, id := range students {
		if !slices.Contains(known, id) {
			return nil, exit.UsageMsg("class.nostudent", "Student", id, "Hint", suggest.Hint(id, known))
		}
	}
	if len(students) == 0 {
		return jobs, nil
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(j class.Job) bool { return !slices.Contains(students, j.Student) }), nil
}

// completeCourse completes the folder of a course.
func completeCourse(cmd *cobra.Command) {
	cmdline.CompleteArgs(cmd, func(args []string, begun string) []string {
		if len(args) > 0 {
			return nil
		}
		return coursesLike(begun)
	})
}
