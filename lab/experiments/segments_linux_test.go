package experiments

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/netns"
	"wirelab/lab/script"
	"wirelab/sniffer/pcapfile"
)

func init() {
	programs["route"] = addRoute
	programs["datagram"] = sendDatagram
	programs["forge"] = forge
}

// addRoute adds a route: PREFIX ROUTER.
func addRoute(args []string) error {
	_, to, err := net.ParseCIDR(args[0])
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{Dst: to, Gw: net.ParseIP(args[1])})
}

// sendDatagram sends one datagram and ends: ADDRESS:PORT.
func sendDatagram(args []string) error {
	c, err := net.Dial("udp", args[0])
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte("once"))
	return err
}

// forge sends a datagram with a source address of one's choice: SOURCE DESTINATION.
func forge(args []string) error {
	src, dst := netip.MustParseAddr(args[0]), netip.MustParseAddr(args[1])
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0} // raw(7) fills in the rest
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, 5)
	b = binary.BigEndian.AppendUint16(b, 7777)
	b = append(b, 0, 8, 0, 0)
	return unix.Sendto(fd, b, 0, &unix.SockaddrInet4{Addr: dst.As4()})
}

// client1  client2      server
//
//	│        │            │
//	└──┬─────┴──┐      ┌──┴──┐
//	  lan     gateway ─┘    dmz        and the sniffer on both
const routed = `segment lan client1 client2 gateway
segment dmz gateway server
host gateway router
`

// separated is the same with a host on both segments that does not forward.
const separated = `segment lan client1 client2 both
segment dmz both server
`

// chained is client - r1 - r2 - server.
const chained = `segment lan client r1
segment mid r1 r2
segment dmz r2 server
host r1 router
host r2 router
`

// routedTest is an experiment on several segments, every claim of which passes.
type routedTest struct{ name, text string }

// Experiments on several segments. SELF is this test binary.
var onSegments = []routedTest{
	{"a ping through a router", routed + `
run client1 ping -c 1 server
settle cold
run client1 ping -c 1 server
settle warm
expect e.lan in cold on lan trace arp,icmp
expect e.dmz in cold on dmz trace arp,icmp
expect e.both in cold trace icmp with ttl
expect e.warm in warm trace arp
expect e.seen anywhere on dmz trace icmp
-- e.lan --
client1 > *       who-has gateway
gateway > client1 is-at gateway
client1 > server  echo-request seq=1
server  > client1 echo-reply seq=1
-- e.dmz --
gateway > *       who-has server
server  > gateway is-at server
client1 > server  echo-request seq=1
server  > client1 echo-reply seq=1
-- e.both --
lan client1 > server  echo-request seq=1 ttl=64
dmz client1 > server  echo-request seq=1 ttl=63
dmz server  > client1 echo-reply seq=1 ttl=64
lan server  > client1 echo-reply seq=1 ttl=63
-- e.warm --
-- e.seen --
client1 > server echo-request
server > client1 echo-reply
`},
	{"IPv6 through a router, beside IPv4", `segment lan ipv4 ipv6 client1 gateway
segment dmz ipv6 gateway server
host gateway router
run client1 ping -c 1 server
settle cold
run client1 ping -c 1 server
settle warm
expect e.lan in cold on lan trace arp,ndp,icmp
expect e.dmz in cold on dmz trace icmp with ttl
expect e.warm in warm trace arp,ndp,tcp,udp,other
-- e.lan --
client1 > *       who-has gateway
gateway > client1 is-at gateway
client1 > server  echo-request seq=1
server  > client1 echo-reply seq=1
-- e.dmz --
client1 > server echo-request seq=1 ttl=63
server > client1 echo-reply seq=1 ttl=64
-- e.warm --
`},
	{"a router that has forgotten its neighbours asks on each segment", routed + `
run client1 ping -c 1 server
settle known
fresh gateway
run client1 ping -c 1 server
settle again
expect e.lan in again on lan trace arp
expect e.dmz in again on dmz trace arp
-- e.lan --
gateway > *       who-has client1
client1 > gateway is-at client1
-- e.dmz --
gateway > *       who-has server
server  > gateway is-at server
`},
	{"TCP through a router is one connection on each segment", routed + `
start server chat serve
await server listening
run client1 chat send server hello
settle sent
expect e.tcp in sent trace tcp/7000
-- e.tcp --
lan client1 > server  SYN     acked
lan server  > client1 SYN ACK acked
lan client1 > server  FIN ACK acked
lan server  > client1 FIN ACK acked
dmz client1 > server  SYN     acked
dmz server  > client1 SYN ACK acked
dmz client1 > server  FIN ACK acked
dmz server  > client1 FIN ACK acked
`},
	{"two routers", chained + `
run client ping -c 1 server
settle pinged
expect e.mid in pinged on mid trace arp,icmp
expect e.dmz in pinged on dmz trace icmp with ttl
-- e.mid --
r1     > *      who-has r2
r2     > r1     is-at r2
client > server echo-request seq=1
server > client echo-reply seq=1
-- e.dmz --
client > server echo-request seq=1 ttl=62
server > client echo-reply seq=1 ttl=64
`},
	{"a router at which a packet ends says so", chained + `
! run client ping -c 1 -t 1 server
! run client ping -c 1 -t 2 server
settle tried
expect e.lan in tried on lan trace icmp
expect e.dmz in tried on dmz trace arp,icmp
-- e.lan --
client > server echo-request seq=1
r1     > client time-exceeded
client > server echo-request seq=1
r2     > client time-exceeded
-- e.dmz --
`},
	{"no router: the other segment sees nothing", separated + `
! run client1 ping -c 1 server
run client1 ping -c 1 client2
settle tried
expect e.lan in tried on lan trace icmp
expect e.dmz in tried on dmz trace arp,icmp,tcp,udp,other
-- e.lan --
client1 > client2 echo-request seq=1
client2 > client1 echo-reply seq=1
-- e.dmz --
`},
	{"a host on both segments that is no router forwards nothing", separated + `
run client1 SELF route 10.77.1.0/24 10.77.0.12
! run client1 ping -c 1 -W 0.3 server
settle tried
expect e.lan in tried on lan trace icmp
expect e.dmz in tried on dmz trace arp,icmp,tcp,udp,other
-- e.lan --
client1 > server@both echo-request seq=1
-- e.dmz --
`},
	{"who lies about an address of its own segment is shown as a liar", routed + `
run client2 SELF forge 10.77.0.10 10.77.1.13
run gateway SELF forge 10.77.0.10 10.77.0.11
run gateway SELF forge 10.77.1.13 10.77.0.10
settle forged
expect e.lan in forged on lan trace udp
expect e.dmz in forged on dmz trace udp
-- e.lan --
client1@client2 > server  udp
client1@gateway > client2 udp
server@gateway  > client1 udp
-- e.dmz --
client1 > server udp
`},
	{"one segment is a switch", routed + `
run client1 ping -c 1 server
settle before
mode dmz switch
run client1 ping -c 1 server
settle within
mode dmz hub
run client1 ping -c 1 server
settle after
expect e.lan in within on lan trace icmp
expect e.dmz in within on dmz trace icmp hidden
expect e.again in after on dmz trace icmp
-- e.lan --
client1 > server echo-request seq=1
server > client1 echo-reply seq=1
-- e.dmz --
-- e.again --
client1 > server echo-request seq=1
server > client1 echo-reply seq=1
`},
	{"names lead to the nearest address", routed + `
run server ping -c 1 gateway
run client1 ping -c 1 gateway
settle pinged
expect e.dmz in pinged on dmz trace icmp
expect e.lan in pinged on lan trace icmp
-- e.dmz --
server  > gateway echo-request seq=1
gateway > server  echo-reply seq=1
-- e.lan --
client1 > gateway echo-request seq=1
gateway > client1 echo-reply seq=1
`},
	{"a subnet and an address that are given", `segment lan client gateway
segment dmz 10.9.9.0/24 gateway server
host gateway router
host server dmz=10.9.9.9
run client ping -c 1 10.9.9.9
settle pinged
expect e.dmz in pinged on dmz trace icmp
-- e.dmz --
client > server echo-request seq=1
server > client echo-reply seq=1
`},
}

func onNamespaces(t *testing.T) netns.Backend {
	t.Helper()
	if err := (netns.Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, netns.Name, err)
	}
	return netns.Backend{}
}

// parse reads an experiment in which SELF is this test binary.
func parse(t *testing.T, text string) *script.Experiment {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := script.Parse("e.txtar", []byte(strings.ReplaceAll(text, "SELF", self)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Every claim passes, and the file that the lab writes says the same: its interfaces
// are the segments.
func TestSegments(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		for _, test := range onSegments {
			t.Run(test.name, func(t *testing.T) { test.judge(t, backend) })
		}
	})
}

func (test routedTest) judge(t *testing.T, backend lab.Backend) {
	if strings.Contains(test.text, "SELF") && backend.Name() != netns.Name {
		t.Skip("a container has only wirelab")
	}
	besideOthers(t, backend)
	e := parse(t, test.text)
	outcome := carryOut(t, backend, e)
	if outcome.Status() != claim.Pass {
		t.Fatal(describe(outcome))
	}
	var file bytes.Buffer
	if err := outcome.Recording.Write(&file); err != nil {
		t.Fatal(err)
	}
	for i, v := range outcome.Verdicts {
		if v.Segment != e.Claims[i].Projection.Segment || v.Segment == "" && strings.Contains(e.Claims[i].Scope(), " on ") {
			t.Errorf("%s is about %q in the result, want what %s says", v.ID, v.Segment, e.Claims[i].Scope())
		}
	}
	if diff := cmp.Diff(e.Topology.SegmentNames(), interfaces(t, file.Bytes())); diff != "" {
		t.Errorf("interfaces of the file (-want +got):\n%s", diff)
	}
	recording := e.NewRecording(nil)
	if err := recording.Load(&file, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outcome.Verdicts, script.Check(e, recording).Verdicts); diff != "" {
		t.Errorf("verdicts of the lab and of its file (-lab +file):\n%s", diff)
	}
}

// interfaces are the names of a capture's interfaces.
func interfaces(t *testing.T, file []byte) (names []string) {
	t.Helper()
	r, err := pcapfile.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	for _, i := range r.Gaps().Interfaces {
		names = append(names, i.Name)
	}
	return names
}

// A claim that must not pass does not, each for its reason.
func TestSegmentsFail(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		for _, test := range []struct {
			name, text string
			status     claim.Status
			reason     string
		}{
			{"it was forwarded", routed + "run client1 ping -c 1 server\nsettle p\nexpect e.x in p on dmz trace icmp\n-- e.x --\n", claim.Fail, "client1 > server echo-request"},
			{"it did not cross the other segment", separated + "run client1 ping -c 1 client2\nsettle p\nexpect e.x in p on dmz trace icmp\n-- e.x --\nclient1 > client2 echo-request seq=1\n", claim.Fail, "missing line"},
			{"the wrong segment", routed + "run client1 ping -c 1 gateway\nsettle p\nexpect e.x in p trace icmp\n-- e.x --\nlan client1 > gateway echo-request seq=1\ndmz gateway > client1 echo-reply seq=1\n", claim.Fail, "observed lan gateway > client1"},
			{"nothing was done by which it could have been sent", routed + "run client1 ping -c 1 gateway\nsettle p\nsettle q\nexpect e.x in q on dmz trace icmp\n-- e.x --\n", claim.Inconclusive, "nothing was done"},
			{"a switch hides it", routed + "mode dmz switch\nrun client1 ping -c 1 server\nsettle p\nexpect e.x in p on dmz trace icmp\n-- e.x --\n", claim.Inconclusive, "saw no two hosts"},
		} {
			t.Run(test.name, func(t *testing.T) {
				besideOthers(t, backend)
				outcome := carryOut(t, backend, parse(t, test.text))
				v := outcome.Verdicts[0]
				if v.Status != test.status || v.Reason == nil || !strings.Contains(v.Reason.String(), test.reason) {
					t.Errorf("want %s with %q:\n%s", test.status, test.reason, describe(outcome))
				}
			})
		}
	})
}

// A datagram that waits in a router for an answer to its question who has the address,
// and whoever sent it has long ended, is in its own phase, on each segment.
func TestForwardedIsInItsPhase(t *testing.T) {
	backend := onNamespaces(t)
	busy(t)
	phases := require.Many(5, 50)
	var steps, claims, expected strings.Builder
	for i := range phases {
		fmt.Fprintf(&steps, "fresh client\nfresh r1\nfresh r2\nfresh server\nrun client SELF datagram 10.77.2.13:9999\nsettle p%d\n", i)
		for _, segment := range []string{"lan", "dmz"} {
			fmt.Fprintf(&claims, "expect e.p%d-%s in p%d on %s trace udp,icmp\n", i, segment, i, segment)
			fmt.Fprintf(&expected, "-- e.p%d-%s --\nclient > server udp\nserver > client port-unreachable\n", i, segment)
		}
	}
	outcome := carryOut(t, backend, parse(t, chained+steps.String()+claims.String()+expected.String()))
	if outcome.Status() != claim.Pass {
		t.Fatal(describe(outcome))
	}
}

// Five segments in a row, with a hundred hosts in namespaces and fewer in containers, come up,
// and the first host reaches the last.
func TestManyHostsOnSegments(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		onEach := 19
		if backend.Name() != netns.Name {
			onEach = 2 // a container takes as much of a machine as some twenty namespaces
		}
		e := parse(t, inARow(5, onEach))
		if n := len(e.Topology.Hosts); n != 5*onEach+4+1 {
			t.Fatalf("%d hosts", n)
		}
		outcome := carryOut(t, backend, e)
		if outcome.Status() != claim.Pass {
			t.Fatal(describe(outcome))
		}
	})
}

// inARow is an experiment on segments with so many hosts on each, and a router between each
// two.
func inARow(segments, onEach int) string {
	var text, routers strings.Builder
	last := ""
	for i := range segments {
		fmt.Fprintf(&text, "segment s%d%s", i, last)
		for n := range onEach {
			fmt.Fprintf(&text, " h%d", i*onEach+n)
		}
		if i < segments-1 {
			last = fmt.Sprintf(" r%d", i)
			text.WriteString(last)
			fmt.Fprintf(&routers, "host%s router\n", last)
		}
		text.WriteString("\n")
	}
	// A host of the first segment has one way out, and one of the last; those between
	// have two, and so none.
	far := fmt.Sprintf("h%d", segments*onEach-1)
	return text.String() + routers.String() + "run h0 ping -c 1 " + far + "\nsettle p\n" +
		fmt.Sprintf("expect e.far in p on s%d trace icmp with ttl\n-- e.far --\n", segments-1) +
		fmt.Sprintf("h0 > %s echo-request seq=1 ttl=%d\n%s > h0 echo-reply seq=1 ttl=64\n", far, 64-segments+1, far)
}
