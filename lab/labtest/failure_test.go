package labtest_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"wirelab/lab/labtest"
)

// What a test prints that fails tells what was on the wire: in a ladder that knows what was
// lost, and even where no claim has failed but the test itself.
func TestFailurePrintsTheWire(t *testing.T) {
	const asked = "LABTEST_WIRE"
	cases := map[string]struct {
		fail  func(t *testing.T, l *labtest.Lab)
		shows []string
		hides []string
	}{
		"a fatal error ahead of settle": {
			fail: func(t *testing.T, l *labtest.Lab) {
				l.Settle("quiet")
				l.Run("client", "ping", "-c", "1", "server")
				t.Fatal("no answer that the test likes")
			},
			shows: []string{`the last packets on the wire:`, `not settled`, `echo-reply seq=1`},
		},
		"a fatal error behind settle": {
			fail: func(t *testing.T, l *labtest.Lab) {
				l.Run("client", "ping", "-c", "1", "server")
				l.Settle("pinged")
				t.Fatal("no answer that the test likes")
			},
			shows: []string{`the last packets on the wire:`, `pinged`, `echo-reply seq=1`},
		},
		"nothing sent": {
			fail:  func(t *testing.T, _ *labtest.Lab) { t.Fatal("at once") },
			hides: []string{`on the wire`},
		},
		"a lost packet": {
			fail: func(t *testing.T, l *labtest.Lab) {
				l.Impair("lose", "client", "server", labtest.Drop{}, labtest.Frames{Nth: []int{1}, Where: "udp port 7000"})
				say(t, l, 1, "one", "two")
				l.Settle("said")
				l.Expect("udp in said", "client > server udp\nclient > server udp")
			},
			shows: []string{`╳│  udp len=3 lost`, `╳ lost on its last hop`},
			hides: []string{`the last packets`},
		},
		"silence": {
			fail: func(t *testing.T, l *labtest.Lab) {
				l.Run("client", "ping", "-c", "1", "server")
				l.Settle("pinged")
				l.Expect("udp in pinged", "client > server udp")
			},
			shows: []string{`- client > server udp`},
			hides: []string{`drops not recorded`}, // it is known when the capture ends
		},
	}
	if c, ok := cases[os.Getenv(asked)]; ok {
		c.fail(t, labtest.New(t, "client", "server"))
		return
	}
	t.Parallel()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestFailurePrintsTheWire$")
			cmd.Env = append(os.Environ(), asked+"="+name, "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if regexp.MustCompile(`--- SKIP`).Match(out) {
				t.Skipf("%s", out)
			}
			if err == nil {
				t.Fatalf("it passes:\n%s", out)
			}
			for _, want := range c.shows {
				if !regexp.MustCompile(want).Match(out) {
					t.Errorf("it does not show %s:\n%s", want, out)
				}
			}
			for _, never := range c.hides {
				if regexp.MustCompile(never).Match(out) {
					t.Errorf("it shows %s:\n%s", never, out)
				}
			}
		})
	}
}
