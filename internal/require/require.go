// Package require is for tests that need something of the machine: namespaces,
// Docker, tshark. What is missing is skipped with its cause; what
// WIRELAB_REQUIRE names must be there.
package require

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Variable names what must be there, separated by commas: "netns,docker".
const Variable = "WIRELAB_REQUIRE"

// Required reports whether name must be there.
func Required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv(Variable), ","), name)
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
