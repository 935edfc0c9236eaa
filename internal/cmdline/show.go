package cmdline

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

//go:embed help/*.txt
var files embed.FS

// ownHelp has the texts of the root, of help and of completion.
var ownHelp = Help{Files: Folder(files)}

// Folder returns the folder help of what a package has embedded.
func Folder(embedded embed.FS) fs.FS {
	f, err := fs.Sub(embedded, "help")
	if err != nil {
		panic(err) // the name is a valid path
	}
	return f
}

// show prints a command's help.
func (p *Program) show(c *cobra.Command, _ []string) {
	if err := p.Localise(p.lang); err != nil {
		fmt.Fprintln(c.ErrOrStderr(), "wirelab:", err)
		return
	}
	out := c.OutOrStdout()
	text := describe(c, p.lang, widthOf(out))
	if !lang.UTF8() {
		text = strings.ReplaceAll(text, "…", "...")
	}
	_, _ = io.WriteString(out, text) // who reads no help misses none
}

// widthOf returns the columns of a terminal, or those of one that everybody has.
func widthOf(out io.Writer) int {
	const usual, least, most = 80, 40, 120
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return min(max(width, least), most)
		}
	}
	return usual
}

// describe is the help of a command that has its texts.
func describe(c *cobra.Command, l lang.Lang, width int) string {
	var b strings.Builder
	heading := func(m i18n.Message) { fmt.Fprintf(&b, "\n%s\n", m.In(l)) }
	if c.Long != "" {
		b.WriteString(reflow(c.Long, width))
	} else {
		fmt.Fprintln(&b, c.Short)
	}
	heading(i18n.Msg("help.usage"))
	line := c.UseLine()
	line = strings.ReplaceAll(line, "[flags]", i18n.Text(l, "help.options"))
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " " + i18n.Text(l, "help.command")
	}
	fmt.Fprintf(&b, "  %s\n", line)
	if c.Example != "" {
		heading(i18n.Msg("help.examples"))
		fmt.Fprintln(&b, c.Example)
	}
	describeCommands(&b, c, l, width)
	if flags := c.LocalFlags(); flags.HasAvailableFlags() {
		heading(i18n.Msg("help.flags"))
		describeFlags(&b, flags, l, width)
	}
	if flags := c.InheritedFlags(); flags.HasAvailableFlags() {
		heading(i18n.Msg("help.allflags"))
		describeFlags(&b, flags, l, width)
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", i18n.Text(l, "help.more", "Command", c.CommandPath()))
	}
	return b.String()
}

// titles are the headings of the groups; those that have none come last.
var titles = []struct {
	group string
	title i18n.Message
}{
	{Learn, i18n.Msg("help.group.learn")}, {Lab, i18n.Msg("help.group.lab")}, {Tools, i18n.Msg("help.group.tools")}, {"", i18n.Msg("help.group.commands")},
}

func describeCommands(b *strings.Builder, c *cobra.Command, l lang.Lang, width int) {
	for _, t := range titles {
		begun := false
		for _, sub := range c.Commands() {
			if !sub.IsAvailableCommand() || sub.GroupID != t.group {
				continue
			}
			if !begun {
				fmt.Fprintf(b, "\n%s\n", t.title.In(l))
				begun = true
			}
			b.WriteString(hung(fmt.Sprintf("  %-11s ", sub.Name()), sub.Short, width))
		}
	}
}

// describeFlags describes flags in two columns.
func describeFlags(b *strings.Builder, flags *pflag.FlagSet, l lang.Lang, width int) {
	var left, right []string
	column := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := "", f.Usage
		if value := f.Annotations[valueOf]; len(value) > 0 {
			name = value[0]
		}
		words := "      --" + f.Name
		if f.Shorthand != "" {
			words = "  -" + f.Shorthand + ", --" + f.Name
		}
		switch {
		case !takesValue(f):
		case f.NoOptDefVal != "":
			words += "[=" + name + "]"
		default:
			words += " " + name
		}
		if f.Name == "help" {
			usage = i18n.Text(l, "help.help")
		}
		if shown := shownDefault(f); shown != "" {
			usage += i18n.Text(l, "help.default", "Value", shown)
		}
		left, right = append(left, words), append(right, usage)
		column = max(column, columns.Width(words))
	})
	column = min(column, width/2) + 2
	for i := range left {
		words := left[i]
		if columns.Width(words) >= column {
			b.WriteString(words + "\n")
			words = ""
		}
		b.WriteString(hung(columns.Pad(words, column), right[i], width))
	}
}

// takesValue reports whether a value stands behind a flag.
func takesValue(f *pflag.Flag) bool { return f.Value.Type() != "bool" && f.Value.Type() != "count" }

// shownDefault is the value of a flag that is not given, "" where that is nothing.
func shownDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "[]", "false":
		return ""
	}
	return f.DefValue
}
