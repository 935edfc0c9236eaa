// Package render shows packets to people and to programs: as lines, as JSON,
// as the course note prints them, and finished captures as ladder diagrams.
//
// It knows decoded packets alone: not where they come from, nor where the text
// goes. Nothing that it writes can act on a terminal: what comes from a packet
// or a name is escaped, and colours are the only escapes it makes, where they
// are asked for.
package render

import (
	"net/netip"

	"wirelab/message"
	"wirelab/sniffer"
)

// Printer turns a packet into text, the same text whatever packets came before.
// It is not safe for use by several goroutines at once: each has its own.
type Printer interface {
	// Append appends the text of a packet, which ends with an end of line, to
	// dst and returns the extended slice.
	Append(dst []byte, p *sniffer.Packet) []byte
}

// Options say how packets are shown. The zero value shows addresses, local
// time and no colour, and explains in English.
type Options struct {
	Names   sniffer.Namer // nil knows no names
	Letters bool          // TCP flags as tcpdump's letters; tcp.flags of JSON is always letters
	Colour  bool          // for a terminal; JSON has none in any case
	ASCII   bool          // ladders, statistics and streams have ASCII characters alone
	UTC     bool          // times in UTC in place of the local zone; JSON is always in UTC
	Lang    message.Lang  // of explanations; labels and words stay as they are

	// Of lines alone.
	Details sniffer.Details
	Stamp   Stamp
	Link    bool // the addresses and the protocol of the link header as well
	Text    bool // the payload as text behind the line
	Dump    Dump // the bytes of the frame below the line

	// InterfaceName returns the name of an interface by its index in the
	// capture, "" if it has none. nil knows none.
	InterfaceName func(index int) string
}

// notation returns the notation in which packets are written.
func (o *Options) notation() sniffer.Notation {
	return sniffer.Notation{Names: o.Names, Letters: o.Letters, Details: o.Details}
}

func (o *Options) interfaceName(index int) string {
	if o.InterfaceName == nil {
		return ""
	}
	return o.InterfaceName(index)
}

// appendAddress appends an address, and behind it its name if it has one.
func (o *Options) appendAddress(dst []byte, addr netip.Addr) []byte {
	dst = sniffer.AppendAddr(dst, addr)
	if o.Names != nil {
		if name := o.Names.Name(addr); name != "" {
			dst = append(append(append(dst, " ("...), safe(name)...), ')')
		}
	}
	return dst
}

// SGR sequences (ECMA-48, section 8.3.117) of the colours that terminals let
// people choose.
const (
	sgrReset   = "\x1b[0m"
	sgrBold    = "\x1b[1m"
	sgrDim     = "\x1b[2m"
	sgrRed     = "\x1b[31m"
	sgrGreen   = "\x1b[32m"
	sgrYellow  = "\x1b[33m"
	sgrBlue    = "\x1b[34m"
	sgrMagenta = "\x1b[35m"
	sgrCyan    = "\x1b[36m"
)

// kind is what a packet is coloured by.
type kind uint8

const (
	other kind = iota
	arp
	icmp
	tcp
	udp
	ip // another protocol in IP
	malformed
)

var kinds = [...]struct {
	name string // class of the SVG, word of its legend
	sgr  string // "" leaves the terminal's own colour
}{
	other: {"other", ""}, arp: {"arp", sgrYellow}, icmp: {"icmp", sgrMagenta}, tcp: {"tcp", sgrGreen},
	udp: {"udp", sgrCyan}, ip: {"ip", sgrBlue}, malformed: {"malformed", sgrRed},
}

// kindOf is that of the innermost frame.
func kindOf(p *sniffer.Packet) kind {
	if p.Inner != nil {
		if p.Malformed() {
			return malformed
		}
		p = p.Innermost()
	}
	const ips = sniffer.IPv4 | sniffer.IPv6
	switch l := p.Layers; {
	case p.Err != nil && !p.Truncated():
		return malformed
	case l&sniffer.TCP != 0:
		return tcp
	case l&sniffer.UDP != 0:
		return udp
	case l&(sniffer.ICMPv4|sniffer.ICMPv6) != 0:
		return icmp
	case l&(sniffer.ARP|sniffer.RARP) != 0:
		return arp
	case l&ips != 0:
		return ip
	}
	return other
}
