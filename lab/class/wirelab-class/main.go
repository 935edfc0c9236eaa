// Wirelab-class is wirelab with a client of Kubernetes: wirelab hands it the commands that
// need one. The client is not linked into wirelab itself, which starts on every host of
// every lab (docs/decisions.md). Called by itself it takes a class's commands without the
// word class: wirelab-class run COURSE.
package main

import (
	"context"
	"os"
	"slices"

	chat "wirelab/chat/cli"
	"wirelab/internal/cmdline"
	"wirelab/internal/self"
	class "wirelab/lab/class/cli"
	"wirelab/lab/class/cluster"
	"wirelab/lab/class/kubernetes"
	lab "wirelab/lab/cli"
	"wirelab/lab/node"
	sniffer "wirelab/sniffer/cli"
)

func main() {
	self.Called(os.Args[0])
	cluster.Link(kubernetes.Cluster{})
	program := cmdline.New(lab.Part(), class.Part(), sniffer.Part(), chat.Part(), node.Part())
	args := os.Args[1:]
	if len(args) > 0 && slices.Contains(class.Names(), args[0]) {
		args = slices.Insert(slices.Clone(args), 0, "class")
	}
	os.Exit(program.Run(context.Background(), args, os.Stderr))
}
