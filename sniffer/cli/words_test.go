package cli

import (
	"os"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
)

// Whoever may not capture on a host of a lab is told which host may, and not to use
// sudo, which a host has not.
func TestCannotCapture(t *testing.T) {
	for host, want := range map[string]string{"client1": "client1 may not capture", "": "sudo"} {
		t.Setenv(hostnames.OwnVariable, host)
		err := cannotCapture(os.ErrPermission)
		if said := err.Error(); !strings.Contains(said, want) || strings.Contains(said, "sudo") != (host == "") || exit.Code(err) != exit.Unable {
			t.Errorf("on %q: %s, want %q", host, said, want)
		}
	}
}
