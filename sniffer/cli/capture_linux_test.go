package cli

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/sniffer/internal/ownnet"

	"github.com/vishvananda/netlink"
)

// begin starts a sniff and waits until it captures on an interface.
func begin(t *testing.T, on string, args ...string) *running {
	t.Helper()
	return startOn(t, on, append(args, "-i", on, "--until-eof")...)
}

// end ends it and returns its lines.
func (s *running) end(t *testing.T) []string {
	t.Helper()
	s.stdin.Close()
	if e := wait(t, s.done); e.code != exit.OK {
		t.Error(e.err)
	}
	text, _ := s.stdout.state()
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// What the kernel chooses by filter, direction and protocol.
func TestKernelChooses(t *testing.T) {
	near, far := ownnet.Cable(t)
	in, out := ownnet.Sender(t, far), ownnet.Sender(t, near)
	arp := append(frame(0)[:12:12], 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2)
	tagged := append(append(frame(0)[:12:12], 0x81, 0, 0, 7), arp[12:]...)
	tests := []struct {
		args []string
		want int
	}{
		{nil, 6},
		{[]string{"arp"}, 2},
		{[]string{"vlan", "7"}, 2},
		{[]string{"vlan", "8"}, 0},
		{[]string{"not", "arp", "and", "not", "vlan"}, 2},
		{[]string{"--direction", "in"}, 3},
		{[]string{"inbound"}, 3},
		{[]string{"outbound", "and", "arp"}, 1},
		{[]string{"not", "inbound"}, 3},
		{[]string{"--direction", "out"}, 3},
		{[]string{"--direction", "out", "arp"}, 1},
		{[]string{"--ethertype", "arp"}, 2}, // what comes in, and its tag is gone when sockets are chosen
		{[]string{"--ethertype", "0x88b5"}, 1},
		{[]string{"-s", "20", "arp"}, 2},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			s := begin(t, near.Name, test.args...)
			for _, f := range [][]byte{frame(1), arp, tagged} {
				in(f)
				out(f)
			}
			lines := s.end(t)
			if lines[0] == "" {
				lines = nil
			}
			if len(lines) != test.want {
				t.Errorf("%d lines, want %d:\n%s", len(lines), test.want, strings.Join(lines, "\n"))
			}
			s.stderr.await(t, fmt.Sprintf("captured, %d shown, 0 dropped by the kernel, 0 dropped by wirelab", test.want))
		})
	}
}

// On the loopback, and on all interfaces, a frame is not shown twice.
func TestLoopback(t *testing.T) {
	near, far := ownnet.Cable(t)
	link, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		t.Fatal(err)
	}
	_ = near
	for _, on := range []string{"lo", "any"} {
		t.Run(on, func(t *testing.T) {
			s := begin(t, on, "udp", "port", "9999")
			for range 3 { // sockets, since each is told once that nobody listens
				conn, err := net.Dial("udp", "127.0.0.1:9999")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := conn.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			if lines := s.end(t); len(lines) < 3 || strings.Count(strings.Join(lines, "\n"), ":9999 udp len=1") != 3 {
				t.Errorf("want three datagrams, each once:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
	t.Run("any has every interface", func(t *testing.T) {
		s := begin(t, "any", "-w", "-", "ether", "proto", "0x88b5")
		ownnet.Sender(t, far)(frame(1))
		s.stdin.Close()
		if e := wait(t, s.done); e.code != exit.OK {
			t.Error(e.err)
		}
		file, _ := s.stdout.state()
		frames, _ := packets(t, []byte(file))
		// It goes out of one end of the cable and comes in at the other.
		if len(frames) != 2 || frames[0].Interface == frames[1].Interface || !strings.Contains(file, "far") || !strings.Contains(file, "near") {
			t.Errorf("frames %v", frames)
		}
	})
}

func TestList(t *testing.T) {
	near, _ := ownnet.Cable(t)
	var out strings.Builder
	if code, err := sniff(t.Context(), nil, &out, io.Discard, "--list"); code != exit.OK {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if f := strings.Fields(line); f[0] == near.Name && f[1] == "up" && f[2] == near.HardwareAddr.String() {
			return
		}
	}
	t.Errorf("%s is not listed as up:\n%s", near.Name, out.String())
}
