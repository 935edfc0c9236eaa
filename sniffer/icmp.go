package sniffer

import (
	"fmt"
	"strconv"
)

// The words of ICMPv4's destination unreachable, by code (RFC 792; RFC 1122,
// section 3.2.2.1; RFC 1812, section 5.2.7.1).
var unreachableWords = []string{
	"net-unreachable", "host-unreachable", "protocol-unreachable", "port-unreachable",
	"fragmentation-needed", "source-route-failed", "net-unknown", "host-unknown",
	"host-isolated", "net-prohibited", "host-prohibited", "net-unreachable-for-tos",
	"host-unreachable-for-tos", "administratively-prohibited", "host-precedence-violation",
	"precedence-cutoff",
}

// The words of ICMPv6's destination unreachable, by code (RFC 4443, section 3.1).
var unreachable6Words = []string{
	"no-route", "administratively-prohibited", "beyond-scope", "address-unreachable",
	"port-unreachable", "source-address-failed-policy", "route-rejected",
}

var icmp4Words = map[uint8]string{
	4: "source-quench", 5: "redirect", 9: "router-advertisement", 10: "router-solicitation",
	12: "parameter-problem", 13: "timestamp-request", 14: "timestamp-reply",
}

var icmp6Words = map[uint8]string{
	2: "packet-too-big", 4: "parameter-problem",
	130: "mld-query", 131: "mld-report", 132: "mld-done", 143: "mld-report", // RFC 2710, RFC 3810
	133: "router-solicitation", 134: "router-advertisement", // RFC 4861
	135: "neighbor-solicitation", 136: "neighbor-advertisement", 137: "redirect",
}

// ICMPWords returns what an ICMP message says: "echo-request seq=1",
// "port-unreachable", "time-exceeded", or its type and code as numbers. It is
// for packets that have ICMPv4 or ICMPv6.
func ICMPWords(p *Packet) string {
	if p.Has(ICMPv6) {
		return icmp6(p)
	}
	switch t, c := p.ICMPType, p.ICMPCode; {
	case t == ICMPEchoRequest:
		return "echo-request seq=" + strconv.Itoa(int(p.ICMPSeq))
	case t == ICMPEchoReply:
		return "echo-reply seq=" + strconv.Itoa(int(p.ICMPSeq))
	case t == ICMPUnreachable && int(c) < len(unreachableWords):
		return unreachableWords[c]
	case t == ICMPTimeExceeded && c == 0:
		return "time-exceeded"
	case t == ICMPTimeExceeded && c == 1:
		return "reassembly-time-exceeded"
	case icmp4Words[t] != "":
		return icmp4Words[t]
	default:
		return fmt.Sprintf("icmp type=%d code=%d", t, c)
	}
}

func icmp6(p *Packet) string {
	switch t, c := p.ICMPType, p.ICMPCode; {
	case t == ICMPv6EchoRequest && p.Err != nil: // cut before its sequence number
		return "echo-request"
	case t == ICMPv6EchoReply && p.Err != nil:
		return "echo-reply"
	case t == ICMPv6EchoRequest:
		return "echo-request seq=" + strconv.Itoa(int(p.ICMPSeq))
	case t == ICMPv6EchoReply:
		return "echo-reply seq=" + strconv.Itoa(int(p.ICMPSeq))
	case t == 1 && int(c) < len(unreachable6Words):
		return unreachable6Words[c]
	case t == 3 && c == 0:
		return "time-exceeded"
	case t == 3 && c == 1:
		return "reassembly-time-exceeded"
	case icmp6Words[t] != "":
		return icmp6Words[t]
	default:
		return fmt.Sprintf("icmp6 type=%d code=%d", t, c)
	}
}
