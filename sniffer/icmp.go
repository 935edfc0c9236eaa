package sniffer

import (
	"slices"

	"wirelab/sniffer/internal/digits"
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

var icmp4Words = [256]string{
	4: "source-quench", 5: "redirect", 9: "router-advertisement", 10: "router-solicitation",
	11: "time-exceeded", 12: "parameter-problem", 13: "timestamp-request", 14: "timestamp-reply",
}

var icmp6Words = [256]string{
	2: "packet-too-big", 3: "time-exceeded", 4: "parameter-problem",
	130: "mld-query", 131: "mld-report", 132: "mld-done", 143: "mld-report", // RFC 2710, RFC 3810
	133: "router-solicitation", 134: "router-advertisement", // RFC 4861
	135: "neighbor-solicitation", 136: "neighbor-advertisement", 137: "redirect",
}

// Words returns the words with which ARPWords and ICMPWords begin, without those that have
// numbers.
func Words() []string {
	words := []string{"who-has", "probe", "is-at", "echo-request", "echo-reply", "reassembly-time-exceeded"}
	for _, list := range [][]string{unreachableWords, unreachable6Words, icmp4Words[:], icmp6Words[:]} {
		words = append(words, list...)
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// ICMPWords returns what an ICMP message says: "echo-request seq=1", "port-unreachable",
// "time-exceeded", or its type and code as numbers. The packet must have ICMPv4 or ICMPv6.
func ICMPWords(p *Packet) string { return string(appendICMP(nil, p)) }

func appendICMP(dst []byte, p *Packet) []byte {
	t, c := p.ICMPType, p.ICMPCode
	request, reply, exceeded, unreachable := uint8(ICMPEchoRequest), uint8(ICMPEchoReply), uint8(11), uint8(ICMPUnreachable)
	words, unreachables, unknown := &icmp4Words, unreachableWords, "icmp type="
	if p.Has(ICMPv6) {
		request, reply, exceeded, unreachable = ICMPv6EchoRequest, ICMPv6EchoReply, 3, 1
		words, unreachables, unknown = &icmp6Words, unreachable6Words, "icmp6 type="
	}
	switch {
	case t == request:
		return appendSeq(append(dst, "echo-request"...), p)
	case t == reply:
		return appendSeq(append(dst, "echo-reply"...), p)
	case t == unreachable && int(c) < len(unreachables):
		return append(dst, unreachables[c]...)
	case t == exceeded && c == 1:
		return append(dst, "reassembly-time-exceeded"...)
	case words[t] != "" && (t != exceeded || c == 0):
		return append(dst, words[t]...)
	}
	dst = digits.AppendUint(append(dst, unknown...), uint64(t))
	return digits.AppendUint(append(dst, " code="...), uint64(c))
}

// appendSeq appends an echo's sequence number, unless an ICMPv6 echo was cut
// before it.
func appendSeq(dst []byte, p *Packet) []byte {
	if p.Has(ICMPv6) && p.Err != nil {
		return dst
	}
	return digits.AppendUint(append(dst, " seq="...), uint64(p.ICMPSeq))
}
