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
)

// headers are the names of the headers and the sizes of their fixed parts. A
// decoder given that many bytes sets these fields even if it then returns an
// error.
var headers = [...]struct {
	name  string
	fixed int
}{
	headerNull: {"loopback", 4}, headerLoop: {"loopback", 4}, headerSLL: {"SLL", 16}, headerSLL2: {"SLL2", 20}, headerRaw: {"IP", 1},
	headerEthernet: {"Ethernet", 14}, headerVLAN: {"VLAN", 4}, headerARP: {"ARP", 28}, headerRARP: {"RARP", 28},
	headerIPv4: {"IPv4", 20}, headerIPv6: {"IPv6", 40}, headerICMPv4: {"ICMPv4", 8}, headerICMPv6: {"ICMPv6", 4}, headerTCP: {"TCP", 20}, headerUDP: {"UDP", 8},
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
	case EtherTypeVLAN, etherTypeQinQ, etherTypeOldQinQ:
		return headerVLAN
	}
	return headerNone
}

// EtherTypes of VLAN tags around another.
const (
	etherTypeQinQ    = 0x88a8 // 802.1ad service tag
	etherTypeOldQinQ = 0x9100 // what devices used before 802.1ad
)

// IP protocol numbers (IANA) of the headers that are read.
const (
	protocolHopByHop    = 0
	protocolICMPv4      = 1
	protocolTCP         = 6
	protocolUDP         = 17
	protocolRouting     = 43
	protocolFragment    = 44
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
		case protocolHopByHop, protocolRouting, protocolDestination:
			if len(b) < 8 {
				return nil, errExtension
			}
			size = 8 + 8*int(b[1])
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

var errExtension = errors.New("extension header longer than the datagram")
