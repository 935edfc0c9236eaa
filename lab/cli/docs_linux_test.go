package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
	"wirelab/lab/netns"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// example is a block of code of a document: its kind and, for a file, its name.
type example struct {
	kind, file, text string
	line             int
}

// readExamples returns the fenced blocks of a document.
func readExamples(t *testing.T, path string) (all []example) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var open *example
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		rest, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case fence && open == nil:
			kind, file, _ := strings.Cut(rest, " ")
			open = &example{kind: kind, file: file, line: number}
		case fence:
			all, open = append(all, *open), nil
		case open != nil:
			open.text += line
		}
	}
	return all
}

// Every example of the documents does what it says, in both languages: files are
// written, commands executed and their output compared, fragments parsed.
func TestDocumentedExamples(t *testing.T) {
	requireBackend(t, netns.Name)
	program := wirelab(t)
	for _, doc := range []struct{ file, locale string }{
		{"README.md", "C.UTF-8"}, {"README.zh-TW.md", "zh_TW.UTF-8"},
		{"docs/first-hour.md", "C.UTF-8"}, {"docs/first-hour.zh-TW.md", "zh_TW.UTF-8"},
		{"docs/experiments.md", "C.UTF-8"}, {"docs/experiments.zh-TW.md", "zh_TW.UTF-8"},
	} {
		t.Run(doc.file, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bin := filepath.Join(dir, "bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(program, filepath.Join(bin, "wirelab")); err != nil {
				t.Fatal(err)
			}
			shell := documentShell{dir: dir, env: append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL="+doc.locale, "COLUMNS=120")}
			unused := map[string]int{} // files that no command has named yet, and where they are
			for _, e := range readExamples(t, filepath.Join("..", "..", doc.file)) {
				where := fmt.Sprintf("%s:%d", doc.file, e.line)
				switch e.kind {
				case "txtar", "go":
					if at, ok := unused[e.file]; ok {
						t.Errorf("%s:%d: nothing runs %s", doc.file, at, e.file)
					}
					unused[e.file] = e.line
					if err := os.WriteFile(filepath.Join(dir, e.file), []byte(e.text), 0o644); err != nil {
						t.Fatal(err)
					}
				case "console":
					for file := range unused {
						if strings.Contains(e.text, file) {
							delete(unused, file)
						}
					}
					shell.check(t, where, e.text)
				case "script":
					checkFragment(t, where, e.text)
				case "trace":
					exp := script.Experiment{Topology: lab.DefaultTopology}
					if lines, err := exp.ReadTrace(e.text, ""); err != nil || len(lines) != strings.Count(e.text, "\n") {
						t.Errorf("%s: %d lines, %v", where, len(lines), err)
					}
				default:
					t.Errorf("%s: a block of kind %q, which nothing checks", where, e.kind)
				}
			}
			for file, at := range unused {
				t.Errorf("%s:%d: nothing runs %s", doc.file, at, file)
			}
		})
	}
}

// checkFragment parses a script without claims.
func checkFragment(t *testing.T, where, text string) {
	t.Helper()
	if _, err := script.Parse("x.txtar", []byte(text+"expect x.y in all trace arp\n-- x.y --\n")); err != nil {
		t.Errorf("%s: %v", where, err)
	}
}

// documentShell executes the commands of a document.
type documentShell struct {
	dir string
	env []string
}

// check executes each line that begins with "$ " and compares what is printed with the
// lines below it. Each of these must be there, in this order; "…" in a line stands for
// any text, and as a line for any lines. Spaces are not compared, nor are durations,
// numbers with a decimal point, which are times, and the length of a ladder's rules, which depends
// on them. "go run ." is the program under test.
func (s documentShell) check(t *testing.T, where, text string) {
	t.Helper()
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(command, "go run . ", "wirelab "))
		var out bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, &out, &out
		err := cmd.Run()
		cancel()
		if err != nil {
			t.Errorf("%s: %s: %v\n%s", where, command, err, &out)
			continue
		}
		if missing := firstMissing(want, out.String()); missing != "" {
			t.Errorf("%s: %s does not print\n%s\nbut\n%s", where, command, missing, &out)
		}
	}
}

// firstMissing is the first line that an output lacks, or has too early; "" if there is
// none. Where no "…" stands between two lines, they have to follow each other.
func firstMissing(want, output string) string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	anywhere := false
	for _, line := range strings.Split(strings.TrimRight(want, "\n"), "\n") {
		if strings.TrimSpace(line) == "…" {
			anywhere = true
			continue
		}
		pattern := documentLine(line)
		i := slices.IndexFunc(lines, pattern.MatchString)
		if i < 0 || i > 0 && !anywhere {
			return line
		}
		lines, anywhere = lines[i+1:], false
	}
	if !anywhere && strings.TrimSpace(strings.Join(lines, "")) != "" && strings.TrimSpace(want) != "" {
		return "(the end of the output)"
	}
	return ""
}

var (
	decimal = regexp.MustCompile(`\d+\\\.\d+`)
	length  = regexp.MustCompile(`\d+(?:\\\.\d+)? (?:ns|µs|ms|s)\b`) // 10.8 ms or 18 ms
	rule    = regexp.MustCompile("┄+")
)

// documentLine matches a line of an output.
func documentLine(line string) *regexp.Regexp {
	var parts []string
	for _, part := range strings.Split(strings.TrimSpace(line), "…") {
		pattern := length.ReplaceAllString(regexp.QuoteMeta(part), "LENGTH")
		pattern = decimal.ReplaceAllString(pattern, `\d+\.\d+`)
		pattern = strings.ReplaceAll(pattern, "LENGTH", `\d+(?:\.\d+)? (?:ns|µs|ms|s)`)
		words := strings.Fields(rule.ReplaceAllString(pattern, "┄+"))
		joined := strings.Join(words, `\s+`)
		if len(words) > 0 && strings.HasPrefix(part, " ") {
			joined = `\s+` + joined
		}
		parts = append(parts, joined)
	}
	return regexp.MustCompile(`^\s*` + strings.Join(parts, `.*`) + `\s*$`)
}

func TestFirstMissing(t *testing.T) {
	const output = "one  1\n  two\nthree\nfour 4\ntime 0.4 s\n"
	for want, missing := range map[string]string{
		"one 1\ntwo\nthree\nfour 4\ntime 12.05 s": "",
		"…\nthree\n…":                             "",
		"one …\n…\nfour …\n…":                     "",
		"one 1\nthree\n…":                         "three",
		"…\nthree\n…\ntwo\n…":                     "two",
		"one 1\ntwo":                              "(the end of the output)",
		"":                                        "",
		"…":                                       "",
		"…\nfive\n…":                              "five",
		"… 1\n…":                                  "",
		"…\ntime 4 s":                             "",
		"…\ntime 4 h":                             "time 4 h",
		"one 2\n…":                                "one 2",
		"one 1\ntwo\nthree\nfour 4\nfive 5":       "five 5",
	} {
		if got := firstMissing(want, output); got != missing {
			t.Errorf("%q: %q, want %q", want, got, missing)
		}
	}
}

// The documents have every word of the language, and their examples are the same.
func TestDocumentedWords(t *testing.T) {
	words := append(script.Verbs(), "topology", "lesson", "expect", "anywhere", "all")
	words = append(words, trace.Protocols()...)
	words = append(words, trace.Modifiers()...)
	words = append(words, trace.ColumnNames()...)
	words = append(words, script.Matchers()...)
	words = append(words, trace.Acked, trace.Unasked, trace.Fragment, trace.Again, "who-has", "is-at", "probe", "echo-request", "echo-reply")
	commands := map[string][]string{}
	for _, file := range []string{"experiments.md", "experiments.zh-TW.md"} {
		path := filepath.Join("..", "..", "docs", file)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !regexp.MustCompile("`[^`\n]*\\b" + regexp.QuoteMeta(word) + "\\b[^`\n]*`").Match(data) {
				t.Errorf("%s does not have the word %q", file, word)
			}
		}
		for _, e := range readExamples(t, path) {
			for line := range strings.Lines(e.text) {
				if e.kind == "console" && strings.HasPrefix(line, "$ ") {
					commands[file] = append(commands[file], line)
				}
			}
		}
	}
	if en, zh := commands["experiments.md"], commands["experiments.zh-TW.md"]; len(en) == 0 || len(en) != len(zh) {
		t.Errorf("%d commands in English, %d in Chinese", len(en), len(zh))
	}
}
