package dissect

import (
	"encoding/binary"
	"net/netip"

	"wirelab/sniffer"
)

// IGMP is a message of IGMP (RFC 1112, RFC 2236, RFC 3376).
type IGMP struct {
	Type        uint8         `json:"type"`
	TypeName    string        `json:"type_name"`
	Version     uint8         `json:"version"`
	MaxResponse uint8         `json:"max_response"` // as it stands there
	Group       string        `json:"group,omitempty"`
	Sources     []string      `json:"sources,omitempty"`
	Records     []GroupRecord `json:"records,omitempty"`
	Incomplete  bool          `json:"incomplete,omitempty"`
}

// GroupRecord is what a version 3 report says of one group.
type GroupRecord struct {
	Type     uint8    `json:"type"`
	TypeName string   `json:"type_name"`
	Group    string   `json:"group"`
	Sources  []string `json:"sources,omitempty"`
}

// igmpRecords are what record types are called (RFC 3376, section 4.2.12).
var igmpRecords = [...]string{1: "is-include", 2: "is-exclude", 3: "to-include", 4: "to-exclude", 5: "allow", 6: "block"}

// igmpMin is the length of a message of version 1 or 2, bytes.
const igmpMin = 8

func readIGMP(p *sniffer.Packet) *Message {
	b := p.Data[p.TransportOffset:networkEnd(p)]
	if len(b) < igmpMin {
		return nil
	}
	i := &IGMP{Type: b[0], MaxResponse: b[1]}
	switch i.Type {
	case 0x11:
		i.TypeName, i.Version = "query", 2
		if len(b) >= 12 {
			i.Version = 3
			i.Sources, _, i.Incomplete = sources(b[12:], int(binary.BigEndian.Uint16(b[10:])))
		} else if i.MaxResponse == 0 {
			i.Version = 1
		}
	case 0x12:
		i.TypeName, i.Version = "report", 1
	case 0x16:
		i.TypeName, i.Version = "report", 2
	case 0x17:
		i.TypeName, i.Version = "leave", 2
	case 0x22:
		i.TypeName, i.Version = "report", 3
		i.readRecords(b[8:], int(binary.BigEndian.Uint16(b[6:])))
	default:
		return nil
	}
	if i.Type != 0x22 {
		i.Group = netip.AddrFrom4([4]byte(b[4:])).String()
	}
	m := &Message{Protocol: "igmp", Object: i, Incomplete: i.Incomplete, Offset: p.TransportOffset, Length: len(b)}
	m.say("", "v"+string('0'+rune(i.Version))+"-"+i.TypeName)
	if i.Group != "0.0.0.0" { // that of a general query
		m.say("group", i.Group)
	}
	m.say("source", list(i.Sources))
	for _, r := range i.Records[:min(len(i.Records), maxShown)] {
		value := r.Group
		if len(r.Sources) > 0 {
			value += "{" + list(r.Sources) + "}"
		}
		m.say(r.TypeName, value)
	}
	m.Incomplete = m.Incomplete || len(i.Records) > maxShown
	return m
}

func (i *IGMP) readRecords(b []byte, count int) {
	for range count {
		if len(b) < 8 || len(i.Records) == maxListed || b[0] == 0 || int(b[0]) >= len(igmpRecords) {
			i.Incomplete = true
			return
		}
		r := GroupRecord{Type: b[0], TypeName: igmpRecords[b[0]], Group: netip.AddrFrom4([4]byte(b[4:])).String()}
		auxiliary := 4 * int(b[1])
		r.Sources, b, i.Incomplete = sources(b[8:], int(binary.BigEndian.Uint16(b[2:])))
		if i.Records = append(i.Records, r); i.Incomplete {
			return
		}
		b = b[min(auxiliary, len(b)):]
	}
}

// sources returns the addresses that b begins with, and what follows them.
func sources(b []byte, count int) (texts []string, rest []byte, incomplete bool) {
	for range count {
		if len(b) < 4 || len(texts) == maxListed {
			return texts, b, true
		}
		texts, b = append(texts, netip.AddrFrom4([4]byte(b)).String()), b[4:]
	}
	return texts, b, false
}

// networkEnd returns where in Data what IPv4 or IPv6 carries ends: padding is
// behind it.
func networkEnd(p *sniffer.Packet) int {
	stated, ip := 0, p.Data[p.NetworkOffset:]
	if p.Has(sniffer.IPv4) {
		stated = int(binary.BigEndian.Uint16(ip[2:]))
	} else if n := int(binary.BigEndian.Uint16(ip[4:])); n > 0 {
		stated = 40 + n
	}
	if end := p.NetworkOffset + stated; stated > 0 && end >= p.TransportOffset {
		return min(len(p.Data), end)
	}
	return len(p.Data)
}
