package experiments

import (
	"net"
	"testing"

	"github.com/vishvananda/netlink"
)

func init() { programs["hostroute"] = addHostRoute }

// addHostRoute replaces the way to one address: ADDRESS ROUTER.
func addHostRoute(args []string) error {
	return netlink.RouteReplace(&netlink.Route{Dst: netlink.NewIPNet(net.ParseIP(args[0])), Gw: net.ParseIP(args[1])})
}

// routed6 is routed with IPv6 alone.
const routed6 = `segment lan ipv6 client1 client2 gateway
segment dmz ipv6 gateway server
host gateway router
`

// onIPv6 are what works over IPv6 as it does over IPv4, and what does not.
var onIPv6 = []routedTest{
	{"the chat by UDP, through a router", routed6 + `
start server chat serve
await server listening
start client1 chat join --udp server
await client1 talking
start client2 chat join --udp server
await client2 talking
say client1 hello
await server hello
say client2 hi there
await client1 hi there
settle talk
close client1
close client2
settle closed
expect e.first in talk trace udp,icmp first text
expect e.closed in closed trace arp,udp,tcp,icmp,other
-- e.first --
lan client1 > server udp "hello"
dmz client1 > server udp "hello"
lan client2 > server udp "hi there"
dmz client2 > server udp "hi there"
-- e.closed --
`},
	{"one segment becomes a switch, and a hub again", routed6 + `
run client1 ping -c 1 server
settle before
mode lan switch
run client1 ping -c 1 server
settle within
mode lan hub
run client1 ping -c 1 server
settle after
expect e.before in before trace icmp
expect e.lan in within on lan trace ndp,icmp hidden
expect e.dmz in within on dmz trace icmp
expect e.after in after on lan trace icmp
-- e.before --
lan client1 > server  echo-request seq=1
dmz client1 > server  echo-request seq=1
dmz server  > client1 echo-reply   seq=1
lan server  > client1 echo-reply   seq=1
-- e.lan --
-- e.dmz --
client1 > server  echo-request seq=1
server  > client1 echo-reply   seq=1
-- e.after --
client1 > server  echo-request seq=1
server  > client1 echo-reply   seq=1
`},
	// Linux has no setting that keeps a router from sending it, as it has for IPv4.
	{"a redirect is shown, and not followed", routed6 + `
run client1 SELF hostroute fd77::11 fd77::12
run client1 ping -c 1 fd77::11
settle told
run client1 ping -c 1 fd77::11
settle again
expect e.told in told on lan trace ndp,icmp
expect e.again in again on lan exactly 1 from client1 to gateway
-- e.told --
client1         > *               who-has gateway
gateway         > client1         is-at gateway
client1         > client2@gateway echo-request seq=1
gateway         > client1         redirect
gateway         > *               who-has client2
client2         > gateway         is-at client2
client1@gateway > client2         echo-request seq=1
client2         > *               who-has client1
client1         > client2         is-at client1
client2         > client1         echo-reply seq=1
-- e.again --
icmp6[0] = 128
`},
	{"no redirect to another router", `segment lan ipv6 client1 r1 r2
segment mid ipv6 r1 other
segment dmz ipv6 r2 server
host r1 router
host r2 router
run client1 SELF hostroute fd77:0:0:2::14 fd77::11
run client1 ping -c 1 server
settle pinged
expect e.lan in pinged on lan trace icmp
-- e.lan --
client1    > server  echo-request seq=1
client1@r1 > server  echo-request seq=1
server     > client1 echo-reply seq=1
`},
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	backend := onNamespaces(t)
	for _, test := range onIPv6 {
		t.Run(test.name, func(t *testing.T) { test.judge(t, backend) })
	}
}
