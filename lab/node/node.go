// Package node has the commands that run on a host of a lab, besides chat and
// sniff. They are ordinary commands: on a student's own machine they do the
// same.
//
// The package knows sockets, interfaces and the kernel's tables of the host it
// runs on. It does not know which backend made the host.
package node

import (
	"embed"

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
