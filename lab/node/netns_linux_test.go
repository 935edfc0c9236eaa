package node

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
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

// inNamespace is set in the process that runs one test in namespaces of its own.
const inNamespace = "WIRELAB_TEST_IN_NAMESPACE"

// ownNetwork makes the rest of the test run in a user and network namespace of
// its own, in a process of its own, beside other tests; it returns true in there. In
// the caller it reports what happened there and returns false.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) == t.Name() {
		up(t, "lo")
		return true
	}
	t.Parallel()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		require.Missing(t, "netns", fmt.Sprintf("a user and network namespace is refused: %v", err))
	}
	err := cmd.Wait()
	switch {
	case err != nil:
		t.Errorf("in its own network: %v\n%s", err, out.String())
	case !strings.Contains(out.String(), "--- PASS: "+t.Name()):
		t.Errorf("in its own network the test did not run:\n%s", out.String())
	default:
		t.Log(out.String())
	}
	return false
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
