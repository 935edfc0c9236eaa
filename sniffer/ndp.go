package sniffer

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// The messages of neighbour discovery (RFC 4861, section 4).
const (
	NDPRouterSolicitation    = 133
	NDPRouterAdvertisement   = 134
	NDPNeighborSolicitation  = 135
	NDPNeighborAdvertisement = 136
	NDPRedirect              = 137
)

// NDPHopLimit is the hop limit of every message of neighbour discovery. A message that a
// router has forwarded has a lower one, and hosts ignore it (RFC 4861, section 7.1).
const NDPHopLimit = 255

// NDP reports whether a packet is a message of neighbour discovery: ICMPv6 of type 133 to
// 137.
func (p *Packet) NDP() bool {
	return p.Has(ICMPv6) && p.ICMPType >= NDPRouterSolicitation && p.ICMPType <= NDPRedirect
}

// Neighbor is the content of a neighbor solicitation or advertisement (RFC 4861, sections
// 4.3 and 4.4).
type Neighbor struct {
	Target netip.Addr // the address that is asked for, or advertised
	// MAC is the hardware address that the message has of its sender or, in an
	// advertisement, of Target; zero if it has none.
	MAC  MAC
	Bare bool // the message has no other option
}

// Neighbor returns the content of a neighbor solicitation or advertisement. It reports
// false for any other packet, and for a message that is malformed, cut short or a fragment
// (RFC 6980).
func (p *Packet) Neighbor() (n Neighbor, ok bool) {
	if !p.Has(ICMPv6) || p.ICMPType != NDPNeighborSolicitation && p.ICMPType != NDPNeighborAdvertisement || p.Err != nil || p.Truncated() || p.Fragment {
		return n, false
	}
	end := len(p.Data)
	if length := int(binary.BigEndian.Uint16(p.Data[p.NetworkOffset+4:])); length > 0 { // the rest is padding
		end = min(end, p.NetworkOffset+40+length)
	}
	b := p.Data[min(p.TransportOffset, end):end]
	if checkNeighbor(b) != nil {
		return n, false
	}
	n = Neighbor{Target: netip.AddrFrom16([16]byte(b[8:])), Bare: true}
	// The options of a link-layer address (RFC 4861, section 4.6.1).
	const source, target = 1, 2
	wanted := byte(source)
	if p.ICMPType == NDPNeighborAdvertisement {
		wanted = target
	}
	for options := b[neighborLength:]; len(options) > 0; options = options[8*int(options[1]):] {
		if options[0] != wanted || options[1] != 1 || n.MAC != (MAC{}) {
			n.Bare = false
			continue
		}
		n.MAC = MAC(options[2:8])
	}
	return n, true
}

// neighborLength is the length in bytes of a solicitation or advertisement of a neighbor
// without its options.
const neighborLength = 24

// checkNeighbor checks a solicitation or advertisement of a neighbor as the host does
// that gets one: nothing counts of one that is not in order (RFC 4861, section 7.1).
func checkNeighbor(b []byte) error {
	if len(b) < neighborLength {
		return fmt.Errorf("neighbor discovery of %d bytes, at least %d", len(b), neighborLength)
	}
	for options := b[neighborLength:]; len(options) > 0; options = options[8*int(options[1]):] {
		if len(options) < 2 || options[1] == 0 || 8*int(options[1]) > len(options) {
			return fmt.Errorf("neighbor discovery with an option that does not fit in %d bytes", len(options))
		}
	}
	return nil
}

// NeighborWords returns what a neighbor solicitation or advertisement does, in the words
// of ARPWords: "who-has" (to a group), "probe" (to one host) or "is-at". behind is "
// hop-limit=N" if the message has not NDPHopLimit, otherwise "". The packet must have a
// Neighbor.
func NeighborWords(p *Packet) (word, behind string) {
	switch {
	case p.ICMPType == NDPNeighborAdvertisement:
		word = "is-at"
	case p.Dst.IsMulticast():
		word = "who-has"
	default:
		word = "probe"
	}
	if p.TTL != NDPHopLimit {
		behind = fmt.Sprintf(" hop-limit=%d", p.TTL)
	}
	return word, behind
}

// appendNeighborEnds writes a group as ARP's broadcast: who listens to it, one does not
// see.
func appendNeighborEnds(dst []byte, p *Packet, names Namer) []byte {
	// A host that has no address yet asks from :: (RFC 4862, section 5.4.2).
	if p.Src.IsUnspecified() && p.SrcMAC != (MAC{}) {
		dst = appendMAC(dst, p.SrcMAC)
	} else {
		dst = appendHost(dst, p.Src, names)
	}
	dst = append(dst, " > "...)
	if p.Dst.IsMulticast() {
		return append(dst, '*')
	}
	return appendHost(dst, p.Dst, names)
}

func appendNeighbor(dst []byte, p *Packet, n Neighbor, names Namer) []byte {
	word, behind := NeighborWords(p)
	dst = append(append(dst, word...), ' ')
	return append(appendHost(dst, n.Target, names), behind...)
}
