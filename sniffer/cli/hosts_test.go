package cli

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"

	"github.com/google/go-cmp/cmp"
)

// named writes the session's frames to a file that tells names of hosts before its
// first frame or behind its last.
func named(t *testing.T, first bool) (path string) {
	t.Helper()
	session, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[netip.Addr]string{
		netip.MustParseAddr("10.77.0.10"): "server", netip.MustParseAddr("fd00::10"): "server",
		netip.MustParseAddr("10.77.0.11"): "client1",
	}
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	if first {
		err = w.WriteNames(hosts)
	}
	frames, _ := packets(t, session)
	for _, f := range frames {
		err = errors.Join(err, w.WriteFrame(f))
	}
	if !first {
		err = errors.Join(err, w.WriteNames(hosts))
	}
	path = filepath.Join(t.TempDir(), "named.pcapng")
	if err := errors.Join(err, w.Flush(), os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// A filter may name the hosts that a file names, wherever the file does.
func TestFilterNamesHostsOfFile(t *testing.T) {
	numbers := func(text string) (all []string) {
		for line := range strings.Lines(text) {
			all = append(all, strings.Fields(line)[0])
		}
		return all
	}
	for name, path := range map[string]string{"before the frames": named(t, true), "behind the frames": named(t, false)} {
		t.Run(name, func(t *testing.T) {
			for expression, addresses := range map[string]string{
				"host server":                  "host 10.77.0.10 or host fd00::10",
				"src host server and tcp":      "src host 10.77.0.10 and tcp",
				"not host client1 and not arp": "not host 10.77.0.11 and not arp",
			} {
				want, _, code, err := read(t, "-r", path, addresses)
				if code != exit.OK || want == "" {
					t.Fatalf("%s: code %d, %v", addresses, code, err)
				}
				got, _, code, err := read(t, "-r", path, expression)
				if code != exit.OK {
					t.Fatalf("%s: code %d, %v", expression, code, err)
				}
				if d := cmp.Diff(numbers(want), numbers(got)); d != "" {
					t.Errorf("%s (-addresses +names)\n%s", expression, d)
				}
			}
		})
	}
}

// A name that the command line gives another address as well stands for both.
func TestFilterNamesBothAddresses(t *testing.T) {
	t.Setenv(hostnames.Variable, "")
	path := named(t, true)
	want, _, _, _ := read(t, "-r", path, "host 10.77.0.10 or host fd00::10 or host 10.77.0.12")
	got, _, code, err := read(t, "-r", path, "--host", "server=10.77.0.12", "host server")
	if code != exit.OK || strings.Count(want, "\n") != strings.Count(got, "\n") || got == "" {
		t.Errorf("code %d, %v: %d lines, want %d", code, err, strings.Count(got, "\n"), strings.Count(want, "\n"))
	}
}

// Standard input cannot be read twice: the names before its first frame serve.
func TestFilterNamesHostsOfPipe(t *testing.T) {
	t.Setenv(hostnames.Variable, "")
	for name, test := range map[string]struct {
		first bool
		code  int
	}{"before the frames": {true, exit.OK}, "behind the frames": {false, exit.Usage}} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(named(t, test.first))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var stdout, stderr strings.Builder
			code, err := sniff(t.Context(), f, &stdout, &stderr, "-r", "-", "host server")
			if code != test.code || (code == exit.OK) != strings.Contains(stdout.String(), "server") {
				t.Errorf("code %d, %v, want %d:\n%s", code, err, test.code, &stdout)
			}
		})
	}
}

// What is said of a name that nobody has given can be pasted.
func TestFilterOfUnknownHost(t *testing.T) {
	for expression, want := range map[string][]string{
		"tcp and host sevrer": {`no host is called "sevrer" here (did you mean server?)`, "\n  tcp and host sevrer\n               ^"},
		"host nobody":         {`no host is called "nobody" here` + "\n  host nobody\n       ^\n", "--host nobody=ADDRESS", "--lookup nobody"},
	} {
		_, _, code, err := read(t, "-r", named(t, true), expression)
		if code != exit.Usage {
			t.Fatalf("%s: code %d, %v", expression, code, err)
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: no %q in\n%v", expression, part, err)
			}
		}
	}
	if _, _, code, err := read(t, "-r", session31, "--lookup", "localhost", "host localhost"); code != exit.OK {
		t.Errorf("a name that is looked up: code %d, %v", code, err)
	}
}
