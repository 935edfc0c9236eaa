package ownnet

import (
	"net"
	"testing"
	"time"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"

	"wirelab/internal/require"
)

// Cable makes a pair of interfaces that are up and silent:
//
//	near ===== far
func Cable(t *testing.T) (near, far *net.Interface) {
	t.Helper()
	need(t)
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "near"
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "far"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A test may have removed it.
		if link, err := netlink.LinkByName("near"); err == nil {
			if err := netlink.LinkDel(link); err != nil {
				t.Error(err)
			}
		}
	})
	for _, name := range []string{"near", "far"} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkSetIP6AddrGenMode(link, 1); err != nil { // IN6_ADDR_GEN_MODE_NONE
			t.Fatal(err)
		}
		if err := netlink.LinkSetUp(link); err != nil {
			t.Fatal(err)
		}
	}
	// Until the kernel has seen the cable, what is sent goes nowhere, and no error says so.
	for _, name := range []string{"near", "far"} {
		require.Eventually(t, 20*time.Second, func() bool {
			link, err := netlink.LinkByName(name)
			return err == nil && link.Attrs().OperState == netlink.OperUp
		}, func() string { return name + " to be up" })
	}
	return iface(t, "near"), iface(t, "far")
}

func iface(t *testing.T, name string) *net.Interface {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Sender returns a function that sends a frame from an interface, which any
// goroutine may call while the test runs.
func Sender(t *testing.T, i *net.Interface) func(frame []byte) {
	t.Helper()
	conn, err := packet.Listen(i, packet.Raw, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return func(frame []byte) {
		t.Helper()
		if _, err := conn.WriteTo(frame, &packet.Addr{HardwareAddr: net.HardwareAddr(frame[:6])}); err != nil {
			t.Error(err)
		}
	}
}
