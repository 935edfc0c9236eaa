package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/ownnet"
	"wirelab/sniffer/pcapfile"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMain(m *testing.M) { ownnet.Main(m) }

const session31 = "../testdata/session.pcapng" // 31 frames

// sniff runs the command and returns the code it would exit with.
func sniff(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) (int, error) {
	c := cmdline.New(part(func() error { return nil })).Root() // the tests' own rights stay
	c.SetIn(stdin)
	c.SetOut(stdout)
	c.SetErr(stderr)
	c.SetArgs(append(append([]string{"sniff"}, args...), "--lang", "en"))
	err := c.ExecuteContext(ctx)
	return exit.Code(err), err
}

// read runs sniff on a file.
func read(t *testing.T, args ...string) (stdout, stderr string, code int, err error) {
	t.Helper()
	t.Setenv(hostnames.Variable, "")
	var out, notes strings.Builder
	code, err = sniff(t.Context(), strings.NewReader(""), &out, &notes, args...)
	return out.String(), notes.String(), code, err
}

// transcript is what a command prints while it runs.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.more)
	s.more = make(chan struct{})
	return s.text.Write(p)
}

func (s *transcript) state() (string, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.more
}

// await waits until the text has want.
func (s *transcript) await(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		text, more := s.state()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("no %q after 10 s; there is:\n%s", want, text)
		}
	}
}

// ended is how a command ended.
type ended struct {
	code int
	err  error
}

func wait(t *testing.T, done <-chan ended) ended {
	t.Helper()
	select {
	case e := <-done:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("sniff has not ended after 10 s")
		return ended{}
	}
}

// packets reads a pcapng file.
func packets(t *testing.T, file []byte) ([]sniffer.Frame, *pcapfile.Reader) {
	t.Helper()
	r, err := pcapfile.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var frames []sniffer.Frame
	for {
		f, err := r.Next()
		if err == io.EOF {
			return frames, r
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

// fileOf writes a pcap file of frames of a link type.
func fileOf(t *testing.T, link sniffer.LinkType, frames ...[]byte) (path string) {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapfile.NewPcapWriter(&file, pcapfile.Interface{LinkType: link})
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range frames {
		if err := w.WriteFrame(sniffer.Frame{Time: time.Unix(int64(i), 0), LinkType: link, Data: data, Length: len(data)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLines(t *testing.T) {
	notation, err := os.ReadFile("../testdata/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ {0,3}(\d+) \d\d:\d\d:\d\d\.\d{6} `)
	quoted := regexp.MustCompile(` quotes client1:5000 > server:7002 udp len=\d+`) // which no trace of the lab has
	for _, file := range []string{"session.pcapng", "session-us.pcap", "session-ns.pcap"} {
		t.Run(file, func(t *testing.T) {
			stdout, stderr, code, err := read(t, "-r", filepath.Join("../testdata", file),
				"--host", "server=10.77.0.10,client1=10.77.0.11", "--host", "server=fd00::10")
			if code != exit.OK {
				t.Fatal(err)
			}
			if n := len(quoted.FindAllString(stdout, -1)); n != 2 {
				t.Errorf("%d ICMP errors quote a packet, want 2", n)
			}
			if d := cmp.Diff(string(notation), quoted.ReplaceAllString(line.ReplaceAllString(stdout, ""), "")); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if numbers := line.FindAllStringSubmatch(stdout, -1); len(numbers) != 31 || numbers[30][1] != "31" {
				t.Errorf("%d numbered lines, want 31", len(numbers))
			}
			dropped := "drops not recorded"
			if file == "session.pcapng" {
				dropped = "0 dropped by the kernel"
			}
			if want := "wirelab: 31 packets captured, 31 shown, " + dropped + ", 0 malformed\n"; stderr != want {
				t.Errorf("totals %q, want %q", stderr, want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	stdout, stderr, code, err := read(t, "-r", session31, "-c", "3")
	if code != exit.OK || strings.Count(stdout, "\n") != 3 || !strings.Contains(stderr, "3 packets captured") {
		t.Errorf("code %d, %v\n%s%s", code, err, stdout, stderr)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	frames, _ := packets(t, whole)
	tests := []struct {
		name string
		args []string
		code int
		text string // of the error
		line int    // how many lines before it
	}{
		{"cut", []string{"-r", file("cut", whole[:2000])}, exit.Failed, "file ends at byte 2000, within the block that begins at byte ", 15},
		{"damaged", []string{"-r", file("damaged", append(whole[:len(whole):len(whole)], 6, 0, 0, 0, 1, 0, 0, 0))}, exit.Failed, "malformed at byte", len(frames)},
		{"no capture", []string{"-r", file("text", []byte("hello, world"))}, exit.Usage, "neither pcap nor pcapng", 0},
		{"empty", []string{"-r", file("empty", nil)}, exit.Failed, "file ends at byte 0", 0},
		{"not there", []string{"-r", filepath.Join(dir, "none")}, exit.Usage, "no such file", 0},
		{"not to be written", []string{"-r", session31, "-w", filepath.Join(dir, "none", "x")}, exit.Usage, "no such file", 0},
		{"picture not to be written", []string{"-r", session31, "-o", filepath.Join(dir, "none", "x.svg")}, exit.Usage, "no such file", 0},
		{"no name to read", []string{"-r", ""}, exit.Usage, "behind it", 0},
		{"no name to write", []string{"-r", session31, "-w", ""}, exit.Usage, "behind it", 0},
		{"no name of an interface", []string{"-i", ""}, exit.Usage, "behind it", 0},
		{"no such interface", []string{"-i", "nonesuch0"}, exit.Usage, `no interface "nonesuch0": there are lo`, 0},
		{"live flags with a file", []string{"-r", session31, "--until-eof"}, exit.Usage, "live capture", 0},
		{"direction", []string{"-r", session31, "--direction", "up"}, exit.Usage, "there are in, out, inout", 0},
		{"negative time", []string{"--for", "-1s"}, exit.Usage, "negative", 0},
		{"host", []string{"-r", session31, "--host", "server"}, exit.Usage, "want NAME=ADDRESS", 0},
		{"host's name", []string{"-r", session31, "--host", "a\x1bb=10.0.0.1"}, exit.Usage, `"a\x1bb" cannot be`, 0},
		{"lookup's name", []string{"-r", session31, "--lookup", "a b"}, exit.Usage, "cannot be", 0},
		{"language", []string{"-r", session31, "--lang", "tlh"}, exit.OK, "", len(frames)}, // the last one counts
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code, err := read(t, test.args...)
			if code != test.code || (err != nil) != (test.text != "") || (err != nil && !strings.Contains(err.Error(), test.text)) {
				t.Errorf("code %d, error %v; want code %d, %q", code, err, test.code, test.text)
			}
			if n := strings.Count(stdout, "\n"); n != test.line {
				t.Errorf("%d lines, want %d\n%s", n, test.line, stderr)
			}
		})
	}
}

// What is read can be written, with names and statistics.
func TestConvert(t *testing.T) {
	stdout, _, code, err := read(t, "-r", session31, "-w", "-", "--host", "server=10.77.0.10")
	if code != exit.OK {
		t.Fatal(err)
	}
	original, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	want, before := packets(t, original)
	got, after := packets(t, []byte(stdout))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	names := map[netip.Addr]string{netip.MustParseAddr("10.77.0.10"): "server"}
	if d := cmp.Diff(names, after.Names(), cmpopts.EquateComparable(netip.Addr{})); d != "" {
		t.Errorf("names (-want +got)\n%s", d)
	}
	wantStats, _ := before.Statistics()
	gotStats, ok := after.Statistics()
	if !ok || wantStats.Received != gotStats.Received || wantStats.Dropped != gotStats.Dropped || gotStats.Start.IsZero() {
		t.Errorf("statistics %+v, want %+v", gotStats, wantStats)
	}
	again := filepath.Join(t.TempDir(), "again.pcapng")
	if err := os.WriteFile(again, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if lines, _, _, _ := read(t, "-r", again); !strings.Contains(lines, "10.77.0.11 > * who-has server\n") {
		t.Errorf("the file's own names are not used:\n%s", lines)
	}
}

// A file tells by which filters its frames were chosen, and names MAC addresses.
func TestConvertTellsFilters(t *testing.T) {
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet, Filter: "not port 22"}, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	macs := map[sniffer.MAC]string{{2, 0, 0, 0, 0, 10}: "server"}
	frame := sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: make([]byte, 60), Length: 60}
	if err := errors.Join(w.WriteMACNames(macs), w.WriteFrame(frame), w.Flush()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "filtered.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for expression, want := range map[string][]string{"": {"not port 22", ""}, "not arp": {"(not port 22) and (not arp)", "not arp"}} {
		stdout, _, code, err := read(t, "-r", path, "-w", "-", expression)
		if code != exit.OK {
			t.Fatal(err)
		}
		_, after := packets(t, []byte(stdout))
		var got []string
		for _, i := range after.Gaps().Interfaces {
			got = append(got, i.Filter)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: filters (-want +got)\n%s", expression, d)
		}
		if d := cmp.Diff(macs, after.MACNames()); d != "" {
			t.Errorf("%q: MAC addresses (-want +got)\n%s", expression, d)
		}
	}
}

// A frame that comes through a pipe is shown before the next one is there.
func TestPipeIsNotHeldBack(t *testing.T) {
	file, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	stdin, feed := io.Pipe()
	stdout, stderr := newTranscript(), newTranscript()
	done := make(chan ended, 1)
	go func() {
		code, err := sniff(t.Context(), stdin, stdout, stderr, "-r", "-")
		done <- ended{code, err}
	}()
	fed := 0
	for _, part := range []struct {
		end  int // in the middle of a block
		last string
	}{{1000, "\n   6 "}, {2000, "\n  15 "}, {len(file), "\n  31 "}} {
		if _, err := feed.Write(file[fed:part.end]); err != nil {
			t.Fatal(err)
		}
		fed = part.end
		stdout.await(t, part.last)
	}
	feed.Close()
	if e := wait(t, done); e.code != exit.OK {
		t.Error(e.err)
	}
}

// Ctrl-C ends it while it waits for standard input.
func TestInterruptedPipe(t *testing.T) {
	stdin, feed := io.Pipe()
	defer feed.Close() // and with it the goroutine that reads
	file, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, stderr := newTranscript(), newTranscript()
	done := make(chan ended, 1)
	go func() {
		code, err := sniff(ctx, stdin, stdout, stderr, "-r", "-")
		done <- ended{code, err}
	}()
	if _, err := feed.Write(file[:1000]); err != nil {
		t.Fatal(err)
	}
	stdout.await(t, "\n   6 ")
	cancel()
	if e := wait(t, done); e.code != exit.OK {
		t.Error(e.err)
	}
	stderr.await(t, "packets captured")
}

// Nobody reads standard output any more: a quiet end.
func TestBrokenPipe(t *testing.T) {
	for _, args := range [][]string{{"-r", session31}, {"-r", session31, "-w", "-"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		r.Close()
		var stderr strings.Builder
		if code, err := sniff(t.Context(), strings.NewReader(""), w, &stderr, args...); code != exit.OK || err != nil {
			t.Errorf("%v: code %d, %v", args, code, err)
		}
	}
}

// The resolver is asked for the names that are listed, and for no address.
func TestLookup(t *testing.T) {
	n, err := newNames(nil, []string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	home := netip.MustParseAddr("127.0.0.1")
	for _, nobody := range []string{"224.0.0.251", "255.255.255.255", "ff02::1", "0.0.0.0"} {
		if name := n.Name(netip.MustParseAddr(nobody)); name != "" || len(n.asked) > 0 {
			t.Errorf("%s has the name %q, asked for %v", nobody, name, n.asked)
		}
	}
	stranger := netip.MustParseAddr("10.9.9.9")
	if name := n.Name(stranger); name != "" || n.known[home] != "localhost" {
		t.Errorf("%v is %q; known %v", stranger, name, n.known)
	}
	if got := n.Name(home); got != "localhost" {
		t.Errorf("127.0.0.1 has the name %q, want localhost", got)
	}
	fresh := n.fresh()
	if fresh[home] != "localhost" {
		t.Errorf("fresh names %v, want localhost", fresh)
	}
	if again := n.fresh(); len(again) > 0 {
		t.Errorf("fresh twice: %v", again)
	}
}

// A new address is asked for at once, an old one once a second, and a flood of
// new ones soon not more often than that.
func TestLookupIsBounded(t *testing.T) {
	n, err := newNames(nil, []string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	asked := func(addr string, now time.Time) bool { return n.mayAsk(netip.MustParseAddr(addr), now) }
	if !asked("10.0.0.1", now) || asked("10.0.0.1", now) || !asked("10.0.0.2", now) {
		t.Error("want one question for each of two new addresses")
	}
	if asked("10.0.0.1", now.Add(lookupEvery/2)) || !asked("10.0.0.1", now.Add(lookupEvery)) {
		t.Error("want the second question for an address after a second")
	}
	now, count := now.Add(time.Hour), 0
	for i := range byte(200) {
		if asked(netip.AddrFrom4([4]byte{10, 1, 1, i}).String(), now) {
			count++
		}
	}
	if count != lookupBurst {
		t.Errorf("%d questions for 200 new addresses, want %d", count, lookupBurst)
	}
}

func TestNamesFromEnvironment(t *testing.T) {
	t.Setenv(hostnames.Variable, "server=10.77.0.10,client1=10.77.0.11")
	n, err := newNames([]string{"boss=10.77.0.10"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{"10.77.0.10": "boss", "10.77.0.11": "client1", "10.77.0.12": ""} {
		if got := n.Name(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is %q, want %q", addr, got, want)
		}
	}
}
