package dissect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"wirelab/sniffer"
)

// STP is a BPDU of the spanning tree protocol, or of the rapid or multiple one as
// far as these are alike (IEEE 802.1D, section 9).
type STP struct {
	Version  uint8  `json:"version"`
	Type     uint8  `json:"type"`
	TypeName string `json:"type_name"`
	*Tree           // not of a notification
}

// Tree is what a bridge believes of the spanning tree.
type Tree struct {
	TopologyChange  bool   `json:"topology_change"`
	RootPriority    uint16 `json:"root_priority"`
	RootExtension   uint16 `json:"root_extension"`
	RootMAC         string `json:"root_mac"`
	RootCost        uint32 `json:"root_cost"`
	BridgePriority  uint16 `json:"bridge_priority"`
	BridgeExtension uint16 `json:"bridge_extension"`
	BridgeMAC       string `json:"bridge_mac"`
	Port            uint16 `json:"port"`
}

// bpduSize is that of a configuration BPDU, bytes.
const bpduSize = 35

func readSTP(p *sniffer.Packet) *Message {
	b := p.Data[p.NetworkOffset:]
	// LLC, and the protocol identifier.
	if len(b) < 7 || b[0] != 0x42 || b[1] != 0x42 || b[2] != 3 || b[3] != 0 || b[4] != 0 {
		return nil
	}
	b = b[3:]
	s := &STP{Version: b[2], Type: b[3]}
	m := &Message{Protocol: "stp", Object: s, Offset: p.NetworkOffset + 3, Length: min(len(b), bpduSize)}
	switch {
	case s.Type == 0x80:
		s.TypeName = "topology-change"
		m.Length = 4
		m.say("", s.TypeName)
		return m
	case len(b) < bpduSize:
		return nil
	case s.Type == 0:
		s.TypeName = "config"
	case s.Type == 2 && s.Version == 2:
		s.TypeName = "rapid"
	case s.Type == 2 && s.Version >= 3:
		s.TypeName = "multiple"
	default:
		return nil
	}
	root, bridge := binary.BigEndian.Uint16(b[5:]), binary.BigEndian.Uint16(b[17:])
	s.Tree = &Tree{
		TopologyChange: b[4]&1 != 0, RootPriority: root & 0xf000, RootExtension: root & 0xfff, RootMAC: sniffer.MAC(b[7:]).String(),
		RootCost: binary.BigEndian.Uint32(b[13:]), BridgePriority: bridge & 0xf000, BridgeExtension: bridge & 0xfff,
		BridgeMAC: sniffer.MAC(b[19:]).String(), Port: binary.BigEndian.Uint16(b[25:]),
	}
	m.say("", s.TypeName)
	m.say("root", fmt.Sprintf("%d/%d/%s", s.RootPriority, s.RootExtension, s.RootMAC))
	m.say("cost", strconv.FormatUint(uint64(s.RootCost), 10))
	m.say("bridge", fmt.Sprintf("%d/%d/%s", s.BridgePriority, s.BridgeExtension, s.BridgeMAC))
	m.say("port", fmt.Sprintf("0x%04x", s.Port))
	return m
}

// LLDP is what a device says of itself to its neighbour (IEEE 802.1AB).
type LLDP struct {
	ChassisSubtype    uint8  `json:"chassis_subtype"`
	ChassisID         string `json:"chassis_id"`
	PortSubtype       uint8  `json:"port_subtype"`
	PortID            string `json:"port_id"`
	TTL               uint16 `json:"ttl"` // s
	PortDescription   string `json:"port_description,omitempty"`
	SystemName        string `json:"system_name,omitempty"`
	SystemDescription string `json:"system_description,omitempty"`
	Incomplete        bool   `json:"incomplete,omitempty"`
}

func readLLDP(p *sniffer.Packet) *Message {
	b := p.Data[p.NetworkOffset:]
	if !mandatory(b) {
		return nil
	}
	l := &LLDP{}
	at := 0
	for {
		if len(b) < at+2 {
			l.Incomplete = true // there is no end
			break
		}
		head := int(binary.BigEndian.Uint16(b[at:]))
		kind, size := head>>9, head&0x1ff
		if kind == 0 {
			at += 2
			break
		}
		if len(b) < at+2+size {
			l.Incomplete = true
			break
		}
		l.read(kind, b[at+2:at+2+size])
		at += 2 + size
	}
	m := &Message{Protocol: "lldp", Object: l, Offset: p.NetworkOffset, Length: min(at, len(b)), Incomplete: l.Incomplete}
	m.say("chassis", word(l.ChassisID))
	m.say("port", word(l.PortID))
	m.say("ttl", strconv.Itoa(int(l.TTL)))
	m.say("name", word(l.SystemName))
	return m
}

// mandatory reports whether what LLDP has to begin with is there: chassis, port and
// TTL (IEEE 802.1AB, section 8.2), each of two bytes at least.
func mandatory(b []byte) bool {
	for kind := 1; kind <= 3; kind++ {
		if len(b) < 4 || int(b[0])>>1 != kind {
			return false
		}
		size := int(binary.BigEndian.Uint16(b)) & 0x1ff
		if size < 2 || len(b) < 2+size {
			return false
		}
		b = b[2+size:]
	}
	return true
}

// read reads one value. Those that are mandatory come again in hostile frames alone.
func (l *LLDP) read(kind int, b []byte) {
	if kind <= 3 && len(b) < 2 {
		return
	}
	switch kind {
	case 1:
		l.ChassisSubtype, l.ChassisID = b[0], lldpID(b[0] == 4, b[0] == 5, b[1:])
	case 2:
		l.PortSubtype, l.PortID = b[0], lldpID(b[0] == 3, b[0] == 4, b[1:])
	case 3:
		l.TTL = binary.BigEndian.Uint16(b)
	case 4:
		l.PortDescription = text(b)
	case 5:
		l.SystemName = text(b)
	case 6:
		l.SystemDescription = text(b)
	}
}

// lldpID returns an identifier: a MAC address, an address behind its family, or
// a text.
func lldpID(mac, network bool, b []byte) string {
	if mac && len(b) == 6 {
		return sniffer.MAC(b).String()
	}
	if network {
		if addr, ok := netip.AddrFromSlice(b[1:]); ok {
			return addr.String()
		}
	}
	return text(b)
}
