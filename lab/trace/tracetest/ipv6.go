package tracetest

import (
	"cmp"
	"encoding/binary"
	"net/netip"

	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// Addr6 is a host's IPv6 address, or the address that the name is: that of server is
// fd00::2, that of web fd00:0:0:1::2.
func Addr6(name string) netip.Addr {
	a, ok := Addresses[name]
	if !ok {
		a, ok = routedAddresses[name]
	}
	if ok {
		return netip.AddrFrom16([16]byte{0: 0xfd, 7: a.As4()[2], 15: a.As4()[3]})
	}
	return netip.MustParseAddr(name)
}

// Solicit sends a neighbor solicitation: to the group of the one who is asked for, "*",
// or to one host.
func (w *Wire) Solicit(from, target, to string) {
	w.Neighbor(from, to, 135, target, neighborOption(1, w.sender(from)))
}

// Advertise sends a neighbor advertisement of a host to another, or to all.
func (w *Wire) Advertise(from, to string) {
	w.Neighbor(from, to, 136, from, neighborOption(2, w.sender(from)))
}

func neighborOption(kind byte, host string) []byte {
	mac := MAC(host)
	return append([]byte{kind, 1}, mac[:]...)
}

// Neighbor sends a message of neighbor discovery (RFC 4861, sections 4.3 and 4.4) about
// a target, with any options.
func (w *Wire) Neighbor(from, to string, kind byte, target string, options []byte) {
	addr := Addr6(target).As16()
	if to == "*" && kind == 135 { // the solicited-node group (RFC 4291, section 2.7.1)
		to = netip.AddrFrom16([16]byte{0xff, 2, 11: 1, 12: 0xff, 13: addr[13], 14: addr[14], 15: addr[15]}).String()
	}
	was := w.TTL
	w.TTL = cmp.Or(was, sniffer.NDPHopLimit)
	w.ip6(from, to, 58, 0, false, append(append([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, addr[:]...), options...))
	w.TTL = was
}

// ip6 sends an IPv6 datagram or fragment; to "*" is to all nodes.
func (w *Wire) ip6(from, to string, protocol byte, offset uint16, more bool, payload []byte) {
	for name := range Addresses {
		w.Hosts.Names[Addr6(name)] = name
	}
	dst := trace.AllNodes
	if to != "*" {
		dst = Addr6(to)
	}
	if offset > 0 || more { // RFC 8200, section 4.5
		header := []byte{protocol, 0, byte(offset >> 8), byte(offset), 0, 0, 0, 7}
		if more {
			header[3] |= 1
		}
		protocol, payload = 44, append(header, payload...)
	}
	b := []byte{0x60 | w.Class>>4, w.Class << 4, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = append(b, protocol, cmp.Or(w.TTL, 64))
	b = append(b, Addr6(from).AsSlice()...)
	b = append(b, dst.AsSlice()...)
	if dst.IsMulticast() {
		a := dst.As16()
		w.group = sniffer.MAC{0x33, 0x33, a[12], a[13], a[14], a[15]}
		to = "*"
	}
	w.Frame(from, to, sniffer.EtherTypeIPv6, append(b, payload...))
	w.group = sniffer.MAC{}
}
