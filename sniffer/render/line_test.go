package render

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/require"
	"wirelab/sniffer"
)

const sessionPcap = "../testdata/session-us.pcap" // 31 frames, microseconds

// tcpdump runs tcpdump on the session.
func tcpdump(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		require.Missing(t, "tcpdump", "tcpdump is not installed")
	}
	cmd := exec.Command("tcpdump", append([]string{"-n", "-r", sessionPcap}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tcpdump %v: %v", args, err)
	}
	return string(out)
}

func lines(t *testing.T, o Options) string {
	t.Helper()
	o.UTC = true
	printer := NewLine(o)
	var text []byte
	for _, p := range readCapture(t, sessionPcap) {
		text = printer.Append(text, &p)
	}
	return string(text)
}

// Lines tell the times that tcpdump tells.
func TestStampsEqualTcpdumps(t *testing.T) {
	for flags, stamp := range map[string]Stamp{"": TimeOfDay, "-tt": Epoch, "-ttt": SincePrevious, "-tttt": DateAndTime, "-ttttt": SinceFirst} {
		pattern := regexp.MustCompile(`(?m)^(?: *\d+ )? ?((?:\d{4}-\d\d-\d\d )?[\d:]+\.\d{6}) `)
		var ours, theirs []string
		for _, m := range pattern.FindAllStringSubmatch(lines(t, Options{Stamp: stamp}), -1) {
			ours = append(ours, m[1])
		}
		var args []string
		if flags != "" {
			args = append(args, flags)
		}
		for _, m := range pattern.FindAllStringSubmatch(tcpdump(t, args...), -1) {
			theirs = append(theirs, m[1])
		}
		if d := cmp.Diff(theirs, ours); d != "" || len(ours) != 31 {
			t.Errorf("%s: %d times (-tcpdump +ours)\n%s", flags, len(ours), d)
		}
	}
	if text := lines(t, Options{Stamp: NoTime}); !strings.HasPrefix(text, "   1 10.77.0.11 >") {
		t.Errorf("without times\n%s", text)
	}
}

// What is shown of a frame's bytes is what tcpdump shows.
func TestDumpsEqualTcpdumps(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\t0x.*$`)
	for flags, dump := range map[string]Dump{
		"-x": {Hex: true}, "-xx": {Hex: true, Link: true}, "-X": {Hex: true, ASCII: true}, "-XX": {Hex: true, ASCII: true, Link: true},
	} {
		ours, theirs := row.FindAllString(lines(t, Options{Dump: dump}), -1), row.FindAllString(tcpdump(t, flags), -1)
		for i := range theirs {
			theirs[i] = strings.TrimRight(theirs[i], " ")
		}
		if d := cmp.Diff(theirs, ours); d != "" || len(ours) < 100 {
			t.Errorf("%s: %d rows (-tcpdump +ours)\n%s", flags, len(ours), d)
		}
	}
	for flags, dump := range map[string]Dump{"-A": {ASCII: true}, "-AA": {ASCII: true, Link: true}} {
		ours := lines(t, Options{Dump: dump, Stamp: NoTime})
		compared := 0
		for want := range strings.Lines(tcpdump(t, flags, "-t")) {
			if strings.HasPrefix(want, "IP") || strings.HasPrefix(want, "ARP") {
				continue
			}
			if compared++; !strings.Contains(ours, want) {
				t.Errorf("%s: no %q", flags, want)
			}
		}
		if compared < 31 {
			t.Errorf("%s: %d lines", flags, compared)
		}
	}
}

// A long payload is cut before a character, and what is left is counted, of a frame that
// the capture cut short, too.
func TestTextIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		length  int // of the datagram that was cut
		want    string
	}{
		"short":    {"abc", 3, ` "abc"`},
		"whole":    {strings.Repeat("a", 256), 256, ` "` + strings.Repeat("a", 256) + `"`},
		"long":     {strings.Repeat("a", 300), 300, ` "` + strings.Repeat("a", 256) + `" +44`},
		"Chinese":  {strings.Repeat("字", 100), 300, ` "` + strings.Repeat("字", 85) + `" +45`},
		"no UTF-8": {strings.Repeat("\x80", 257), 257, ` "` + strings.Repeat(`\x80`, 256) + `" +1`},
		"cut":      {"abc", 100, ` "abc" +97`},
	} {
		t.Run(name, func(t *testing.T) {
			total := 28 + test.length
			b := []byte{0x45, 0, byte(total >> 8), byte(total), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
			b = append(b, 0x13, 0x88, 0x1b, 0x59, byte((8+test.length)>>8), byte(8+test.length), 0, 0)
			p := sniffer.Packet{Frame: sniffer.Frame{Data: append(b, test.payload...), Length: total, LinkType: sniffer.LinkIPv4}}
			p.Decode()
			if got := string(appendText(nil, &p)); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
