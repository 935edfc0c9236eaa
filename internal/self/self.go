// Package self knows how people reach the wirelab program that is running, so
// that what a message advises can be pasted as it stands.
package self

import (
	"os"
	"path/filepath"
	"strings"
)

// name is what a process is called that is not the wirelab program: a test that
// uses the library cannot be asked to bring a lab up.
const name = "wirelab"

// called is how the program was called; empty: this process is another program.
var called string

// Called notes the first word of the command line. Only main calls it, before
// anything else.
func Called(word string) { called = word }

// Command returns the words that call this program in a shell: wirelab,
// ./wirelab, 'C:\my tools\wirelab.exe' or go run .
func Command() string {
	switch {
	case called == "":
		return name
	case runByGo(called):
		return "go run ."
	}
	return Quote(called)
}

// Path returns the absolute path of the program's file, quoted for a shell, for
// what is done to the file. kept is false where Go built it for this one run:
// the file goes with it.
func Path() (path string, kept bool) {
	switch {
	case called == "":
		return name, true
	case runByGo(called):
		return name, false
	}
	path, err := os.Executable()
	if err != nil {
		return Quote(called), true
	}
	return Quote(path), true
}

// runByGo reports whether go run has built the program: it lies in the folder
// exe of a package's work folder, or since Go 1.24 in a folder of the build cache
// that ends in -d.
func runByGo(word string) bool {
	dir := filepath.Dir(word)
	built := filepath.Base(dir) == "exe" && strings.Contains(dir, "go-build")
	return built || strings.HasSuffix(dir, "-d") && strings.Contains(dir, "go-build")
}

// Quote returns a word as a shell takes it.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@%+,", r) || r > 0x7f
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
