// Package node has the commands that run on a host of a lab, besides chat and
// sniff. They are ordinary commands: on a student's own machine they do the
// same.
//
// The package knows sockets, interfaces and the kernel's tables of the host it
// runs on. It does not know which backend made the host.
package node

import (
	"context"
	"embed"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
)

//go:embed help/*.txt
var help embed.FS

// Part returns the commands of this package and their help.
func Part() cmdline.Part {
	return cmdline.Part{
		Commands: []*cobra.Command{
			pingCommand(), holdCommand(), neighCommand(), readyCommand(), hubCommand(), wireCommand(),
		},
		Help: cmdline.Help{Files: cmdline.Folder(help)},
	}
}

// device is the interface of a lab's host.
const device = "eth0"

// untilSignal returns a context that ends with Ctrl-C or SIGTERM. It asks for
// the signals even where the parent ignores them: PID 1 of a container gets no
// others, and a program in the background inherits an ignored SIGINT.
func untilSignal(c *cobra.Command) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
}
