// Package require is for tests: what they need of the machine (namespaces,
// Docker, tshark) and what they wait for. A test that lacks something is skipped
// with its cause; what WIRELAB_REQUIRE names must be there. One that takes long is
// carried out where WIRELAB_REQUIRE has long.
package require

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// Variable names what must be there, separated by commas: "netns,docker".
const Variable = "WIRELAB_REQUIRE"

// long is the word of Variable by which tests take the time they need.
const long = "long"

// known are the words of Variable.
var known = []string{"netns", "docker", "tshark", "tcpdump", "tmux", "kubernetes", "chromium", long}

// A word that is not known ends every test program: it would require nothing,
// and nobody would notice.
func init() {
	if _, err := parse(os.Getenv(Variable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// Required reports whether name, one of the known words, must be there.
func Required(name string) bool {
	if !slices.Contains(known, name) {
		panic(fmt.Sprintf("package require does not know %q", name))
	}
	// Asked here, and not in init: go test repeats what it has cached only where
	// a test sees the variable changed.
	required, _ := parse(os.Getenv(Variable)) // init has checked it
	return slices.Contains(required, name)
}

// parse reads the words of Variable.
func parse(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	words := strings.Split(s, ",")
	for _, word := range words {
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("%s has %q: want some of %s, separated by commas", Variable, word, strings.Join(known, ", "))
		}
	}
	return words, nil
}

// Missing ends a test that needs name, which is missing: a skip with its
// cause, or a failure where name is required.
func Missing(t testing.TB, name string, cause any) {
	t.Helper()
	if Required(name) {
		t.Fatalf("%s has %s, but %v", Variable, name, cause)
	}
	t.Skip(cause)
}

// Long skips a test that takes long, unless long is required. why says what takes it.
func Long(t testing.TB, why string) {
	t.Helper()
	if !Required(long) {
		t.Skipf("%s (%s=%s)", why, Variable, long)
	}
}

// Many is how often a test repeats what it does: full where long is required, else few.
func Many(few, full int) int {
	if Required(long) {
		return full
	}
	return few
}
