package cmdline

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Complete lets a shell complete the value of a flag. The values are asked for
// only then.
func Complete(c *cobra.Command, flag string, values func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag
	}
}

// CompleteArgs lets a shell complete the argument behind those that there are,
// of which begun is typed already.
func CompleteArgs(c *cobra.Command, values func(args []string, begun string) []string) {
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		all := values(args, begun)
		if fit := fitting(all, begun); len(fit) == 1 && strings.HasSuffix(fit[0], "/") {
			return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace // what is in the folder follows
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// fitting are the values that continue what is typed.
func fitting(values []string, begun string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !strings.HasPrefix(v, begun) })
}
