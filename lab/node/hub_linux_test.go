package node

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"wirelab/internal/exit"
	"wirelab/internal/poll"
	"wirelab/lab"
)

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll.Until(ctx, poll.Kernel, func() (bool, error) { return holds(), nil }); err != nil {
		t.Fatalf("awaited that %s: %v", what, err)
	}
}

func setHub(t *testing.T, o hubOptions) error {
	t.Helper()
	o.bridge = "br0"
	var said bytes.Buffer
	err := hub(t.Context(), o, &said)
	if said.Len() > 0 {
		t.Errorf("said %q", &said)
	}
	return err
}

// onWrite is called when something is printed.
type onWrite func()

func (f onWrite) Write(b []byte) (int, error) {
	f()
	return len(b), nil
}

func TestHubAndSwitch(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	makeBridge(t)
	plug(t, "c", "pc")
	a, b, c := packetSocket(t, "a"), packetSocket(t, "b"), packetSocket(t, "c")
	macA, macB := macOf(t, "a"), macOf(t, "b")
	broadcast := net.HardwareAddr{255, 255, 255, 255, 255, 255}

	must(t, setHub(t, hubOptions{mode: lab.Switch}))
	if got := ageing(t); got != 30000 {
		t.Errorf("ageing time %d cs, want 30000", got)
	}
	sendFrame(t, a, macA, broadcast, "a is here")
	sendFrame(t, b, macB, broadcast, "b is here")
	must(t, setHub(t, hubOptions{learnt: []net.HardwareAddr{macA, macB}}))
	sendFrame(t, a, macA, macB, "not for c")
	sendFrame(t, a, macA, broadcast, "for all")
	must(t, setHub(t, hubOptions{mode: lab.Hub}))
	if got := ageing(t); got != 0 {
		t.Errorf("ageing time %d, want 0", got)
	}
	sendFrame(t, a, macA, macB, "c sees this")
	for _, want := range []string{"a is here", "b is here", "for all", "c sees this"} {
		if got := nextText(t, c); got != want {
			t.Fatalf("c saw %q, want %q", got, want)
		}
	}
	for _, name := range []string{"pa", "pb", "pc"} {
		if got := on(t, name); len(got) > 0 {
			t.Errorf("offloads of %s that are on: %v", name, got)
		}
	}
	if reason, err := segmentSet("br0"); reason != "" || err != nil {
		t.Errorf("ready hub/br0: %q, %v", reason, err)
	}
	must(t, setHub(t, hubOptions{mode: lab.Switch}))
	if reason, err := segmentSet("br0"); reason != "" || err != nil {
		t.Errorf("ready hub/br0, of which somebody has made a switch: %q, %v", reason, err)
	}
}

func TestHubErrors(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	makeBridge(t)
	if reason, err := segmentSet("br0"); reason == "" || err != nil {
		t.Errorf("ready hub/br0 of a bridge as it is made: %q, %v, want a reason", reason, err)
	}
	stranger := net.HardwareAddr{2, 0, 0, 0, 0, 9}
	err := setHub(t, hubOptions{learnt: []net.HardwareAddr{stranger}})
	if exit.Code(err) != exit.Failed || !strings.Contains(err.Error(), "02:00:00:00:00:09") {
		t.Errorf("awaiting a stranger: %v, want the MAC and exit code 1", err)
	}
	for _, tt := range []struct{ name, want string }{{"lo", "not a bridge"}, {"nobr", "Link not found"}} {
		err := hub(t.Context(), hubOptions{bridge: tt.name, mode: lab.Hub}, io.Discard)
		if exit.Code(err) != exit.Unable || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("hub %s: %v (exit code %d), want %q and 3", tt.name, err, exit.Code(err), tt.want)
		}
		if reason, err := segmentSet(tt.name); reason == "" || err != nil {
			t.Errorf("ready hub/%s: %q, %v, want a reason", tt.name, reason, err)
		}
	}
}

// linkLocal returns an interface's IPv6 link-local address, if it has one.
func linkLocal(t *testing.T, name string) string {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	addresses, err := netlink.AddrList(l, netlink.FAMILY_V6)
	must(t, err)
	for _, a := range addresses {
		return a.IPNet.String()
	}
	return ""
}

func TestHubWatch(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	makeBridge(t)
	before := on(t, "pa")
	if len(before) == 0 {
		t.Fatal("a new veth has no offloads on: nothing to test")
	}
	age := ageing(t)
	address, other := linkLocal(t, "pa"), linkLocal(t, "a")
	if address == "" || other == "" {
		t.Fatalf("pa has %q and a has %q: no link-local address to take away", address, other)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- hub(ctx, hubOptions{bridge: "br0", mode: lab.Hub, watch: true}, onWrite(func() { close(ready) }))
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	if got := ageing(t); got != 0 || len(on(t, "pa")) > 0 {
		t.Errorf("when ready: ageing time %d, offloads %v, want 0 and none", got, on(t, "pa"))
	}
	for _, name := range []string{"br0", "pa"} {
		if got := linkLocal(t, name); got != "" {
			t.Errorf("when ready: %s has %s, and asks for routers", name, got)
		}
	}
	if got := linkLocal(t, "a"); got != other {
		t.Errorf("when ready: a, which is no port, has %q, want %s", got, other)
	}
	plug(t, "late", "plate")
	eventually(t, "the late port has no offloads and no address", func() bool { return len(on(t, "plate")) == 0 && linkLocal(t, "plate") == "" })
	l, err := netlink.LinkByName("pb")
	must(t, err)
	must(t, netlink.LinkDel(l)) // a port that goes is no trouble
	cancel()
	must(t, <-done)
	if got := ageing(t); got != age {
		t.Errorf("afterwards the ageing time is %d, want %d as before", got, age)
	}
	if got := linkLocal(t, "pa"); got != address {
		t.Errorf("afterwards pa has %q, want %s as before", got, address)
	}
	for _, name := range []string{"pa", "plate"} {
		if got := on(t, name); !slices.Equal(got, before) {
			t.Errorf("afterwards %s has %v, want %v as before", name, got, before)
		}
	}
	go func() {
		done <- hub(t.Context(), hubOptions{bridge: "br0", mode: lab.Hub, watch: true}, onWrite(func() {
			br, err := netlink.LinkByName("br0")
			if err == nil {
				err = netlink.LinkDel(br)
			}
			if err != nil {
				t.Error(err)
			}
		}))
	}()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "bridge br0 is gone") {
		t.Errorf("after the bridge went: %v", err)
	}
}

func TestNeighbours(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	veth(t, "eth0", "other")
	address(t, "eth0", "10.0.0.1/24")
	var out bytes.Buffer
	must(t, addNeighbour("eth0", netip.AddrFrom4([4]byte{10, 0, 0, 2}), net.HardwareAddr{2, 0, 0, 0, 0, 2}))
	l, err := netlink.LinkByName("eth0")
	must(t, err)
	must(t, netlink.NeighSet(&netlink.Neigh{
		LinkIndex: l.Attrs().Index, State: netlink.NUD_STALE,
		IP: net.IPv4(10, 0, 0, 3), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 3},
	}))
	must(t, showNeighbours(&out, "eth0"))
	for _, want := range []string{"10.0.0.2 02:00:00:00:00:02 PERMANENT\n", "10.0.0.3 02:00:00:00:00:03 STALE\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("show printed %q, want %q in it", out.String(), want)
		}
	}
	must(t, FlushNeighbours("eth0"))
	eventually(t, "only the permanent entry is left", func() bool {
		out.Reset()
		must(t, showNeighbours(&out, "eth0"))
		return out.String() == "10.0.0.2 02:00:00:00:00:02 PERMANENT\n"
	})
	if err := showNeighbours(&out, "none"); exit.Code(err) != exit.Unable {
		t.Errorf("no such interface: %v, want exit code 3", err)
	}
}

func TestReady(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	all := func(wait time.Duration, what ...string) error {
		var conds []condition
		for _, w := range what {
			c, err := parseCondition(w)
			must(t, err)
			conds = append(conds, c)
		}
		return awaitAll(t.Context(), wait, conds)
	}
	if err := all(0, "tcp/7000", "udp/7001", "packet"); err == nil ||
		err.Error() != "not ready: nothing listens on tcp port 7000; nothing listens on udp port 7001; no packet socket is open" {
		t.Errorf("with nothing up: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- all(patience, "tcp/7000", "udp/7001", "packet") }()
	l, err := net.Listen("tcp", ":7000")
	must(t, err)
	defer l.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:7001")
	must(t, err)
	defer u.Close()
	packetSocket(t, "lo")
	must(t, <-done)
	c, err := net.Dial("tcp", "127.0.0.1:7000")
	must(t, err)
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	if err := all(0, "tcp/"+port); err == nil {
		t.Error("a client's port passes for one that is listened on")
	}
	for _, bad := range []string{"", "tcp", "tcp/0", "udp/70000", "packet/x", "hub/", "dns/53"} {
		if _, err := parseCondition(bad); err == nil {
			t.Errorf("condition %q was taken", bad)
		}
	}
}
