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
	link    = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	inTree  = regexp.MustCompile("`((?:lab|sniffer|chat|internal|scripts|docs)/[a-zA-Z0-9_/.-]+)`")
	goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")
)

// What a document links to, or names as a path of the tree, is there.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	for _, file := range documents(t) {
		text := readText(t, file)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: link: %v", file, err)
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
