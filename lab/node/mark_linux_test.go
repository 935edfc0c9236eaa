package node

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/lab/agent"
	"wirelab/lab/trace"
)

const patience = 10 * time.Second

// TestMark reads the marker from the other end of eth0's wire.
func TestMark(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	must(t, os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)) // it would send, too
	veth(t, "eth0", "other")
	address(t, "eth0", "10.0.5.130/26") // its broadcast address is not .255
	ifi, err := net.InterfaceByName("other")
	must(t, err)
	wire, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_IP, nil)
	must(t, err)
	defer wire.Close()
	must(t, wire.SetReadDeadline(time.Now().Add(patience)))

	s, err := openMarkSocket("eth0", "client1", true)
	must(t, err)
	defer s.Close()
	var out bytes.Buffer
	in := "mark cold\nmark warm\nmark Not-A-Label\nquiet 5s\nquiet soon\nquiet -1s\ndance\n"
	w, err := openWatch()
	must(t, err)
	defer w.Close()
	must(t, agent.Serve(t.Context(), strings.NewReader(in), &out, hostAgent{&Agent{markers: markSockets{s}, watch: w}}))
	want := []string{"ready", "marked cold", "marked warm", "error label", "quiet", "error duration", "error duration", "error question"}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("answers %q, want lines that begin with %q", got, want)
		}
	}

	frame := make([]byte, 2048)
	for sent, label := range []string{"cold", "warm"} {
		n, _, err := wire.ReadFrom(frame)
		must(t, err)
		const ethernet, ip, udp = 14, 20, 8
		payload := trace.Marker{Label: label, Host: "client1", Counted: true, Sent: uint64(sent)}.Payload()
		if n < ethernet+ip+udp || !bytes.Equal(frame[ethernet+ip+udp:n], payload) {
			t.Fatalf("frame % x, want the marker %q at its end", frame[:n], payload)
		}
	}
	if to := net.HardwareAddr(frame[:6]).String(); to != "ff:ff:ff:ff:ff:ff" {
		t.Errorf("the frame goes to %s, want everyone", to)
	}
	if to := netip.AddrFrom4([4]byte(frame[30:34])).String(); to != "10.0.5.191" {
		t.Errorf("the datagram goes to %s, want 10.0.5.191", to)
	}
}

func TestMarkNeedsAnInterface(t *testing.T) {
	if s, err := openMarkSocket("no-such-if", "client1", true); err == nil {
		s.Close()
		t.Error("opened a socket on an interface that does not exist")
	}
}

func TestBroadcast(t *testing.T) {
	for _, tt := range []struct{ prefix, want string }{
		{"10.0.0.10/24", "10.0.0.255"}, {"10.1.2.3/8", "10.255.255.255"}, {"10.0.0.1/31", "10.0.0.1"}, {"1.2.3.4/0", "255.255.255.255"},
	} {
		if got := broadcast(netip.MustParsePrefix(tt.prefix)).String(); got != tt.want {
			t.Errorf("broadcast(%s) = %s, want %s", tt.prefix, got, tt.want)
		}
	}
}

// TestQuiet makes real sockets busy, one way after the other.
func TestQuiet(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	w, err := openWatch()
	must(t, err)
	defer w.Close()
	check := func(want string) {
		t.Helper()
		limit := patience
		if want != "" {
			limit = 20 * time.Millisecond
		}
		busy, err := w.awaitQuiet(t.Context(), limit)
		must(t, err)
		switch {
		case want == "" && busy != "":
			t.Fatalf("busy: %v, want quiet", busy)
		case want != "" && !strings.Contains(busy, want):
			t.Fatalf("busy: %v, want %q", busy, want)
		}
	}
	check("")
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", network)
		must(t, err)
		check("")
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		check("LISTEN unread=1")
		s, err := l.Accept()
		must(t, err)
		check("")
		_, err = c.Write([]byte("hello"))
		must(t, err)
		check("ESTABLISHED unread=5")
		_, err = io.ReadFull(s, make([]byte, 5))
		must(t, err)
		check("")
		must(t, c.Close())
		check("_WAIT") // CLOSE_WAIT here, FIN_WAIT1 or 2 there
		must(t, s.Close())
		check("") // TIME_WAIT
		must(t, l.Close())

		u, err := net.ListenPacket("udp", network)
		must(t, err)
		check("")
		_, err = u.WriteTo([]byte("x"), u.LocalAddr())
		must(t, err)
		check("udp ")
		_, _, err = u.ReadFrom(make([]byte, 9))
		must(t, err)
		check("")
		must(t, u.Close())
	}
	// A datagram waits in the kernel for its neighbour's address, when its
	// socket is long closed.
	wire := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "wire"}, PeerName: "nobody"}
	must(t, netlink.LinkAdd(wire))
	up(t, "nobody")
	must(t, netlink.LinkSetUp(wire))
	for _, family := range []string{"ipv4", "ipv6"} { // three questions, a second apart as the kernel has it
		must(t, os.WriteFile("/proc/sys/net/"+family+"/neigh/wire/retrans_time_ms", []byte("700"), 0))
	}
	for protocol, prefix := range map[string]string{"arp 192.0.2.": "192.0.2.1/24", "ndp 2001:db8::": "2001:db8::1/64"} {
		address, err := netlink.ParseAddr(prefix)
		must(t, err)
		address.Flags = unix.IFA_F_NODAD // which IPv4 ignores
		must(t, netlink.AddrAdd(wire, address))
		late, err := net.Dial("udp", net.JoinHostPort(netip.MustParsePrefix(prefix).Addr().Next().String(), "9"))
		must(t, err)
		_, err = late.Write([]byte("x"))
		must(t, err)
		must(t, late.Close())
		check(protocol + "2 is being asked for")
		check("") // given up
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer u.Close()
	_, err = u.WriteTo([]byte("x"), u.LocalAddr())
	must(t, err)
	if _, err := w.awaitQuiet(ctx, patience); err != context.Canceled {
		t.Errorf("interrupted: %v, want context canceled", err)
	}
}
