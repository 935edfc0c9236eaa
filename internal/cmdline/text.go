package cmdline

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/tools/txtar"

	"wirelab/internal/lang"
	"wirelab/internal/self"
)

// Help is where a part's commands have the texts of their help.
type Help struct {
	Files  fs.FS                             // the folder help
	Tables map[string]func(lang.Lang) string // what {{NAME}} stands for, lines that end with a newline
}

// text is a command's help in one language.
type text struct {
	short, long string
	examples    []string // lines
	flags       map[string]flagText
}

// flagText is the help of a flag: what stands behind it, if anything, and what it
// does.
type flagText struct{ value, usage string }

// valueOf marks a flag with what stands behind it.
const valueOf = "wirelab_value"

// FileOf names a command's help file without its end: chat-serve.
func FileOf(c *cobra.Command) string {
	var words []string
	for ; c.HasParent(); c = c.Parent() {
		words = append([]string{c.Name()}, words...)
	}
	if words == nil {
		return c.Name()
	}
	return strings.Join(words, "-")
}

// read reads the help of a command.
func (h Help) read(name string, l lang.Lang) (*text, error) {
	file := name + "." + string(l) + ".txt"
	data, err := fs.ReadFile(h.Files, file)
	if err != nil {
		return nil, err
	}
	t := &text{flags: map[string]flagText{}}
	archive := txtar.Parse(data)
	short, long, _ := strings.Cut(string(archive.Comment), "\n")
	t.short, t.long = short, strings.TrimSpace(long)
	for table, rows := range h.Tables {
		if mark := "{{" + table + "}}"; strings.Contains(t.long, mark) {
			t.long = strings.ReplaceAll(t.long, mark, strings.TrimRight(rows(l), "\n"))
		}
	}
	for _, section := range archive.Files {
		body := strings.TrimRight(string(section.Data), "\n")
		switch section.Name {
		case "examples":
			t.examples = strings.Split(body, "\n")
		case "flags":
			if err := t.readFlags(body); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		default:
			return nil, fmt.Errorf("%s: section %q is not known", file, section.Name)
		}
	}
	return t, nil
}

func (t *text) readFlags(body string) error {
	name := ""
	for line := range strings.SplitSeq(body, "\n") {
		if more, ok := strings.CutPrefix(line, "  "); ok && name != "" {
			f := t.flags[name]
			f.usage = joined(f.usage, strings.TrimSpace(more))
			t.flags[name] = f
			continue
		}
		words, usage, ok := strings.Cut(line, ": ")
		var value string
		name, value, _ = strings.Cut(words, " ")
		if _, twice := t.flags[name]; !ok || twice {
			return fmt.Errorf("flag %q: want NAME: TEXT or NAME VALUE: TEXT, once", line)
		}
		t.flags[name] = flagText{value, usage}
	}
	return nil
}

// example returns the examples' lines as this program is called.
func (t *text) example() string {
	var b strings.Builder
	for i, line := range t.examples {
		if i > 0 {
			b.WriteByte('\n')
		}
		if rest, ok := strings.CutPrefix(line, "wirelab "); ok {
			line = self.Command() + " " + rest
		}
		b.WriteString("  " + strings.ReplaceAll(line, "| wirelab ", "| "+self.Command()+" "))
	}
	return b.String()
}

// firstExample returns a command line that is right, "" if there is none.
func (t *text) firstExample() string {
	for line := range strings.SplitSeq(t.example(), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}

// find returns the help of a command, from the part whose it is.
func (p *Program) find(c *cobra.Command, l lang.Lang) (*text, error) {
	for _, h := range p.help {
		t, err := h.read(FileOf(c), l)
		if !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	return nil, fmt.Errorf("%s: no help in %s", c.CommandPath(), l)
}

// Localise gives every command its texts in a language.
func (p *Program) Localise(l lang.Lang) error {
	var all []error
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		t, err := p.find(c, l)
		if err != nil {
			all = append(all, err)
			return
		}
		c.Short, c.Long, c.Example = t.short, t.long, t.example()
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if help, ok := t.flags[f.Name]; ok {
				f.Usage = help.usage
				if f.Annotations == nil {
					f.Annotations = map[string][]string{}
				}
				f.Annotations[valueOf] = []string{help.value}
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(p.root)
	return errors.Join(all...)
}

// UnusedFlags are the flags that a help describes and no command has.
func (p *Program) UnusedFlags(l lang.Lang) []string {
	var unused []string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if t, err := p.find(c, l); err == nil {
			for name := range t.flags {
				if c.LocalFlags().Lookup(name) == nil {
					unused = append(unused, c.CommandPath()+" --"+name)
				}
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(p.root)
	return unused
}
