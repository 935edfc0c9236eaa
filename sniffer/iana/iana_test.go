package iana

import "testing"

func TestProtocol(t *testing.T) {
	for n, want := range map[uint8]string{
		0: "HOPOPT", 1: "ICMP", 6: "TCP", 13: "ARGUS", 17: "UDP", 47: "GRE", 58: "IPv6-ICMP", 61: "any host internal protocol",
		84: "TTP", 132: "SCTP", 143: "Ethernet", 200: "", 255: "Reserved",
	} {
		if got := Protocol(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
