package node

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/lab/segment"
)

// makeBridge makes a bridge br0 of two ports, each the end of a wire:
//
//	a -- pa [br0] pb -- b
func makeBridge(t *testing.T) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "br0"
	must(t, netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}))
	up(t, "br0")
	plug(t, "a", "pa")
	plug(t, "b", "pb")
}

func plug(t *testing.T, end, port string) {
	t.Helper()
	veth(t, end, port)
	l, err := netlink.LinkByName(port)
	must(t, err)
	br, err := netlink.LinkByName("br0")
	must(t, err)
	must(t, netlink.LinkSetMaster(l, br))
	eventually(t, port+" is up", func() bool {
		l, err := netlink.LinkByName(port)
		must(t, err)
		return l.Attrs().OperState == netlink.OperUp
	})
}

func ageing(t *testing.T) uint32 {
	t.Helper()
	b, err := segment.Open("br0")
	must(t, err)
	return uint32(b.Found() / (10 * time.Millisecond)) // netlink's unit
}

func on(t *testing.T, name string) []string {
	t.Helper()
	tool, err := ethtool.NewEthtool()
	must(t, err)
	defer tool.Close()
	features, err := tool.Features(name)
	must(t, err)
	var names []string
	for _, f := range segment.OffloadFeatures {
		if features[f] {
			names = append(names, f)
		}
	}
	slices.Sort(names)
	return names
}

// packetSocket is one at the end of a wire.
func packetSocket(t *testing.T, name string) *packet.Conn {
	t.Helper()
	ifi, err := net.InterfaceByName(name)
	must(t, err)
	c, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_802_EX1, nil)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

func sendFrame(t *testing.T, c *packet.Conn, from, to net.HardwareAddr, text string) {
	t.Helper()
	frame := slices.Concat(to, from, []byte{0x88, 0xb5}, []byte(text), make([]byte, 46))
	_, err := c.WriteTo(frame, &packet.Addr{HardwareAddr: to})
	must(t, err)
}

func nextText(t *testing.T, c *packet.Conn) string {
	t.Helper()
	b := make([]byte, 2048)
	n, _, err := c.ReadFrom(b)
	must(t, err)
	return strings.TrimRight(string(b[14:n]), "\x00")
}

// Both ways to switch offloads off leave the same on, which is none of them.
func TestOffloadsOff(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	veth(t, "a", "b")
	if len(on(t, "a")) == 0 {
		t.Fatal("a veth pair has no offloads: nothing is tested")
	}
	must(t, segment.OffloadsOff("a"))
	if left := on(t, "a"); len(left) > 0 {
		t.Errorf("on are %v", left)
	}
	if len(on(t, "b")) == 0 {
		t.Error("those of the other end are off, too")
	}
	if err := segment.OffloadsOff("none"); err == nil {
		t.Error("no error for a device that is not there")
	}
}
