package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/self"
	"wirelab/lab/class"
	"wirelab/lab/class/grades"
	"wirelab/lab/report"
)

func reportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "report COURSE", SuggestFor: []string{"grades", "table", "results"}, Args: cmdline.Args(1, 1)}
	completeCourse(cmd)
	asJSON := cmd.Flags().Bool("json", false, "")
	ascii := cmd.Flags().Bool("ascii", !lang.UTF8(), "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := openCourse(args[0])
		if err != nil {
			return err
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		book := grades.Read(c)
		if err := book.Write(ctx, time.Now()); err != nil {
			if ctx.Err() != nil {
				return exit.Silent(exit.Interrupted)
			}
			return exit.With(exit.Unable, err)
		}
		l, w := cmdline.Lang(cmd), cmd.OutOrStdout()
		if *asJSON {
			err = report.EncodeJSON(w, book.Document())
		} else {
			show := display.Of(w)
			show.ASCII = *ascii
			err = book.Print(w, l, show)
		}
		if err != nil {
			return exit.With(exit.Unable, err)
		}
		dir := filepath.Join(c.Dir, class.ReportFolder)
		fmt.Fprintln(os.Stderr, i18n.Text(l, "class.reported", "Folder", self.Quote(dir), "File", self.Quote(filepath.Join(dir, "report.html"))))
		return nil
	}
	return cmd
}
