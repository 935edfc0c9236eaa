package node

import (
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"go.uber.org/goleak"

	"wirelab/internal/require"
)

func TestMain(m *testing.M) {
	require.Parallel(6) // they wait for the kernel
	goleak.VerifyTestMain(m)
}

// ownNetwork is require.OwnNetwork with a loopback interface that is up.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if !require.OwnNetwork(t) {
		return false
	}
	up(t, "lo")
	return true
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func up(t *testing.T, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(l))
}

// veth makes a pair of interfaces that are each other's wire.
func veth(t *testing.T, name, peer string) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: peer}))
	up(t, name)
	up(t, peer)
	// Until the kernel has seen the wire, what is sent goes nowhere, and no error says so.
	for _, end := range []string{name, peer} {
		require.Eventually(t, patience, func() bool {
			l, err := netlink.LinkByName(end)
			return err == nil && l.Attrs().OperState == netlink.OperUp
		}, func() string { return end + " to be up" })
	}
}

func address(t *testing.T, name, prefix string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	a, err := netlink.ParseAddr(prefix)
	must(t, err)
	must(t, netlink.AddrAdd(l, a))
}

func sysctl(t *testing.T, name, value string) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0))
}

// elsewhere runs f on a thread in another network namespace, to which the named
// interface is moved before.
func elsewhere(t *testing.T, name string, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.GetFromPath("/proc/thread-self/ns/net")
	must(t, err)
	l, err := netlink.LinkByName(name)
	must(t, err)
	there, err := netns.New()
	must(t, err)
	t.Cleanup(func() { there.Close() }) // the namespace lives as long as this
	must(t, netns.Set(home))
	must(t, netlink.LinkSetNsFd(l, int(there)))
	must(t, netns.Set(there))
	f()
	must(t, netns.Set(home))
	home.Close()
}

func macOf(t *testing.T, name string) net.HardwareAddr {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	return l.Attrs().HardwareAddr
}
