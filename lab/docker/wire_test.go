package docker

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"wirelab/lab"
	"wirelab/lab/fault"
)

// client ── lan ── gateway ── dmz ── server
func routed() lab.Topology {
	return lab.Topology{
		Hosts:   []string{"client", "gateway", "server", lab.SnifferHost},
		Routers: []string{"gateway"},
		Segments: []lab.SegmentSpec{
			{Name: "lan", IP: lab.IPv4 | lab.IPv6, Hosts: []string{"client", "gateway"}},
			{Name: "dmz", IP: lab.IPv4 | lab.IPv6, Hosts: []string{"gateway", "server"}},
		},
	}
}

// A lab's interfaces are in its containers, those of an impaired cable too: the machine has
// none of them, and none is left however the lab ends. What has lost its wire says so.
func TestWire(t *testing.T) {
	cli := daemon(t)
	made, err := (&Backend{}).Up(t.Context(), routed())
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	n := made.(*ownNetwork)
	for _, args := range [][]string{{"ping", "-c", "1", "server"}, {"ping", "-c", "1", "fd77:0:0:1::12"}} {
		if code, said := execute(t, n.Host("client"), "", args...); code != 0 {
			t.Errorf("%v: exit code %d: %s", args, code, said)
		}
	}
	if err := n.Host("gateway").FlushNeighbours(t.Context()); err != nil {
		t.Error(err)
	}
	if _, said := execute(t, n.Host("gateway"), "", "neigh"); strings.Contains(said, "02:00:00") {
		t.Errorf("the gateway's neighbours after a flush: %s", said)
	}
	drop := fault.Rule{Name: "drop", From: "client", To: "gateway", Kind: fault.Drop, Where: "icmp6"}
	if err := n.Impair(t.Context(), drop); err != nil {
		t.Fatal(err)
	}
	if code, _ := execute(t, n.Host("client"), "", "ping", "-c", "1", "-W", "0.2", "fd77:0:0:1::12"); code == 0 {
		t.Error("a ping passes the cable that drops it")
	}
	if r, err := n.Faults(t.Context(), 0); err != nil || len(r.Acts) == 0 {
		t.Errorf("the cable has done %v (%v)", r.Acts, err)
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if strings.HasPrefix(i.Name, "in-port") || strings.HasPrefix(i.Name, "out-port") || strings.HasPrefix(i.Name, "wl"+n.run.id[:6]) {
			t.Errorf("the machine has %s", i.Name)
		}
	}

	if _, err := cli.ContainerKill(t.Context(), n.run.network()+"--wire", client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := n.Segment("lan").SetMode(within, lab.Switch); err == nil || within.Err() != nil {
		t.Errorf("a mode without a wire: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if left := remaining(t, cli, func(l map[string]string) bool { return l[runLabel] == n.run.id }); len(left) > 0 {
		t.Error(left)
	}
}

// A daemon that grants no packet sockets has labs, and says of an impairment that it cannot
// be, and why. Nothing is left of it in the wire.
func TestWireWithoutPacketSockets(t *testing.T) {
	daemon(t)
	made, err := begin(t.Context(), func(r *run) (*network, error) {
		s := r.wireContainer()
		s.capabilities = []string{"NET_ADMIN"}
		return r.bringUp(t.Context(), lab.Hosts("client", "server"), s)
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &ownNetwork{made}
	defer n.Close()
	drop := fault.Rule{Name: "drop", From: "client", To: "server", Kind: fault.Drop, Where: "icmp"}
	err = n.Impair(t.Context(), drop)
	u, ok := errors.AsType[*lab.Unavailable](err)
	if !ok || u.Cause.Code != "docker.wire" || !strings.Contains(u.Error(), "not permitted") || len(u.Advice) == 0 {
		t.Errorf("error %v, want that the daemon's machine forbids it, and what may do", err)
	}
	if r, err := n.Faults(t.Context(), 0); err != nil || len(r.Rules) > 0 {
		t.Errorf("the cables have the rules %v (%v)", r.Rules, err)
	}
	if code, said := execute(t, n.Host("client"), "", "ping", "-c", "1", "server"); code != 0 {
		t.Errorf("afterwards a ping ends with %d: %s", code, said)
	}
}
