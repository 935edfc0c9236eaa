package sniffer

import (
	"fmt"
	"net/netip"
	"strconv"

	"wirelab/internal/safetext"
)

// Namer gives addresses the names that people know them by. It returns "" for
// an address that it does not know, which is then printed as it is.
type Namer interface {
	Name(addr netip.Addr) string
}

// Names is a Namer that knows what is in the map.
type Names map[netip.Addr]string

// Name returns the name of addr, "" if there is none.
func (n Names) Name(addr netip.Addr) string { return n[addr] }

// AppendLine appends one packet in the lab's notation to dst, without an end
// of line, and returns the extended slice:
//
//	client1 > * who-has server
//	client1 > server echo-request seq=1
//	client1:43210 > server:7000 P. len=12
//	client1:5000 > server:7001 udp len=12
//
// What the capture did not keep shows as truncated=KEPT/LENGTH, a frame that
// could not be decoded to its end as malformed with the reason. A nil Namer
// knows no names. Nothing that it appends can act on a terminal.
func AppendLine(dst []byte, p *Packet, names Namer) []byte {
	switch {
	case p.Has(ARP) && p.ARPSender.IsValid():
		dst = appendARP(dst, p, names)
	case p.Src.IsValid():
		dst = appendIP(dst, p, names)
	default:
		dst = appendMACs(dst, p)
	}
	if p.Has(VLAN) {
		dst = append(dst, " vlan="...)
		dst = strconv.AppendUint(dst, uint64(p.VLANID), 10)
	}
	if p.Truncated() {
		dst = append(dst, " truncated="...)
		dst = strconv.AppendInt(dst, int64(len(p.Data)), 10)
		dst = append(dst, '/')
		dst = strconv.AppendInt(dst, int64(p.Length), 10)
	} else if p.Err != nil {
		dst = append(dst, " malformed: "...)
		dst = append(dst, safetext.Escape(p.Err.Error())...)
	}
	return dst
}

// ARPWords returns what an ARP packet does: "who-has" (a broadcast request),
// "probe" (a request to one host, with which a kernel checks an entry of its
// cache: RFC 1122, section 2.3.2.1), "is-at" (a reply), or its operation as a
// number.
func ARPWords(p *Packet) string {
	switch {
	case p.ARPOperation == ARPReply:
		return "is-at"
	case p.ARPOperation != ARPRequest:
		return "arp-operation=" + strconv.Itoa(int(p.ARPOperation))
	case p.DstMAC.Multicast():
		return "who-has"
	default:
		return "probe"
	}
}

func appendARP(dst []byte, p *Packet, names Namer) []byte {
	// A host that has no address yet asks from 0.0.0.0 (RFC 5227, section 2.1.1).
	if p.ARPSender.IsUnspecified() {
		dst = append(dst, p.ARPSenderMAC.String()...)
	} else {
		dst = appendHost(dst, p.ARPSender, names)
	}
	dst = append(dst, " > "...)
	if p.DstMAC == Broadcast {
		dst = append(dst, '*')
	} else {
		dst = appendHost(dst, p.ARPTarget, names)
	}
	dst = append(dst, ' ')
	dst = append(dst, ARPWords(p)...)
	dst = append(dst, ' ')
	if p.ARPOperation == ARPReply {
		return appendHost(dst, p.ARPSender, names)
	}
	return appendHost(dst, p.ARPTarget, names)
}

func appendIP(dst []byte, p *Packet, names Namer) []byte {
	ports := p.Has(TCP) || p.Has(UDP)
	dst = appendEndpoint(dst, p.Src, p.SrcPort, ports, names)
	dst = append(dst, " > "...)
	dst = appendEndpoint(dst, p.Dst, p.DstPort, ports, names)
	dst = append(dst, ' ')
	switch {
	case p.Has(TCP):
		dst = appendTCP(dst, p)
	case p.Has(UDP):
		dst = append(dst, "udp"...)
		dst = appendLen(dst, len(p.Payload))
	case p.Has(ICMPv4) || p.Has(ICMPv6):
		dst = append(dst, ICMPWords(p)...)
	default:
		dst = append(dst, "ip-protocol="...)
		dst = strconv.AppendUint(dst, uint64(p.Protocol), 10)
	}
	if p.Fragment {
		dst = append(dst, " fragment"...)
	}
	return dst
}

// appendTCP writes the flags and what can be said of one segment alone.
// Sequence numbers are relative, and a SYN is where they begin.
func appendTCP(dst []byte, p *Packet) []byte {
	dst = append(dst, p.Flags.String()...)
	if p.Flags&SYN != 0 {
		dst = append(dst, " seq=0"...)
	}
	if len(p.Payload) > 0 {
		return appendLen(dst, len(p.Payload))
	}
	if p.Flags == ACK && !p.Truncated() {
		dst = append(dst, " ack"...)
	}
	return dst
}

func appendMACs(dst []byte, p *Packet) []byte {
	if !p.Has(Ethernet) {
		dst = append(dst, "frame"...)
		return appendLen(dst, p.Length)
	}
	header := 14
	if p.Has(VLAN) {
		header += 4
	}
	dst = append(dst, p.SrcMAC.String()...)
	dst = append(dst, " > "...)
	if p.DstMAC == Broadcast {
		dst = append(dst, '*')
	} else {
		dst = append(dst, p.DstMAC.String()...)
	}
	dst = append(dst, ' ')
	// Below 0x600 the field is a length (IEEE 802.3, section 3.2.6).
	if p.EtherType < 0x600 {
		dst = append(dst, "llc"...)
	} else {
		dst = fmt.Appendf(dst, "0x%04x", p.EtherType)
	}
	return appendLen(dst, max(0, p.Length-header))
}

func appendLen(dst []byte, n int) []byte {
	return strconv.AppendInt(append(dst, " len="...), int64(n), 10)
}

func appendEndpoint(dst []byte, addr netip.Addr, port uint16, hasPort bool, names Namer) []byte {
	if !hasPort {
		return appendHost(dst, addr, names)
	}
	name := knownName(addr, names)
	switch {
	case name != "":
		dst = append(dst, name...)
	case addr.Is6(): // RFC 5952, section 6
		dst = append(dst, '[')
		dst = addr.AppendTo(dst)
		dst = append(dst, ']')
	default:
		dst = addr.AppendTo(dst)
	}
	return strconv.AppendUint(append(dst, ':'), uint64(port), 10)
}

func appendHost(dst []byte, addr netip.Addr, names Namer) []byte {
	if name := knownName(addr, names); name != "" {
		return append(dst, name...)
	}
	return addr.AppendTo(dst)
}

func knownName(addr netip.Addr, names Namer) string {
	if names == nil {
		return ""
	}
	return safetext.Escape(names.Name(addr))
}

// tcpFlags holds the text of all 256 sets of flags, so that no segment costs
// an allocation.
var tcpFlags = func() (texts [256]string) {
	letters := []struct {
		flag   TCPFlags
		letter byte
	}{{SYN, 'S'}, {FIN, 'F'}, {RST, 'R'}, {PSH, 'P'}, {URG, 'U'}, {ACK, '.'}, {ECE, 'E'}, {CWR, 'W'}}
	for i := range texts {
		var b []byte
		for _, l := range letters {
			if TCPFlags(i)&l.flag != 0 {
				b = append(b, l.letter)
			}
		}
		texts[i] = string(b)
	}
	texts[0] = "none"
	return texts
}()

// String returns the flags by tcpdump's letters: S, F, R, P, U, then "." for
// ACK, E and W; "none" where no flag is set.
func (f TCPFlags) String() string { return tcpFlags[f] }
