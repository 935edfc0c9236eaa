package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"

	"github.com/google/go-cmp/cmp"
)

const sessionPcap = "../testdata/session-us.pcap" // 31 frames, microseconds

// The flags of tcpdump do what they do there.
func TestTcpdumpsFlags(t *testing.T) {
	filter := filepath.Join(t.TempDir(), "filter")
	if err := os.WriteFile(filter, []byte("udp and port 7001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"-t -c 1", `^   1 server > \* who-has`},
		{"-n -t -c 1", `^   1 10\.77\.0\.11 > \* who-has 10\.77\.0\.10\n$`},
		{"-nn -t -c 1", `^   1 10\.77\.0\.11 >`},
		{"-e -t -c 1", `^   1 02:00:00:00:00:0b > ff:ff:ff:ff:ff:ff ARP len=42 \| server > \*`},
		{"-q -t -c 1 tcp", `:39502 > 10\.77\.0\.10:7000 tcp len=0\n$`},
		{"-S -t -c 2 tcp", ` SYN seq=3139780270\n.* SYN ACK seq=1021052515 ack=3139780271\n$`},
		{"-v -t -c 1 tcp", ` SYN seq=0 win=64240 options=\[MSS 1460,SACK permitted,timestamps,window scale 10\] ttl=64 tos=0 id=2479 offset=0 DF length=60\n$`},
		{"-v -t -c 1 ip6", ` > \* who-has fd00::10 ttl=255 payload-length=32\n$`},
		{"-l -U -# -p -Q inout -t -c 1", `^   1 server`},
		{"-F " + filter, `^(.*udp.*\n){2}$`},
		{"--count", `^31 packets\n$`},
		{"--count arp and host 10.77.0.10 and not host 10.77.0.11", `^0 packets\n$`},
		{"--count -c 1", `^1 packet\n$`},
	} {
		args := append([]string{"-r", sessionPcap, "--host", "server=10.77.0.11"}, strings.Fields(test.args)...)
		if stdout, _, code, err := read(t, args...); code != exit.OK || !regexp.MustCompile(test.want).MatchString(stdout) {
			t.Errorf("%s: code %d, %v\n%s", test.args, code, err, stdout)
		}
	}
	for _, args := range []string{"-v -o json", "-x -o ladder", "-tttttt", "-F " + filter + " tcp", "-F " + filter + "x", "--count -o json", "-r - -r -"} {
		if _, _, code, err := read(t, append([]string{"-r", sessionPcap}, strings.Fields(args)...)...); code != exit.Usage {
			t.Errorf("%s: code %d, %v", args, code, err)
		}
	}
}

// Every flag of tcpdump's and tshark's exists, or is answered with what to use.
func TestOtherFlagsAreAnswered(t *testing.T) {
	flags := sniffCommand(nil).Flags()
	known := func(name string) bool {
		return flags.ShorthandLookup(name) != nil || !otherFlags[name].IsZero() || name == "h"
	}
	// tcpdump lists those without a value in one word, the others each by itself.
	for program, pattern := range map[string]string{"tcpdump": `\[ ?-([A-Za-z#]+)[\] ]`, "tshark": `(?m)^  -([A-Za-z0-9])\b`} {
		if _, err := exec.LookPath(program); err != nil {
			require.Missing(t, program, program+" is not installed")
		}
		help, _ := exec.Command(program, "--help").CombinedOutput()
		found := ""
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(help), -1) {
			found += m[1]
		}
		for _, letter := range found {
			if !known(string(letter)) {
				t.Errorf("%s -%c is not answered", program, letter)
			}
		}
		if len(found) < 30 {
			t.Errorf("%s has %q:\n%s", program, found, help)
		}
	}
	for name, advice := range otherFlags {
		dash := "--"
		if len(name) == 1 {
			dash = "-"
		}
		if flags.Lookup(name) != nil || len(name) == 1 && flags.ShorthandLookup(name) != nil {
			t.Errorf("%s%s exists, and has an answer", dash, name)
		} else if _, _, _, err := read(t, dash+name); err == nil || !strings.Contains(err.Error(), advice.String()) {
			t.Errorf("%s%s: %v", dash, name, err)
		}
	}
	if _, _, code, err := read(t, "-r", sessionPcap, "tcp.port == 80 && ip.addr == 10.0.0.1"); code != exit.Usage || !strings.Contains(err.Error(), "here write: 'tcp port 80 and ip host 10.0.0.1'") {
		t.Errorf("display filter: code %d, %v", code, err)
	}
}

// Where the day changes a line has the date, on one core and on all.
func TestDates(t *testing.T) {
	var frames []sniffer.Frame
	for _, at := range []string{"2026-01-01T23:59:58Z", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-02T09:00:00Z", "2026-01-04T00:00:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		for range 500 { // more than a chunk
			frames = append(frames, sniffer.Frame{Time: when, LinkType: sniffer.LinkEthernet, Data: make([]byte, 600), Length: 600})
		}
	}
	path := fileOfFrames(t, frames)
	for _, args := range [][]string{nil, {"-c", "100000"}} {
		stdout, _, code, err := read(t, append([]string{"-r", path, "--utc"}, args...)...)
		if code != exit.OK {
			t.Fatal(err)
		}
		lines := strings.Split(stdout, "\n")
		if len(lines) != len(frames)+3 || lines[1000] != "-- 2026-01-02 --" || lines[2001] != "-- 2026-01-04 --" {
			t.Errorf("%v: %d lines, %q, %q", args, len(lines), lines[1000], lines[2001])
		}
	}
	if stdout, _, _, _ := read(t, "-r", path, "-tttt"); strings.Contains(stdout, "--") {
		t.Error("a date line beside dates")
	}
}

// fileOfFrames writes a pcapng file of Ethernet frames.
func fileOfFrames(t *testing.T, frames []sniffer.Frame) (path string) {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFrames(frames); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "frames.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Several files are one, in the order of time.
func TestSeveralFiles(t *testing.T) {
	at := func(seconds int64, size int) sniffer.Frame {
		return sniffer.Frame{Time: time.Unix(seconds, 0), LinkType: sniffer.LinkEthernet, Data: make([]byte, size), Length: size}
	}
	a := fileOfFrames(t, []sniffer.Frame{at(1, 61), at(4, 64), at(5, 65)})
	b := fileOfFrames(t, []sniffer.Frame{at(2, 62), at(3, 63), at(6, 66)})
	copied, stderr, code, err := read(t, "-r", a, "-r", b, "-r", session31, "-w", "-")
	if code != exit.OK || !strings.Contains(stderr, "37 packets captured") {
		t.Fatalf("code %d, %v\n%s", code, err, stderr)
	}
	frames, _ := packets(t, []byte(copied))
	for i, f := range frames[:6] {
		if f.Length != 61+i || f.Interface != map[bool]int{true: 1, false: 0}[f.Length == 62 || f.Length == 63 || f.Length == 66] {
			t.Errorf("frame %d: %d bytes on interface %d", i+1, f.Length, f.Interface)
		}
	}
	if frames[36].Interface != 2 {
		t.Errorf("the last is of interface %d", frames[36].Interface)
	}
	whole, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcapng")
	if err := os.WriteFile(cut, whole[:2000], 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _, code, err := read(t, "-r", cut, "-r", b)
	if code != exit.Failed || !strings.Contains(err.Error(), "cut.pcapng: file ends at byte 2000") || strings.Count(stdout, "\n-- ") != 1 || strings.Count(stdout, " llc ") != 3 {
		t.Errorf("code %d, %v\n%s", code, err, stdout)
	}
}

// A name that ends in .gz makes a compressed file.
func TestCompressedOutput(t *testing.T) {
	for _, name := range []string{"x.pcapng.gz", "x.pcap.gz"} {
		path := filepath.Join(t.TempDir(), name)
		if _, _, code, err := read(t, "-r", sessionPcap, "-o", "none", "-w", path); code != exit.OK {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
			t.Errorf("%s begins with % x, %v", name, content[:2], err)
		}
		want, _, _, _ := read(t, "-r", sessionPcap)
		if got, _, _, err := read(t, "-r", path); got != want {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(want, got))
		}
		// The names of rotated files keep both ends.
		if _, _, code, err := read(t, "-r", sessionPcap, "-o", "none", "-w", path, "--rotate-size", "1K"); code != exit.OK {
			t.Fatal(err)
		}
		end := strings.TrimPrefix(name, "x")
		if _, _, code, err := read(t, "-r", filepath.Join(filepath.Dir(path), "x-00002"+end)); code != exit.OK {
			t.Error(err)
		}
	}
}
