package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/require"
	"wirelab/sniffer/internal/ownnet"
)

// peer finds a program of Wireshark's.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		require.Missing(t, "tshark", name+" is not installed")
	}
	return path
}

// summary is what capinfos says of a capture: its frames, their bytes on the
// wire, and the times of the first and of the last.
type summary struct {
	frames, bytes int
	first, last   string // seconds since the epoch, with nine digits
}

// capinfos reads a capture.
func capinfos(t *testing.T, path string) (s summary) {
	t.Helper()
	out, err := exec.Command(peer(t, "capinfos"), "-T", "-r", "-b", "-c", "-d", "-a", "-e", "-S", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(strings.TrimPrefix(string(out), path), &s.frames, &s.bytes, &s.first, &s.last); err != nil {
		t.Fatalf("capinfos says %q: %v", out, err)
	}
	s.first, s.last = nine(s.first), nine(s.last)
	return s
}

// nine writes seconds with nine digits; capinfos has as many as the file's
// resolution.
func nine(seconds string) string {
	whole, part, _ := strings.Cut(seconds, ".")
	return whole + "." + (part + "000000000")[:9]
}

// summarize reads a capture with sniff.
func summarize(t *testing.T, path string) (s summary) {
	t.Helper()
	stdout, stderr, code, err := read(t, "-r", path, "-o", "json")
	if code != exit.OK {
		t.Fatal(err)
	}
	for line := range strings.Lines(stdout) {
		var frame struct {
			Length int
			Time   time.Time
		}
		if err := json.Unmarshal([]byte(line), &frame); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		s.frames++
		s.bytes += frame.Length
		at := fmt.Sprintf("%d.%09d", frame.Time.Unix(), frame.Time.Nanosecond())
		if s.last = max(s.last, at); s.frames == 1 || at < s.first {
			s.first = at
		}
	}
	if !strings.Contains(stderr, fmt.Sprintf("%d packets captured, %d shown", s.frames, s.frames)) {
		t.Errorf("%d frames, but %q", s.frames, stderr)
	}
	return s
}

// Counts, lengths and times are capinfos's, on captures that are kept here and
// in other formats.
func TestCapinfosAgrees(t *testing.T) {
	captures, err := filepath.Glob("../testdata/*.pcap*")
	if err != nil || len(captures) < 4 {
		t.Fatalf("captures %v, %v", captures, err)
	}
	dir := t.TempDir()
	for _, made := range [][]string{
		{"tshark", "-r", session31, "-F", "pcap", "-w", "us.pcap"},
		{"tshark", "-r", session31, "-F", "nsecpcap", "-w", "ns.pcap"},
		{"editcap", "-F", "pcapng", "-T", "rawip", "-C", "14", session31, "raw.pcapng"},
		{"editcap", "-F", "pcap", "-d", session31, "unique.pcap"},
	} {
		path := filepath.Join(dir, made[len(made)-1])
		made[len(made)-1] = path
		if out, err := exec.Command(peer(t, made[0]), made[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", made, err, out)
		}
		captures = append(captures, path)
	}
	for _, path := range captures {
		if got, want := summarize(t, path), capinfos(t, path); got != want {
			t.Errorf("%s: %+v, capinfos has %+v", path, got, want)
		}
	}
}

// The same on captures that dumpcap, tshark and sniff make of one wire at once.
func TestCapinfosAgreesOnLiveCaptures(t *testing.T) {
	const sent = 300
	near, far := ownnet.Cable(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	ours := start(t, "-i", near.Name, "-o", "none", "-w", file("wirelab.pcapng"), "-c", fmt.Sprint(sent))
	var ends []func()
	for name, args := range map[string][]string{
		"dumpcap.pcapng": {"dumpcap", "-q"}, "dumpcap.pcap": {"dumpcap", "-q", "-P"},
		"dumpcap-snap.pcapng": {"dumpcap", "-q", "-s", "64"}, "tshark.pcapng": {"tshark", "-q"},
	} {
		ends = append(ends, capturing(t, append(args, "-i", near.Name, "-c", fmt.Sprint(sent), "-w", file(name))...))
	}
	send := ownnet.Sender(t, far)
	lengths := 0
	for i := range uint32(sent) {
		f := append(frame(i), make([]byte, i*5)...)
		send(f)
		lengths += len(f)
	}
	if e := wait(t, ours.done); e.code != exit.OK {
		t.Fatal(e.err)
	}
	for _, end := range ends {
		end()
	}
	made, err := filepath.Glob(file("*"))
	if err != nil || len(made) != 5 {
		t.Fatalf("captures %v, %v", made, err)
	}
	for _, path := range made {
		got, want := summarize(t, path), capinfos(t, path)
		if got != want || got.frames != sent || got.bytes != lengths {
			t.Errorf("%s: %+v, capinfos has %+v, %d frames of %d bytes were sent", filepath.Base(path), got, want, sent, lengths)
		}
	}
	// The kernel gives each socket the same time of the same frame.
	if a, b := summarize(t, file("wirelab.pcapng")), summarize(t, file("dumpcap.pcapng")); a.first[:len(a.first)-3] != b.first[:len(b.first)-3] || a.last[:len(a.last)-3] != b.last[:len(b.last)-3] {
		t.Errorf("%+v, dumpcap's is %+v: microseconds differ", a, b)
	}
}

// capturing starts a peer and returns once it captures, which it shows in the
// list of packet sockets (packet(7)): one more there is bound. end waits until
// the peer has ended by itself.
func capturing(t *testing.T, command ...string) (end func()) {
	t.Helper()
	before := bound(t)
	cmd := exec.Command(peer(t, command[0]), command[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	const patience = 20 * time.Second
	for deadline := time.Now().Add(patience); bound(t) == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v does not capture after %v", command, patience)
		}
	}
	return func() {
		t.Helper()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v: %v\n%s", command, err, stderr.String())
			}
		case <-time.After(patience):
			t.Fatalf("%v runs %v after the last frame", command, patience)
		}
	}
}

// bound counts the packet sockets that receive on an interface.
func bound(t *testing.T) (n int) {
	t.Helper()
	list, err := os.ReadFile("/proc/self/net/packet")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		// sk RefCnt Type Proto Iface R Rmem User Inode
		if f := strings.Fields(line); len(f) == 9 && f[3] == "0003" && f[4] != "0" && f[5] == "1" {
			n++
		}
	}
	return n
}
