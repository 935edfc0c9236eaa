package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
)

// completeExperiments lets a shell complete the experiments that come with wirelab,
// and files of one's own.
func completeExperiments(cmd *cobra.Command) {
	cmdline.CompleteArgs(cmd, func(_ []string, begun string) []string { return experimentsAnd(begun, "*.txtar") })
}

// experimentsAnd are the experiments and what matches a pattern behind a path that
// is begun, folders as well.
func experimentsAnd(begun, pattern string) []string {
	return append(experiments.Names(), filesLike(begun, pattern)...)
}

// filesLike are the files that match a pattern in the folder of a path that is
// begun, and its folders.
func filesLike(begun, pattern string) []string {
	dir := begun[:strings.LastIndexByte(begun, '/')+1]
	entries, _ := os.ReadDir(cmp.Or(dir, ".")) // what cannot be read has nothing to offer
	var found []string
	for _, e := range entries {
		name := dir + e.Name()
		matches, _ := filepath.Match(pattern, e.Name())
		switch {
		case !strings.HasPrefix(name, begun) || e.Name()[0] == '.':
		case e.IsDir():
			found = append(found, name+"/")
		case matches:
			found = append(found, name)
		}
	}
	return found
}

// completeCheck completes an experiment, then a capture.
func completeCheck(cmd *cobra.Command) {
	cmdline.CompleteArgs(cmd, func(args []string, begun string) []string {
		switch len(args) {
		case 0:
			return experimentsAnd(begun, "*.txtar")
		case 1:
			return filesLike(begun, "*.pcap*")
		}
		return nil
	})
}

// heldLabs are the names of the labs that are up.
func heldLabs() []string {
	labs, _ := netns.Labs(context.Background()) // those that answer
	var names []string
	for _, l := range labs {
		names = append(names, l.Name)
	}
	return names
}

// attachable are what --attach takes.
func attachable() []string {
	names := []string{heldLab, composeLab}
	for _, name := range heldLabs() {
		names = append(names, heldLab+":"+name)
	}
	return names
}
