package sniffer

import (
	"errors"
	"fmt"
)

// maxLayers bounds the headers of a frame that are read: a frame may hold
// thousands of VLAN tags.
const maxLayers = 64

// header is a kind of header.
type header uint8

const (
	headerNone header = iota // no further header is known
	headerNull
	headerLoop
	headerSLL
	headerSLL2
	headerRaw
	headerEthernet
	headerVLAN
	headerARP
	headerRARP
	headerIPv4
	headerIPv6
	headerICMPv4
	headerICMPv6
	headerTCP
	headerUDP
	headerPPP
	headerPPPSerial
	headerHDLC
	headerRadiotap
	headerWLAN
	headerNFLOG
	headerPKTAP
	headerMPLS
	headerPPPoE
	headerGRE
	headerInner4 // IPv4 in IP
	headerInner6 // IPv6 in IP
)

// headers are the names of the headers and the sizes of their fixed parts.
var headers = [...]struct {
	name  string
	fixed int
}{
	headerNull: {"loopback", 4}, headerLoop: {"loopback", 4}, headerSLL: {"SLL", 16}, headerSLL2: {"SLL2", 20}, headerRaw: {"IP", 1},
	headerEthernet: {"Ethernet", 14}, headerVLAN: {"VLAN", 4}, headerARP: {"ARP", 28}, headerRARP: {"RARP", 28},
	headerIPv4: {"IPv4", 20}, headerIPv6: {"IPv6", 40}, headerICMPv4: {"ICMPv4", 8}, headerICMPv6: {"ICMPv6", 4}, headerTCP: {"TCP", 20}, headerUDP: {"UDP", 8},
	headerPPP: {"PPP", 1}, headerPPPSerial: {"PPP", 1}, headerHDLC: {"HDLC", 4}, headerRadiotap: {"radiotap", 8}, headerWLAN: {"802.11", 10},
	headerNFLOG: {"NFLOG", 4}, headerPKTAP: {"PKTAP", pktapSize}, headerMPLS: {"MPLS", 4}, headerPPPoE: {"PPPoE", 6}, headerGRE: {"GRE", 4},
	headerInner4: {"IPv4", 1}, headerInner6: {"IPv6", 1},
}

// check returns an error if b does not have all of a header's fixed part.
func (h header) check(b []byte) error {
	if fixed := headers[h].fixed; len(b) < fixed {
		return fmt.Errorf("%d bytes, at least %d", len(b), fixed)
	}
	return nil
}

// first returns the header that frames of a link type begin with,
// headerNone for one that is not decoded.
func first(link LinkType) header {
	switch link {
	case LinkEthernet:
		return headerEthernet
	case LinkNull:
		return headerNull
	case LinkLoop:
		return headerLoop
	case LinkLinuxSLL:
		return headerSLL
	case LinkLinuxSLL2:
		return headerSLL2
	case LinkRaw:
		return headerRaw
	case LinkIPv4:
		return headerIPv4
	case LinkIPv6:
		return headerIPv6
	case LinkPPP:
		return headerPPP
	case LinkPPPSerial:
		return headerPPPSerial
	case LinkPPPoE:
		return headerPPPoE
	case LinkHDLC:
		return headerHDLC
	case LinkRadiotap:
		return headerRadiotap
	case LinkWLAN:
		return headerWLAN
	case LinkNFLOG:
		return headerNFLOG
	case LinkPKTAP:
		return headerPKTAP
	case LinkMPLS:
		return headerMPLS
	}
	return headerNone
}

// after returns the header that an EtherType announces.
func after(etherType uint16) header {
	switch etherType {
	case EtherTypeIPv4:
		return headerIPv4
	case EtherTypeIPv6:
		return headerIPv6
	case EtherTypeARP:
		return headerARP
	case EtherTypeRARP:
		return headerRARP
	case EtherTypeVLAN, EtherTypeQinQ, etherTypeOldQinQ:
		return headerVLAN
	case etherTypeMPLS, etherTypeMPLSUpstream:
		return headerMPLS
	case etherTypePPPoED, etherTypePPPoES:
		return headerPPPoE
	}
	return headerNone
}

// EtherTypes of the outer one of two VLAN tags.
const (
	EtherTypeQinQ    = 0x88a8 // 802.1ad service tag
	etherTypeOldQinQ = 0x9100 // what devices used before 802.1ad
)

// EtherTypes of what carries frames, and of bridged Ethernet and PPP in a tunnel.
const (
	etherTypeBridged      = 0x6558
	etherTypeMPLS         = 0x8847
	etherTypeMPLSUpstream = 0x8848
	etherTypePPPoED       = 0x8863
	etherTypePPPoES       = 0x8864
	etherTypePPP          = 0x880b
)

// IP protocol numbers (IANA) of the headers that are read.
const (
	protocolHopByHop    = 0
	protocolICMPv4      = 1
	protocolIPv4        = 4
	protocolTCP         = 6
	protocolUDP         = 17
	protocolIPv6        = 41
	protocolRouting     = 43
	protocolFragment    = 44
	protocolGRE         = 47
	protocolAH          = 51
	protocolICMPv6      = 58
	protocolDestination = 60
)

// announced returns the header that an IP protocol number announces, where
// icmp is the number of the IP version's own ICMP.
func announced(protocol, icmp uint8) header {
	switch {
	case protocol == protocolTCP:
		return headerTCP
	case protocol == protocolUDP:
		return headerUDP
	case protocol == protocolGRE:
		return headerGRE
	case protocol == protocolIPv4:
		return headerInner4
	case protocol == protocolIPv6:
		return headerInner6
	case protocol != icmp:
		return headerNone
	case icmp == protocolICMPv6:
		return headerICMPv6
	}
	return headerICMPv4
}

// readExtensions passes over extension headers (RFC 8200, section 4) and sets
// p.Protocol to what follows them. It returns nil for a later fragment, of
// which what follows is no header.
func (p *Packet) readExtensions(b []byte) ([]byte, error) {
	for range maxLayers {
		var size int
		switch p.Protocol {
		case protocolHopByHop, protocolRouting, protocolDestination, protocolAH:
			if len(b) < 8 {
				return nil, errExtension
			}
			size = extensionSize(p.Protocol, b[1])
		case protocolFragment:
			if len(b) < 8 {
				return nil, errExtension
			}
			size = 8
			if later := p.readFragment(b); later {
				p.Protocol = b[0]
				return nil, nil
			}
		default:
			return b, nil
		}
		if len(b) < size {
			return nil, errExtension
		}
		p.Protocol = b[0]
		b = b[size:]
	}
	return nil, fmt.Errorf("more than %d extension headers", maxLayers)
}

// extensionSize returns the length of an extension header by its length field, in
// bytes: that of AH counts units of four (RFC 4302, section 2.2).
func extensionSize(protocol, field uint8) int {
	if protocol == protocolAH {
		return 4 * (2 + int(field))
	}
	return 8 * (1 + int(field))
}

var errExtension = errors.New("extension header longer than the datagram")
