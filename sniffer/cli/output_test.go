package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"

	"github.com/google/go-cmp/cmp"
)

// Every output shows all 31 frames, by one goroutine and by several.
func TestOutputs(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "ladder.svg")
	for output, want := range map[string]int{"line": 31, "json": 31, "note": -1, "fields": -1, "stream": 13, "ladder": -1, picture: 0} {
		stdout, stderr, code, err := read(t, "-r", session31, "-o", output)
		if code != exit.OK || !strings.Contains(stderr, "31 packets captured, 31 shown") {
			t.Errorf("-o %s: code %d, %v\n%s", output, code, err, stderr)
		}
		if n := strings.Count(stdout, "\n"); want >= 0 && n != want || want < 0 && n < 32 {
			t.Errorf("-o %s: %d lines", output, n)
		}
		inTurn, _, _, _ := read(t, "-r", session31, "-o", output, "-c", "31")
		if d := cmp.Diff(inTurn, stdout); d != "" {
			t.Errorf("-o %s: (-in turn +on all cores)\n%s", output, d)
		}
	}
	if svg, err := os.ReadFile(picture); err != nil || !bytes.HasPrefix(bytes.TrimSpace(svg), []byte("<")) {
		t.Errorf("the picture begins with %.20q, %v", svg, err)
	}
	stdout, _, _, _ := read(t, "-r", session31, "-o", "json")
	for line := range strings.Lines(stdout) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// Lines, ladders and pictures print TCP flags as words, or as letters.
func TestFlags(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "ladder.svg")
	for flags, want := range map[string]string{"words": "SYN ACK seq=0", "letters": "S. seq=0"} {
		for _, output := range []string{"line", "json", "ladder", picture} {
			stdout, _, code, err := read(t, "-r", session31, "-o", output, "--flags", flags, "tcp")
			if code != exit.OK {
				t.Fatalf("-o %s --flags %s: code %d, %v", output, flags, code, err)
			}
			if output == picture {
				svg, err := os.ReadFile(picture)
				if err != nil {
					t.Fatal(err)
				}
				stdout = string(svg)
			}
			if n := strings.Count(stdout, want); n == 0 || flags == "letters" && strings.Contains(stdout, "SYN") {
				t.Errorf("-o %s --flags %s: %d times %q in\n%s", output, flags, n, want, stdout)
			}
		}
	}
}

func TestFilterOfFile(t *testing.T) {
	all, _, _, _ := read(t, "-r", session31, "--host", "server=10.77.0.10")
	for expression, word := range map[string]string{"arp": "who-has|is-at|probe", "udp and not ip6": " udp |ip-protocol=17 fragment"} {
		stdout, _, code, err := read(t, "-r", session31, "--host", "server=10.77.0.10", expression)
		if code != exit.OK || stdout == "" {
			t.Errorf("%s: code %d, %v, %q", expression, code, err, stdout)
		}
		for line := range strings.Lines(stdout) {
			matches := false
			for w := range strings.SplitSeq(word, "|") {
				matches = matches || strings.Contains(line, w)
			}
			if !matches || !strings.Contains(all, line) {
				t.Errorf("%s: %s", expression, line)
			}
		}
	}
	if named, _, code, err := read(t, "-r", session31, "--host", "server=10.77.0.10", "host", "server"); code != exit.OK || !strings.Contains(named, "server") {
		t.Errorf("host server: code %d, %v, %q", code, err, named)
	}
	for _, wrong := range []string{"tcp and", "port", "host nobody"} {
		if _, _, code, err := read(t, "-r", session31, wrong); code != exit.Usage || !strings.Contains(err.Error(), "^") {
			t.Errorf("%q: code %d, %v; want 2 and the place", wrong, code, err)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-r", "x", "-i", "eth0"}, {"-o", "xml"}, {"--rotate-size", "1M"}, {"-w", "-", "--rotate-time", "1h"},
		{"-w", "x", "--files", "3"}, {"-o", "none"}, {"--ethertype", "5"}, {"--ethertype", "arp", "--direction", "out"},
		{"-w", "x.pcap", "--comment", "hello"}, {"--rotate-time", "-1s", "-w", "x"}, {"--flags", "symbols"},
	} {
		if _, _, code, err := read(t, args...); code != exit.Usage {
			t.Errorf("%v: code %d, %v; want 2", args, code, err)
		}
	}
	if code, err := sniff(t.Context(), nil, &strings.Builder{}, &strings.Builder{}, "-B", "lots"); err == nil {
		t.Errorf("-B lots: code %d", code)
	}
}

func TestGzip(t *testing.T) {
	plain, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	z.Close()
	path := filepath.Join(t.TempDir(), "x.pcapng.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want, _, _, _ := read(t, "-r", session31)
	got, _, code, err := read(t, "-r", path)
	if code != exit.OK {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-plain +gzip)\n%s", d)
	}
	if err := os.WriteFile(path, packed.Bytes()[:packed.Len()/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, code, err := read(t, "-r", path); code != exit.Failed || !strings.Contains(err.Error(), "file ends at byte") {
		t.Errorf("cut: code %d, %v; want 1 and the offset", code, err)
	}
}

// Where the next file of a ring cannot be made, the files before it stay and nothing is
// written in its place.
func TestRotationEnds(t *testing.T) {
	for _, extension := range []string{"pcapng", "pcap"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "x-00002."+extension), 0o755); err != nil {
			t.Fatal(err)
		}
		stdout, notes, code, err := read(t, "-r", session31, "-o", "none", "-w", filepath.Join(dir, "x."+extension), "--rotate-size", "1K")
		if stdout != "" || code != exit.Failed || err == nil {
			t.Errorf("%s: %q on the standard output, %v", extension, stdout, err)
		}
		content, err := os.ReadFile(filepath.Join(dir, "x-00001."+extension))
		if err != nil {
			t.Fatal(err)
		}
		frames, _ := packets(t, content)
		if want := fmt.Sprintf(" %d shown, ", len(frames)); len(frames) == 0 || !strings.Contains(notes, want) || !strings.Contains(notes, fmt.Sprintf(" %d dropped by wirelab", 31-len(frames))) {
			t.Errorf("%s: the file before it has %d frames: %q", extension, len(frames), notes)
		}
	}
}

// Who moves a file of a ring away before its turn comes to be removed ends no capture.
func TestRotationOfAFileThatIsGone(t *testing.T) {
	plain, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := packets(t, plain)
	o := &options{write: filepath.Join(t.TempDir(), "x.pcapng"), rotateSize: 1, files: 1}
	ifs := []pcapfile.Interface{{LinkType: sniffer.LinkEthernet}}
	r, err := newRecorder(o, io.Discard, func(_, name string) (*os.File, error) { return os.Create(name) }, ifs, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames[:4] {
		frames[i].Interface = 0
		if i == 1 {
			if err := os.Remove(r.kept[0]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.write(frames[i:i+1], ifs); err != nil {
			t.Fatalf("frame %d: %v", i+1, err)
		}
	}
	if err := r.close(nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(o.write), "*")); len(left) != 1 {
		t.Errorf("files left: %v, want the latest", left)
	}
}

// Each file of a ring is whole, together they have every frame, and only the
// latest stay.
func TestRotation(t *testing.T) {
	plain, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := packets(t, plain)
	for _, extension := range []string{"pcapng", "pcap"} {
		dir := t.TempDir()
		if _, _, code, err := read(t, "-r", session31, "-o", "none", "-w", filepath.Join(dir, "x."+extension), "--rotate-size", "1K"); code != exit.OK {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "x-*."+extension))
		var got []sniffer.Frame
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			frames, _ := packets(t, content)
			if len(frames) == 0 || len(content) > 3<<10 {
				t.Errorf("%s has %d frames and %d bytes", name, len(frames), len(content))
			}
			got = append(got, frames...)
		}
		if len(files) < 3 {
			t.Errorf("files %v", files)
		}
		for i := range want { // a pcap file does not tell the direction
			if extension == "pcap" {
				want[i].Direction = sniffer.Unknown
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if _, _, code, err := read(t, "-r", session31, "-o", "none", "-w", filepath.Join(dir, "y."+extension), "--rotate-size", "1K", "--files", "2"); code != exit.OK {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "y-*")); len(left) != 2 || strings.HasSuffix(left[0], "-00001."+extension) {
			t.Errorf("files left: %v, want the latest two", left)
		}
	}
}
