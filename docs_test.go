package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents returns the paths of all Markdown files.
func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if files = slices.Concat(files, more); len(files) < 5 {
		t.Fatalf("only %q", files)
	}
	return files
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	inTree  = regexp.MustCompile("`((?:lab|sniffer|chat|internal|scripts|docs)/[a-zA-Z0-9_/.-]+)`")
	goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")
)

// anchors are the names by which links reach the headings of a document.
func anchors(text string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// What a document links to, or names as a path of the tree, is there.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	for _, file := range documents(t) {
		text := readText(t, file)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := file
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(file), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link: %v", file, err)
			} else if m[2] != "" && !slices.Contains(anchors(readText(t, target)), m[2]) {
				t.Errorf("%s: link: %s has no heading #%s", file, target, m[2])
			}
		}
		for _, m := range inTree.FindAllStringSubmatch(text, -1) {
			path := m[1]
			if _, err := os.Stat(path); err == nil {
				continue
			}
			// lab/docker.Backend is a name of a package.
			if dir, name := filepath.Split(path); strings.Contains(name, ".") {
				path = dir + name[:strings.Index(name, ".")]
			}
			if _, err := os.Stat(path); err != nil && file != "CHANGELOG.md" { // which tells of the past
				t.Errorf("%s: %q: %v", file, m[1], err)
			}
		}
	}
}

// The Go code of a document is part of a test that runs.
func TestDocumentsShowCodeThatRuns(t *testing.T) {
	tests, err := filepath.Glob("lab/*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, path := range tests {
		code.WriteString(readText(t, path))
	}
	blocks := 0
	for _, file := range documents(t) {
		for _, m := range goBlock.FindAllStringSubmatch(readText(t, file), -1) {
			blocks++
			if !strings.Contains(code.String(), m[1]) {
				t.Errorf("%s: no test has this code:\n%s", file, m[1])
			}
		}
	}
	if blocks == 0 {
		t.Error("no document has a block of Go")
	}
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`([^`\n]+)`")
	own     = regexp.MustCompile(`^(?:sudo |docker compose exec \S+ |[A-Z_]+=\S+ |printf .* \| )*(?:\./)?(?:wirelab|go run \.) ([^A-Z].*)`)
	command = regexp.MustCompile(`^(?:sudo |(?:\./)?wirelab |(?:git|docker|nc|rm|jq) |go (?:build|run|test|mod|clean) |scripts/|[A-Z_]+=)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

	notInAnchor = regexp.MustCompile(`[^\pL\pN _-]`)
)

// codeLines returns the lines of a document's blocks of code, without the shell's
// prompts and comments.
func codeLines(text string) (all []string) {
	inFence := false
	for line := range strings.Lines(text) {
		fence := strings.HasPrefix(line, "```")
		if inFence = inFence != fence; fence || !inFence && !strings.HasPrefix(line, "    ") {
			continue
		}
		line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "$ "), " # ")
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// Each command line of wirelab's in a document is one that the program takes.
func TestDocumentsShowCommandLines(t *testing.T) {
	for _, file := range documents(t) {
		if file == "CHANGELOG.md" { // which tells of the past
			continue
		}
		text := readText(t, file)
		lines := codeLines(text)
		for _, m := range code.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			lines = append(lines, m[1])
		}
		for _, line := range lines {
			if m := own.FindStringSubmatch(line); m != nil && !isCommandLine("wirelab "+m[1]) {
				t.Errorf("%s: the program does not take %q", file, line)
			}
		}
	}
}

// A document and its translation have the same headings, commands and rows.
func TestDocumentsAreTheSameInBothLanguages(t *testing.T) {
	pairs := 0
	for _, chinese := range documents(t) {
		name, ok := strings.CutSuffix(chinese, ".zh-TW.md")
		if !ok {
			continue
		}
		pairs++
		var headings, rows [2]int
		var commands [2][]string
		for i, file := range []string{name + ".md", chinese} {
			text := readText(t, file)
			headings[i] = len(heading.FindAllString(fenced.ReplaceAllString(text, ""), -1))
			rows[i] = strings.Count(text, "\n|")
			for _, line := range codeLines(text) {
				if command.MatchString(line) {
					commands[i] = append(commands[i], line)
				}
			}
		}
		if headings[0] != headings[1] || rows[0] != rows[1] {
			t.Errorf("%s: %d headings and %d rows in English, %d and %d in Chinese", name, headings[0], rows[0], headings[1], rows[1])
		}
		if !slices.Equal(commands[0], commands[1]) {
			t.Errorf("%s:\n%q in English\n%q in Chinese", name, commands[0], commands[1])
		}
	}
	if pairs < 5 {
		t.Errorf("only %d documents are in both languages", pairs)
	}
}

// A line break within a Chinese paragraph is shown as a space, in the middle of a sentence.
func TestChineseParagraphsAreLines(t *testing.T) {
	prose := regexp.MustCompile("^[^\\s|#>`\\-]|^`[^`]")
	for _, path := range documents(t) {
		if !strings.HasSuffix(path, ".zh-TW.md") {
			continue
		}
		lines := strings.Split(fenced.ReplaceAllString(readText(t, path), ""), "\n")
		for i := 1; i < len(lines); i++ {
			if prose.MatchString(lines[i-1]) && prose.MatchString(lines[i]) && !regexp.MustCompile(`^\d+\. `).MatchString(lines[i]) {
				t.Errorf("%s: a paragraph is broken before %q", path, lines[i])
			}
		}
	}
}
