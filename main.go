// Wirelab is a network lab for teaching and testing: it checks the claims of its
// experiments against captured packets.
// This file only wires the commands of its parts together.
package main

import (
	"context"
	"os"
	"path/filepath"

	chat "wirelab/chat/cli"
	"wirelab/internal/cmdline"
	"wirelab/internal/hostnames"
	"wirelab/internal/self"
	class "wirelab/lab/class/cli"
	lab "wirelab/lab/cli"
	"wirelab/lab/node"
	sniffer "wirelab/sniffer/cli"
)

func main() {
	called := os.Args[0]
	if os.Getenv(hostnames.OwnVariable) != "" {
		called = filepath.Base(called) // the lab called it by its path; a shell on a host has the folder in PATH
	}
	self.Called(called)
	os.Exit(run(os.Args[1:]))
}

// run executes one command line and returns its exit code.
func run(args []string) int { return program().Run(context.Background(), args, os.Stderr) }

// program is the command line of all parts.
func program() *cmdline.Program {
	return cmdline.New(lab.Part(), class.Part(), sniffer.Part(), chat.Part(), node.Part())
}
