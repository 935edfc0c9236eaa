package cmdline

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
)

// helpCommand shows the help of a command that is named.
func (p *Program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND…]",
		GroupID: Tools,
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if named, rest := walk(c.Root(), args); len(rest) == 0 {
				for _, sub := range named.Commands() {
					if sub.IsAvailableCommand() {
						names = append(names, sub.Name()+"\t"+sub.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			named, rest := walk(c.Root(), args)
			if len(rest) > 0 {
				return unknownCommand(named, rest[0])
			}
			named.InitDefaultHelpFlag()
			return named.Help()
		},
	}
}

// walk goes from a command to the one that the words name, as far as they do.
func walk(c *cobra.Command, words []string) (named *cobra.Command, rest []string) {
next:
	for i, word := range words {
		for _, sub := range c.Commands() {
			if sub.Name() == word || sub.HasAlias(word) {
				c = sub
				continue next
			}
		}
		return c, words[i:]
	}
	return c, nil
}

// shells are those that complete, with what writes their script.
var shells = []struct {
	name  string
	write func(*cobra.Command, io.Writer) error
}{
	{"bash", bashCompletion},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

// bashCompletion writes cobra's script, and behind it what takes the line apart where the
// package bash-completion is not there: cobra's own calls a function of that package.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	if err := root.GenBashCompletionV2(w, true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, `
__%s_init_completion()
{
    local line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]} prev=${words[cword - 1]}
}
`, root.Name())
	return err
}

func shellNames() []string {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

// completionCommand prints the script by which a shell completes what is typed.
func completionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "completion SHELL",
		GroupID: Tools,
		Args:    Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			for _, s := range shells {
				if s.name == args[0] {
					return exit.With(exit.Unable, s.write(c.Root(), c.OutOrStdout()))
				}
			}
			return OneOf("shell", args[0], shellNames()...)
		},
	}
	CompleteArgs(c, func(args []string, _ string) []string {
		if len(args) > 0 {
			return nil
		}
		return shellNames()
	})
	return c
}
