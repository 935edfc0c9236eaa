package cmdline

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
)

// The groups of commands in the help.
const (
	Learn = "learn" // experiments, and what they prove
	Lab   = "lab"   // a lab that is up
	Tools = "tools" // what also serves by itself
)

// Part is what one part of wirelab gives to the command line.
type Part struct {
	Commands []*cobra.Command
	Help     Help
}

// Program is a command line. It is used by one goroutine.
type Program struct {
	root     *cobra.Command
	help     []Help
	lang     lang.Lang
	accepted bool // cobra has accepted the flags and arguments
}

// New makes the command line of the parts.
func New(parts ...Part) *Program {
	root := &cobra.Command{
		Use:           "wirelab",
		SilenceErrors: true,
		SilenceUsage:  true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: self.Command()},
		Args:          cobra.ArbitraryArgs,
	}
	p := &Program{root: root, help: []Help{ownHelp}, lang: lang.English}
	version := root.Flags().Bool("version", false, "")
	root.RunE = func(c *cobra.Command, args []string) error {
		if *version && len(args) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), versionText())
			return exit.With(exit.Unable, err)
		}
		return ofCommands(c, args)
	}
	root.PersistentFlags().String(langFlag, "", "")
	root.PersistentPreRunE = func(c *cobra.Command, args []string) error { return p.accept(c) }
	root.SetFlagErrorFunc(FlagError)
	root.SetHelpFunc(p.show)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: Learn}, &cobra.Group{ID: Lab}, &cobra.Group{ID: Tools})
	root.SetHelpCommand(p.helpCommand())
	root.AddCommand(completionCommand())
	for _, part := range parts {
		root.AddCommand(part.Commands...)
		p.help = append(p.help, part.Help)
	}
	Complete(root, langFlag, languages)
	return p
}

// Root returns the tree of the commands.
func (p *Program) Root() *cobra.Command { return p.root }

// Run executes a command line and returns its exit code. An error is printed on
// stderr in the language of the command line.
func (p *Program) Run(ctx context.Context, args []string, stderr io.Writer) int {
	p.lang = lang.OfCommandLine(args)
	p.root.SetArgs(args)
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		if err := p.Localise(p.lang); err != nil {
			return p.fail(p.root, err, stderr)
		}
	}
	c, err := p.root.ExecuteContextC(ctx)
	if err == nil {
		return exit.OK
	}
	return p.fail(c, err, stderr)
}

// fail prints an error and returns its exit code.
func (p *Program) fail(c *cobra.Command, err error, stderr io.Writer) int {
	if !p.accepted {
		err = p.refusal(c, err)
	}
	if coded, ok := err.(*exit.Error); !ok || coded.Err != nil {
		// Names of files and hosts are in it as they were typed.
		fmt.Fprintln(stderr, "wirelab:", safetext.EscapeLines(i18n.Explain(p.lang, err)))
	}
	return exit.Code(err)
}

// langFlag is the flag that every command has.
const langFlag = "lang"

// Lang returns the language in which a command speaks to people: that of --lang,
// else the environment's.
func Lang(c *cobra.Command) lang.Lang {
	value := ""
	if f := c.Flag(langFlag); f != nil {
		value = f.Value.String()
	}
	l, err := lang.Parse(value)
	if err != nil { // accept has refused it
		l = lang.English
	}
	return l
}

// accept is called when the flags and arguments of a command are understood.
func (p *Program) accept(c *cobra.Command) error {
	if value := c.Flag(langFlag).Value.String(); value != "" {
		if _, err := lang.Parse(value); err != nil {
			return OneOf("--"+langFlag, value, languages()...)
		}
	}
	if err := exclusive(c); err != nil {
		return err
	}
	p.accepted = true
	return nil
}

// languages are the values of --lang.
func languages() []string {
	var all []string
	for _, l := range lang.All() {
		all = append(all, string(l))
	}
	return all
}
