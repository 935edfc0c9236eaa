package script

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wirelab/lab"
)

// claims end a file whose topology is tested.
const claims = "run a ping b\nsettle p\nexpect x.y in p trace icmp\n-- x.y --\n"

func TestTopology(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"topology a b sniffer\n", "hosts [a b sniffer], routers []"},
		{"segment lan a b\n", "hosts [a b sniffer], routers [], lan 10.77.0.0/24 [a b sniffer]"},
		{"segment lan a b gw\nsegment dmz gw c\nhost gw router\n",
			"hosts [a b gw c sniffer], routers [gw], lan 10.77.0.0/24 [a b gw sniffer], dmz 10.77.1.0/24 [gw c sniffer]"},
		{"segment lan a b gw\nsegment dmz gw 10.9.9.0/24 c\nhost c dmz=10.9.9.9\nhost gw lan=10.77.0.1 router dmz=10.9.9.1\n",
			"hosts [a b gw c sniffer], routers [gw], lan 10.77.0.0/24 [a b gw sniffer] gw=10.77.0.1, dmz 10.9.9.0/24 [gw c sniffer] c=10.9.9.9 gw=10.9.9.1"},
		{"segment lan a b\n# the sniffer's address can be given, too\nhost sniffer lan=10.77.0.99\n",
			"hosts [a b sniffer], routers [], lan 10.77.0.0/24 [a b sniffer] sniffer=10.77.0.99"},
		{"segment lan ipv6 a b\n", "hosts [a b sniffer], routers [], lan fd77::/64 [a b sniffer]"},
		{"segment lan a ipv4 b ipv6\nsegment dmz b fd09::/64\nsegment x 10.9.9.0/24 a fd0a::/64\n",
			"hosts [a b sniffer], routers [], lan 10.77.0.0/24 fd77::/64 [a b sniffer], dmz fd09::/64 [b sniffer], x 10.9.9.0/24 fd0a::/64 [a sniffer]"},
		{"segment lan ipv4 fd09::/64 a b\nhost a lan=10.77.0.9 lan=fd09::a\n",
			"hosts [a b sniffer], routers [], lan 10.77.0.0/24 fd09::/64 [a b sniffer] a=10.77.0.9 a=fd09::a"},
	} {
		e, err := Parse("x.txtar", []byte(test.text+claims))
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := write(e.Topology); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.text, got, test.want)
		}
	}
}

func write(t lab.Topology) string {
	s := fmt.Sprintf("hosts %v, routers %v", t.Hosts, t.Routers)
	for i, segment := range t.Segments {
		subnets := strings.Trim(fmt.Sprint(t.Subnets(i)), "[]")
		s += fmt.Sprintf(", %s %s %v", segment.Name, subnets, t.SegmentHosts(i))
		for _, given := range []map[string]netip.Addr{segment.Addresses, segment.Addresses6} {
			for _, host := range slices.Sorted(maps.Keys(given)) {
				s += fmt.Sprintf(" %s=%s", host, given[host])
			}
		}
	}
	return s
}

func TestTopologyMistakes(t *testing.T) {
	const two = "segment lan a b gw\nsegment dmz gw c\n"
	for _, test := range []struct{ text, want string }{
		{"topology a b sniffer\nsegment lan a\n", ":2: the topology is there twice"},
		{"segment lan a b\ntopology a b sniffer\n", ":2: the topology is there twice"},
		{"topology a b sniffer\nhost a router\n", ":2: the topology is there twice"},
		{"segment\n", ":1: write: segment NAME [ipv4] [ipv6] [SUBNET]… HOST…"},
		{"segment lan\n", `:1: segment "lan" has no host`},
		{"segment lan a sniffer\n", ":1: the host \"sniffer\" is on every segment by itself"},
		{"segment lan a b\nsegment lan c\n", `:2: segment "lan" is there twice`},
		{"segment lan a 10.0.0.0/99\n", ":1: subnet 10.0.0.0/99"},
		{"segment lan a 10.0.0.0/24 10.1.0.0/24\n", ":1: subnet 10.1.0.0/24"},
		{"segment lan a fd00::/64 fd01::/64\n", ":1: subnet fd01::/64"},
		{"segment lan a fd00::/8\n", "want IPv6 with /16 to /112"},
		{"segment lan a b\nhost a lan=fd77::9\n", "write ipv4 or ipv6"},
		{"segment lan ipv6 a b\nhost a lan=10.77.0.9\n", "write ipv4 or ipv6"},
		{"segment lan ipv6\n", `:1: segment "lan" has no host`},
		{"segment lan a B\n", `:1: host name "B"`},
		{"segment lan" + strings.Repeat(" a", 300_000) + "\n", ":1: 300000 hosts, and at most 253"},
		{two + "host\n", ":3: write: host NAME"},
		{two + "host gw\n", ":3: write: host NAME"},
		{two + "host gv router\n", `:3: host "gv" is on no segment (did you mean gw?)`},
		{two + "host gw ruoter\n", `:3: "ruoter" says nothing of a host (did you mean router?)`},
		{two + "host a router\n", `:3: router "a" is on one segment alone`},
		{two + "host sniffer router\n", "does not forward"},
		{two + "host c dnz=10.77.1.9\n", `:3: no segment "dnz" (did you mean dmz?): there are lan, dmz`},
		{two + "host c lan=10.77.0.9\n", `"c" is not on segment "lan"`},
		{two + "host c dmz=nine\n", `want SEGMENT=ADDRESS`},
		{two + "host c dmz=10.9.9.9\n", "write the subnet: segment dmz SUBNET HOST…"},
		{two + "run a ping b\nhost gw router\n", `:4: the topology ends with the first step, "run a ping b"`},
		{two + "run a ping b\nsegment wan c\n", `:4: the topology ends with the first step`},
		{"host gw router\n", `:1: host "gw" is on no segment`},
		{"segmant lan a b\n", `"segmant" comes before the topology`},
		{two + "hots gw router\n", `did you mean host?`},
		{two + "mode lna switch\n", `:3: no segment "lna" (did you mean lan?)`},
		{two + "mode lan swich\n", `:3: mode "swich" is not known`},
	} {
		_, err := Parse("x.txtar", []byte(test.text+claims))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %s", test.text, err, test.want)
		}
	}
}

// A claim is about one segment, whose name its lines may leave out, or about all, of
// which each line names one.
func TestClaimsOnSegments(t *testing.T) {
	const two = "segment lan a b gw\nsegment dmz gw c\nrun a ping b\nsettle p\n"
	for _, test := range []struct{ scope, lines, want, err string }{
		{"in p on lan", "a > b SYN acked", "a > b SYN acked", ""},
		{"in p on lan", "lan  a >  b SYN acked", "a > b SYN acked", ""},
		{"in all on lan", "a > b S", "a > b SYN", ""},
		{"anywhere on dmz", `gw > c "a  b"`, `gw > c "a  b"`, ""},
		{"in p", "lan a > b S.", "lan a > b SYN ACK", ""},
		{"in p", "dmz gw  >  c FIN ACK acked\n\n# more\nlan a > * udp", "dmz gw > c FIN ACK acked\nlan a > * udp", ""},
		{"in p on lna", "", "", `no segment "lna" (did you mean lan?)`},
		{"in p on", "", "", "[on SEGMENT]"},
		{"on lan in p", "", "", "[on SEGMENT]"},
		{"in p on lan dmz", "", "", "[on SEGMENT]"},
		{"in p on lan", "dmz a > b SYN acked", "", "a trace has no dmz"},
		{"in p", "a > b SYN acked", "", `a line begins with its segment`},
		{"in p", "lna a > b SYN acked", "", `a line begins with its segment (did you mean lan?)`},
		{"in p", "lan a > bb SYN acked", "", `host "bb" is not in the topology`},
		{"in p", "lan sniffer > b SYN acked", "", `what the sniffer itself sends`},
		{"in p", "lan a > b whohas c", "", `did you mean who-has?`},
		{"in p", "lan 6 11:54:39.677204 a:57168 > b:7000 SYN seq=0", "", "a > b SYN acked"},
	} {
		e, err := Parse("x.txtar", []byte(two+"expect x.y "+test.scope+" trace arp,tcp\n-- x.y --\n"+test.lines+"\n"))
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %q: error %v, want one with %s", test.scope, test.lines, err, test.err)
			}
		case err != nil:
			t.Errorf("%s, %q: %v", test.scope, test.lines, err)
		case strings.Join(e.Claims[0].Expected, "\n") != test.want || e.Claims[0].Scope() != test.scope+" trace arp,tcp":
			t.Errorf("%s, %q: %q in %s", test.scope, test.lines, e.Claims[0].Expected, e.Claims[0].Scope())
		}
	}
	// Where there is one segment, its name changes nothing.
	e, err := Parse("x.txtar", []byte("topology a b sniffer\nrun a ping b\nsettle p\nexpect x.y in p on lan trace icmp\n-- x.y --\na > b udp\n"))
	if err != nil || e.Claims[0].Scope() != "in p trace icmp" || e.Claims[0].Expected[0] != "a > b udp" {
		t.Errorf("%v, %v", e, err)
	}
}
