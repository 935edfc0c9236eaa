package cmdline

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
)

// OneOf is the error of a word that is none of those that are known, with the one
// that was meant, if there is such a one: what is where it was typed, as --lang.
func OneOf(what, word string, known ...string) error {
	return exit.UsageMsg("usage.unknown", "What", what, "Word", word, "Known", known, "Hint", suggest.Hint(word, known))
}

// argsError is the error of too few arguments, or of one too many.
type argsError struct{ extra string }

func (e *argsError) Error() string {
	if e.extra != "" {
		return "one argument too many: " + e.extra
	}
	return "too few arguments"
}

// Args accepts from least to most arguments; most below 0 is no limit. What the
// arguments are, people are told by the command's Use and its first example.
func Args(least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return &argsError{}
		case most >= 0 && len(args) > most:
			return &argsError{extra: args[most]}
		}
		return nil
	}
}

// Group makes a command of c that has commands of its own: without one it does
// alone, or shows its help where alone is nil.
func Group(c *cobra.Command, alone func(*cobra.Command, []string) error) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 && alone != nil {
			return alone(c, args)
		}
		return ofCommands(c, args)
	}
}

// ofCommands is what a command does that only has commands.
func ofCommands(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	return unknownCommand(c, args[0])
}

// unknownCommand says which command may have been meant, by its name or by what
// other programs call it (SuggestFor). On a host of a lab, where scripts and tests name
// commands, it may have been a program of the machine.
func unknownCommand(c *cobra.Command, word string) error {
	var known []string
	meant := i18n.Message{}
	for _, sub := range c.Commands() {
		if sub.Hidden {
			continue
		}
		known = append(known, sub.Name())
		if slices.Contains(sub.SuggestFor, word) {
			meant = i18n.Msg("usage.meant", "Word", sub.Name())
		}
		if _, rest := walk(sub, []string{word}); len(rest) == 0 { // join, for chat join
			meant = i18n.Msg("usage.meant", "Word", sub.Name()+" "+word)
		}
	}
	switch {
	case !meant.IsZero():
	case c.Flag(word) != nil: // version, for --version
		meant = i18n.Msg("usage.meant", "Word", "--"+word)
	default:
		meant = suggest.Hint(word, known)
	}
	if path, err := exec.LookPath(word); err == nil && !c.HasParent() && os.Getenv(hostnames.OwnVariable) != "" {
		return exit.UsageMsg("usage.program", "Word", word, "Path", path)
	}
	return exit.UsageMsg("usage.command", "Word", word, "Hint", meant, "Command", c.CommandPath())
}

// refusal is the error of a command line that is not carried out, with where to
// read on.
func (p *Program) refusal(c *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*argsError](err); ok {
		err = p.badArgs(c, wrong)
	}
	return exit.UsageMsg("usage.see", "Cause", err, "Command", c.CommandPath())
}

func (p *Program) badArgs(c *cobra.Command, wrong *argsError) error {
	_, wanted, _ := strings.Cut(c.Use, " ")
	switch {
	case wanted == "":
		return i18n.Errmsg("usage.noargs", "Command", c.CommandPath(), "Word", wrong.extra)
	case wrong.extra != "":
		return i18n.Errmsg("usage.toomany", "Command", c.CommandPath(), "Word", wrong.extra, "Wanted", wanted)
	}
	example := ""
	if t, err := p.find(c, p.lang); err == nil {
		example = t.firstExample()
	}
	return i18n.Errmsg("usage.toofew", "Command", c.CommandPath(), "Wanted", wanted, "Example", example)
}

// exclusive returns the error of two flags that were given and exclude each other
// (MarkFlagsMutuallyExclusive), in words of ours.
func exclusive(c *cobra.Command) error {
	var found error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		for _, group := range f.Annotations["cobra_annotation_mutually_exclusive"] {
			var given []string
			for name := range strings.FieldsSeq(group) {
				if c.Flags().Changed(name) {
					given = append(given, "--"+name)
				}
			}
			if len(given) > 1 {
				found = exit.UsageMsg("usage.exclusive", "One", given[0], "Other", given[1])
			}
		}
	})
	return found
}

// FlagError says in words of ours what is wrong with a flag.
func FlagError(c *cobra.Command, err error) error {
	if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
		return unknownCommand(c, words[0]) // whose flags they would be
	}
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(c, missing)
	}
	if empty, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return exit.UsageMsg("usage.value.none", "Flag", flagName(empty.GetFlag()))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return badValue(invalid)
	}
	if wrong, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return exit.UsageMsg("usage.flag.form", "Flag", wrong.GetSpecifiedFlag())
	}
	return exit.With(exit.Usage, err)
}

// flagName is a flag as people type it: its letter, if it has one.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

func unknownFlag(c *cobra.Command, missing *pflag.NotExistError) error {
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	word := missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		word, _, _ = strings.Cut(letters, "=") // -lang for --lang
	}
	hint := i18n.Message{}
	if meant := suggest.Word(word, known); meant != "" {
		hint = i18n.Msg("usage.meant", "Word", "--"+meant)
	}
	return NoFlag(c, missing, hint)
}

// NoFlag is the error of a flag that a command does not have, with a hint that
// ends the sentence.
func NoFlag(c *cobra.Command, missing *pflag.NotExistError, hint i18n.Message) error {
	typed := "--" + missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		typed = "-" + letters
	}
	return exit.UsageMsg("usage.flag.unknown", "Flag", typed, "Command", c.CommandPath(), "Hint", hint)
}

// wanted says what a flag takes, by the type of its value.
var wanted = map[string]i18n.Message{
	"int": i18n.Msg("usage.want.integer"), "uint32": i18n.Msg("usage.want.natural"), "uint64": i18n.Msg("usage.want.natural"),
	"float64": i18n.Msg("usage.want.number"), "duration": i18n.Msg("usage.want.duration"), "size": i18n.Msg("usage.want.size"),
	"bool": i18n.Msg("usage.want.bool"), "count": i18n.Msg("usage.want.count"),
}

func badValue(invalid *pflag.InvalidValueError) error {
	f := invalid.GetFlag()
	if want, ok := wanted[f.Value.Type()]; ok {
		return exit.UsageMsg("usage.value.wrong", "Flag", flagName(f), "Value", invalid.GetValue(), "Wanted", want)
	}
	return exit.UsageMsg("usage.value.bad", "Flag", flagName(f), "Value", invalid.GetValue(), "Cause", invalid.Unwrap())
}
