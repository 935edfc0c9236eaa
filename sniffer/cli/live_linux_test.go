package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/ownnet"
	"wirelab/sniffer/pcapfile"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// running is a sniff that captures.
type running struct {
	stdout, stderr *transcript
	stdin          *io.PipeWriter
	done           chan ended
}

// start returns when the socket is bound to near.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startOn(t, "near", args...)
}

func startOn(t *testing.T, name string, args ...string) *running {
	t.Helper()
	stdin, feed := io.Pipe()
	s := &running{newTranscript(), newTranscript(), feed, make(chan ended, 1)}
	t.Cleanup(func() { feed.Close() })
	go func() {
		code, err := sniff(t.Context(), stdin, s.stdout, s.stderr, args...)
		s.done <- ended{code, err}
	}()
	s.stderr.await(t, "wirelab: capturing on "+name+"\n")
	return s
}

func frame(n uint32) []byte {
	return append([]byte{2, 0, 0, 0, 0, 99, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, binary.BigEndian.AppendUint32(nil, n)...)
}

const shown = "02:00:00:00:00:01 > 02:00:00:00:00:63 0x88b5 len=4\n"

func TestLive(t *testing.T) {
	near, far := ownnet.Cable(t)
	path := filepath.Join(t.TempDir(), "live.pcapng")
	s := start(t, "-i", near.Name, "-w", path, "--host", "server=10.77.0.10")
	ownnet.Sender(t, far)(frame(1))
	s.stdout.await(t, shown)
	// The file of a capture that still runs can be read, a moment after its
	// frames are shown.
	var frames []sniffer.Frame
	var r *pcapfile.Reader
	require.Eventually(t, 10*time.Second, func() bool {
		running, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		frames, r = packets(t, running)
		return len(frames) == 1 && len(r.Names()) == 1
	}, func() string {
		return fmt.Sprintf("a frame and a name while sniff runs, the file has %d frames and the names %v", len(frames), r.Names())
	})
	ownnet.Sender(t, near)(frame(2))
	s.stdout.await(t, "\n   2 ")
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if e := wait(t, s.done); e.code != exit.OK {
		t.Error(e.err)
	}
	s.stderr.await(t, "wirelab: 2 packets captured, 2 shown, 0 dropped by the kernel, 0 dropped by wirelab, 0 malformed\n")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frames, r = packets(t, whole)
	if stats, ok := r.Statistics(); !ok || stats.Received != 2 || stats.Dropped != 0 || !stats.End.After(stats.Start) {
		t.Errorf("statistics %+v, %v", stats, ok)
	}
	if len(frames) != 2 || frames[0].Direction != sniffer.In || frames[1].Direction != sniffer.Out {
		t.Errorf("frames %v, want one in and one out", frames)
	}
}

// What is said while it captures is told at the end.
func TestLiveStream(t *testing.T) {
	near, far := ownnet.Cable(t)
	s := start(t, "-i", near.Name, "-o", "stream", "-c", "2", "udp")
	send := ownnet.Sender(t, far)
	send(datagram("hello\n"))
	send(datagram("server\n"))
	if e := wait(t, s.done); e.code != exit.OK {
		t.Error(e.err)
	}
	s.stdout.await(t, "\n   1 10.0.0.1  hello\n   2 10.0.0.1  server\n")
}

// As a lab captures: everything that was sent before standard input ended is
// in what comes out of standard output.
func TestUntilEOF(t *testing.T) {
	near, far := ownnet.Cable(t)
	s := start(t, "-i", near.Name, "-w", "-", "--direction", "in", "--until-eof")
	send, back := ownnet.Sender(t, far), ownnet.Sender(t, near)
	const sent = 500
	for i := range uint32(sent) {
		send(frame(i))
		back(frame(i)) // not captured
	}
	s.stdin.Close()
	if e := wait(t, s.done); e.code != exit.OK {
		t.Error(e.err)
	}
	file, _ := s.stdout.state()
	frames, r := packets(t, []byte(file))
	if len(frames) != sent {
		t.Errorf("%d frames, want %d", len(frames), sent)
	}
	if stats, ok := r.Statistics(); !ok || stats.Received != sent || stats.Dropped != 0 {
		t.Errorf("statistics %+v, %v", stats, ok)
	}
}

// Frames of which a reader takes none for a while wait in memory, however small the ring.
func TestSlowReader(t *testing.T) {
	near, far := ownnet.Cable(t)
	out, stdout := io.Pipe()
	stdin, feed := io.Pipe()
	stderr := newTranscript()
	s := &session{
		options: &options{iface: near.Name, write: "-", buffer: 16 << 20, direction: "in", untilEOF: true},
		words:   words{lang.English}, stdout: stdout, out: &sink{to: stdout}, stderr: stderr,
		names: &names{}, filters: newFilters(""),
	}
	s.choosePrinter()
	done := make(chan error, 1)
	go func() {
		done <- s.live(t.Context(), stdin, func() error { return nil })
		stdout.Close()
	}()
	stderr.await(t, "wirelab: capturing on near\n")
	waiting := func() int {
		s.queue.mu.Lock()
		defer s.queue.mu.Unlock()
		return s.queue.bytes
	}
	require.Eventually(t, time.Minute, func() bool { return waiting() == 0 }, func() string { return "the file's first blocks to be handed on" })
	send := ownnet.Sender(t, far)
	const sent = 30_000 // of 1,400 bytes: two rings and a half
	// The ring has 128 blocks, and one is handed over 1 ms after its first frame: as many
	// frames are never lost, however slowly they are sent and however late the ring is looked at.
	const together = 100
	var each int // bytes of a frame in the file
	for i := range sent {
		if i%together == 1 {
			require.Eventually(t, time.Minute, func() bool { return waiting() >= max(each*i, 1) }, func() string {
				return fmt.Sprintf("%d frames to wait in memory, where %d bytes are", i, waiting())
			})
			if each == 0 {
				each = waiting()
			}
		}
		send(append(frame(uint32(i)), make([]byte, 1400)...))
	}
	feed.Close()
	file, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	frames, r := packets(t, file)
	if stats, ok := r.Statistics(); !ok || len(frames) != sent || stats.Received != sent || stats.Dropped != 0 {
		t.Errorf("%d frames, statistics %+v, %v; want %d and none dropped", len(frames), stats, ok, sent)
	}
}

// A frame is in a reader's hands before the next one is sent.
func TestStreamIsNotHeldBack(t *testing.T) {
	near, far := ownnet.Cable(t)
	s := start(t, "-i", near.Name, "-w", "-", "--until-eof")
	send := ownnet.Sender(t, far)
	for i := range uint32(5) {
		send(frame(i))
		s.stdout.await(t, string(frame(i)))
	}
	s.stdin.Close()
	if e := wait(t, s.done); e.code != exit.OK {
		t.Error(e.err)
	}
}

func TestEndsByItself(t *testing.T) {
	near, far := ownnet.Cable(t)
	t.Run("count", func(t *testing.T) {
		s := start(t, "-i", near.Name, "-c", "2")
		send := ownnet.Sender(t, far)
		for i := range uint32(3) {
			send(frame(i))
		}
		if e := wait(t, s.done); e.code != exit.OK {
			t.Error(e.err)
		}
		if text, _ := s.stdout.state(); strings.Count(text, "\n") != 2 {
			t.Errorf("want 2 lines:\n%s", text)
		}
	})
	t.Run("time", func(t *testing.T) {
		s := start(t, "-i", near.Name, "--for", "50ms")
		if e := wait(t, s.done); e.code != exit.OK {
			t.Error(e.err)
		}
		s.stderr.await(t, "0 packets captured")
	})
	t.Run("interface", func(t *testing.T) {
		s := start(t, "-i", near.Name)
		ownnet.Sender(t, far)(frame(1))
		link, err := netlink.LinkByName(near.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkDel(link); err != nil {
			t.Fatal(err)
		}
		if e := wait(t, s.done); e.code != exit.Failed || !errors.Is(e.err, syscall.ENETDOWN) {
			t.Errorf("code %d, %v; want 1 and ENETDOWN", e.code, e.err)
		}
		s.stderr.await(t, "wirelab: 1 packet captured, 1 shown, 0 dropped")
	})
}

func TestChoosesInterface(t *testing.T) {
	near, _ := ownnet.Cable(t)
	_, err := sniff(t.Context(), strings.NewReader(""), io.Discard, io.Discard, "--for", "1ms")
	if exit.Code(err) != exit.Usage || !strings.Contains(err.Error(), "choose one with -i: lo, ") {
		t.Errorf("two interfaces and no route: %v", err)
	}
	link, err := netlink.LinkByName(near.Name)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := netlink.ParseAddr("10.77.0.13/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(link, addr); err != nil {
		t.Fatal(err)
	}
	gateway, err := netlink.ParseIPNet("0.0.0.0/0")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: near.Index, Dst: gateway, Gw: addr.IP.Mask(addr.Mask).To4()}); err != nil {
		route := &netlink.Route{LinkIndex: near.Index, Dst: gateway, Scope: netlink.SCOPE_LINK}
		if err := netlink.RouteAdd(route); err != nil {
			t.Fatal(err)
		}
	}
	stderr := newTranscript()
	if code, err := sniff(t.Context(), strings.NewReader(""), io.Discard, stderr, "--for", "1ms"); code != exit.OK {
		t.Fatal(err)
	}
	stderr.await(t, "wirelab: near has the default route")
	stderr.await(t, "wirelab: capturing on near\n")
}

func TestNoPermission(t *testing.T) {
	near, _ := ownnet.Cable(t)
	done := make(chan ended)
	go func() {
		// The thread without capabilities ends with its goroutine.
		runtime.LockOSThread()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			done <- ended{0, err}
			return
		}
		code, err := sniff(t.Context(), strings.NewReader(""), io.Discard, io.Discard, "-i", near.Name)
		done <- ended{code, err}
	}()
	e := wait(t, done)
	if e.code != exit.Unable || !strings.Contains(e.err.Error(), "setcap cap_net_raw+ep") {
		t.Errorf("code %d, %v; want 3 and what to do", e.code, e.err)
	}
}
