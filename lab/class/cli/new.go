package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
	"wirelab/lab/class"
)

func newCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "new COURSE", SuggestFor: []string{"create", "init"}, Args: cmdline.Args(1, 1)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		if err := class.New(args[0], l); err != nil {
			return exit.With(exit.Usage, err)
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), i18n.Text(l, "class.made", "Folder", safetext.Escape(args[0]),
			"Config", self.Quote(filepath.Join(args[0], class.ConfigFile)), "Roster", self.Quote(filepath.Join(args[0], class.RosterFile)), "Course", self.Quote(args[0])))
		return exit.With(exit.Unable, err)
	}
	return cmd
}
