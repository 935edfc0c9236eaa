package cli

import (
	"net"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
)

// completeFlags lets a shell complete what the flags take.
func completeFlags(c *cobra.Command) {
	cmdline.Complete(c, "interface", func() []string {
		all, err := net.Interfaces()
		if err != nil {
			return nil
		}
		return namesOf(all)
	})
	cmdline.Complete(c, "output", outputNames)
	cmdline.Complete(c, "flags", func() []string { return []string{"words", "letters"} })
	cmdline.Complete(c, "direction", func() []string { return []string{"in", "out", "inout"} })
}
