package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wirelab/internal/cmdline"
	"wirelab/internal/lang"
)

// Every command has its help in both languages: a short and a long text, examples
// with a comment, and a text for each flag. No file describes what is not there.
func TestHelpIsWhole(t *testing.T) {
	described := map[string]bool{}
	for _, l := range lang.All() {
		p := program()
		p.Root().InitDefaultHelpCmd()
		if err := p.Localise(l); err != nil {
			t.Error(err)
			continue
		}
		walkCommands(p.Root(), func(c *cobra.Command) {
			name := c.CommandPath() + " in " + string(l)
			described[cmdline.FileOf(c)+"."+string(l)+".txt"] = true
			for part, text := range map[string]string{"short text": c.Short, "long text": c.Long, "comment of an example": comments(c.Example)} {
				wellWritten(t, name+": "+part, text, l)
			}
			for _, example := range commandLines(c.Example) {
				if !isCommandLine(example) {
					t.Errorf("%s: the example %q is no command line of it", name, example)
				}
			}
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Name != "help" {
					wellWritten(t, name+": --"+f.Name, f.Usage, l)
				}
				if value := f.Annotations["wirelab_value"]; len(value) > 0 && (value[0] == "") == (f.Value.Type() != "bool" && f.Value.Type() != "count") {
					t.Errorf("%s: --%s: a value in the help is %q", name, f.Name, value[0])
				}
			})
		})
		for _, unused := range p.UnusedFlags(l) {
			t.Errorf("help in %s: %s", l, unused)
		}
	}
	for _, pattern := range []string{"internal/cmdline/help/*", "*/cli/help/*", "lab/class/cli/help/*", "lab/node/help/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || files == nil {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if !described[filepath.Base(file)] {
				t.Errorf("%s describes no command", file)
			}
		}
	}
}

func walkCommands(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		walkCommands(sub, do)
	}
}

// wellWritten checks that there is a text, in its language.
func wellWritten(t *testing.T, what, text string, l lang.Lang) {
	t.Helper()
	chinese := strings.IndexFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
	switch {
	case text == "":
		t.Errorf("%s: nothing is said", what)
	case chinese != (l == lang.Chinese):
		t.Errorf("%s: the text is of another language: %q", what, text)
	case regexp.MustCompile(`\p{Han}[,;:!?]|[,;:!?]\p{Han}`).MatchString(text):
		t.Errorf("%s: half-width punctuation beside Chinese: %q", what, text)
	case strings.Contains(text, "{{"):
		t.Errorf("%s: a table is missing: %q", what, text)
	}
}

// comments and commandLines are the two kinds of lines of an example.
func comments(example string) string {
	var all []string
	for line := range strings.Lines(example) {
		if words, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
			all = append(all, words)
		}
	}
	return strings.Join(all, "\n")
}

func commandLines(example string) []string {
	var all []string
	for line := range strings.Lines(example) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "wirelab ") {
			all = append(all, line)
		}
	}
	return all
}

// isCommandLine reports whether the program takes a command line: its command is
// there, and so are its flags and arguments, and those of the command behind the --
// of exec. What another program does with its output is not looked at. A command's
// name alone is taken, too.
func isCommandLine(line string) bool {
	line = otherCommand.Split(line, 2)[0]
	words := shellWord.FindAllString(line, -1)[1:]
	for i, word := range words {
		words[i] = strings.Trim(word, `'"`)
	}
	root := program().Root() // one that has parsed a line remembers it
	root.InitDefaultHelpCmd()
	c, rest, err := root.Find(words)
	if err != nil || c == root && len(rest) > 0 || c.ParseFlags(rest) != nil {
		return false
	}
	args := c.Flags().Args()
	if i := c.ArgsLenAtDash(); c.Name() == "exec" && i >= 0 && i < len(args) {
		if own, _, err := root.Find(args[i : i+1]); err == nil && own != root && !isCommandLine("wirelab "+strings.Join(args[i:], " ")) {
			return false
		}
	}
	return len(rest) == 0 || c.ValidateArgs(args) == nil
}

var (
	otherCommand = regexp.MustCompile(` (\||\|\||&&|>|<) |; |;$`)
	shellWord    = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
)

// Help is shown in the language that is asked for, wherever on the line.
func TestHelpLanguage(t *testing.T) {
	t.Setenv(lang.Variable, "")
	t.Setenv("LC_ALL", "C")
	for _, test := range []struct{ args, want string }{
		{"run --help", "Usage:"},
		{"run --help --lang zh-TW", "用法："},
		{"--lang zh-TW run --help", "用法："},
		{"--lang=zh help chat join", "預設是 server"},
		{"help --lang zh", "學習："},
		{"--lang zh", "學習："},
		{"chat --lang zh", "指令："},
	} {
		if out := stdoutOf(t, strings.Fields(test.args)...); !strings.Contains(out, test.want) {
			t.Errorf("%s: %q, want %q in it", test.args, out, test.want)
		}
	}
	t.Setenv(lang.Variable, "zh-TW")
	if out := stdoutOf(t, "run", "--help"); !strings.Contains(out, "用法：") {
		t.Errorf("%s=zh-TW: %q", lang.Variable, out)
	}
}

// The words by which people call other programs, and the commands below a command,
// stand in the help of none: plumbing is hidden, and works.
func TestPlumbingIsHidden(t *testing.T) {
	out := stdoutOf(t, "--help", "--lang", "en")
	for _, hidden := range []string{"hold", "ready", "hub"} {
		if strings.Contains(out, "\n  "+hidden) {
			t.Errorf("%s is listed:\n%s", hidden, out)
		}
		if help := stdoutOf(t, hidden, "--help", "--lang", "en"); !strings.Contains(help, "Usage:") {
			t.Errorf("%s --help: %q", hidden, help)
		}
	}
	for _, shown := range []string{"Learn", "  run ", "Lab", "  up ", "Tools", "  sniff "} {
		if !strings.Contains(out, shown) {
			t.Errorf("%q is not listed:\n%s", shown, out)
		}
	}
}

func TestVersion(t *testing.T) {
	if out := stdoutOf(t, "--version"); !regexp.MustCompile(`^wirelab \S.* go1\.\S+ \w+/\w+\n$`).MatchString(out) {
		t.Errorf("--version: %q", out)
	}
}

// stdoutOf runs a command line that succeeds and returns what it prints.
func stdoutOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	p := program()
	p.Root().SetOut(&out)
	if code := p.Run(context.Background(), args, &errs); code != 0 {
		t.Fatalf("%q: exit code %d, %s", args, code, errs.String())
	}
	return out.String()
}

// A shell completes what there is.
func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mine.txtar", "notes.txt", "ping.pcapng", "folder/other.txtar"} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		line  string
		want  []string
		wants []string // not
	}{
		{"ru", []string{"run"}, []string{"list"}},
		{"--lang ", []string{"en", "zh-TW"}, nil},
		{"chat ", []string{"serve", "join", "send", "watch"}, nil},
		{"help ch", []string{"chat", "check"}, nil},
		{"run ", []string{"ping", "tcp-chat", "mine.txtar", "folder/"}, []string{"notes.txt", "ping.pcapng"}},
		{"run folder/", []string{"folder/other.txtar"}, []string{"mine.txtar"}},
		{"check ping ", []string{"ping.pcapng"}, []string{"ping", "mine.txtar", "notes.txt"}},
		{"list ", []string{"hub-and-switch"}, nil},
		{"show ", []string{"hub-and-switch"}, nil},
		{"exec ", []string{"client1", "server", "sniffer"}, nil},
		{"exec client1 -- ", []string{"ping", "chat"}, []string{"client2"}},
		{"run --backend ", []string{"auto", "netns", "docker"}, nil},
		{"run --attach ", []string{"lab", "compose"}, nil},
		{"sniff -i ", []string{"lo", "any"}, nil},
		{"sniff -o ", []string{"line", "json", "ladder"}, nil},
		{"completion ", []string{"bash", "zsh", "fish"}, nil},
	} {
		got := completions(t, test.line)
		for _, want := range test.want {
			if !got[want] {
				t.Errorf("%q completes to %v, want %q", test.line, got, want)
			}
		}
		for _, not := range test.wants {
			if got[not] {
				t.Errorf("%q completes to %v, with %q", test.line, got, not)
			}
		}
	}
}

// bash completes without the package bash-completion, which takes a line apart for cobra's
// script: the words up to the cursor reach the program.
func TestBashCompletesByItself(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	const typed = `
		wirelab() { echo "$#-$3"; printf '%s\n' "${!#}-end" :0; }
		compopt() { :; }
		for COMP_LINE in "wirelab run p" "wirelab run " "wirelab exec client1 -- p"; do
			COMP_POINT=${#COMP_LINE} COMPREPLY=()
			__start_wirelab
			echo "${COMPREPLY[*]}"
		done`
	cmd := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile", "-c", stdoutOf(t, "completion", "bash")+typed)
	out, err := cmd.CombinedOutput()
	if want := "p-end\n3- -end\np-end\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
}

// completions are what a shell offers for a line whose last word is begun.
func completions(t *testing.T, line string) map[string]bool {
	t.Helper()
	words := strings.Split(line, " ")
	offered := map[string]bool{}
	for line := range strings.Lines(stdoutOf(t, append([]string{"__complete"}, words...)...)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if word != "" && word[0] != ':' {
			offered[word] = true
		}
	}
	return offered
}
