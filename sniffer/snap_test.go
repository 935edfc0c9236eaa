package sniffer_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// cut decodes the first n bytes of a frame.
func cut(whole *sniffer.Packet, n int) *sniffer.Packet {
	p := &sniffer.Packet{Frame: whole.Frame, Number: whole.Number}
	p.Data = p.Data[:n:n]
	p.Decode()
	return p
}

// A frame that was cut behind its transport header's fixed part shows what the
// whole one shows, lengths among it; ports wherever they were captured.
func TestSnappedFrameShowsItsLengths(t *testing.T) {
	packets, _ := readFile(t, filepath.Join("testdata", "session.pcapng"))
	lengths, ports := 0, 0
	for i := range packets {
		p := &packets[i]
		if !p.Has(sniffer.TCP) && !p.Has(sniffer.UDP) {
			continue
		}
		want := string(sniffer.Notation{}.AppendLine(nil, p))
		fixed := p.TransportOffset + 8
		if p.Has(sniffer.TCP) {
			fixed += 12
		}
		for n := p.TransportOffset + 4; n < len(p.Data); n++ {
			got, tail, _ := strings.Cut(string(sniffer.Notation{}.AppendLine(nil, cut(p, n))), " truncated=")
			if tail == "" {
				t.Fatalf("frame %d cut at %d: %s", p.Number, n, got)
			}
			if n >= fixed {
				lengths++
			} else {
				ports++
				want := strings.Join(strings.Fields(want)[:3], " ")
				if got = strings.Join(strings.Fields(got)[:3], " "); got != want {
					t.Errorf("frame %d cut at %d: %q, want %q", p.Number, n, got, want)
				}
				continue
			}
			if got != want {
				t.Errorf("frame %d cut at %d: %q, want %q", p.Number, n, got, want)
			}
		}
	}
	if lengths < 300 || ports < 50 {
		t.Errorf("%d lines with lengths compared, %d with ports", lengths, ports)
	}
}

// tcpdump shows the same lengths of frames that were cut.
func TestTcpdumpAgreesOnSnappedFrames(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		require.Missing(t, "tcpdump", "tcpdump is not installed")
	}
	packets, _ := readFile(t, filepath.Join("testdata", "session.pcapng"))
	var file bytes.Buffer
	w, err := pcapfile.NewPcapWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range packets {
		whole := &packets[i]
		if whole.Src.Is6() || !whole.Has(sniffer.TCP) && !whole.Has(sniffer.UDP) {
			continue
		}
		for n := whole.TransportOffset + 4; n < len(whole.Data); n++ {
			p := cut(whole, n)
			if err := w.WriteFrame(p.Frame); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(sniffer.Notation{}.AppendLine(nil, p)))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "snapped.pcap")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tcpdump", "-n", "-t", "-r", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(theirs) != len(lines) {
		t.Fatalf("%d lines, tcpdump has %d", len(lines), len(theirs))
	}
	// A datagram's length is in parentheses where tcpdump guesses what it carries.
	length := regexp.MustCompile(`(?:length |\()(\d+)\)?$`)
	port := regexp.MustCompile(`\.(\d+) > [0-9.]+\.(\d+):`)
	compared, ported := 0, 0
	for i, line := range lines {
		if m := port.FindStringSubmatch(theirs[i]); m != nil {
			ported++
			if !strings.Contains(line, ":"+m[1]+" > ") || !strings.Contains(line, ":"+m[2]+" ") {
				t.Errorf("%s\ntcpdump: %s", line, theirs[i])
			}
		}
		if m := length.FindStringSubmatch(theirs[i]); m != nil {
			compared++
			if m[1] != "0" && !strings.Contains(line, " len="+m[1]+" ") || m[1] == "0" && strings.Contains(line, " len=") && !strings.Contains(line, " len=0 ") {
				t.Errorf("%s\ntcpdump: %s", line, theirs[i])
			}
		}
	}
	if compared < 100 || ported != len(lines) {
		t.Errorf("%d lengths and %d ports of %d lines compared", compared, ported, len(lines))
	}
}
