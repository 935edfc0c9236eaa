// Package tracetest builds recordings frame by frame, for tests of what is
// judged on them. Frames are bytes and go through the decoder like captured
// ones.
package tracetest

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/lab/fault"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// Wire is a segment on which a test lets hosts send. Frames are a millisecond
// apart.
type Wire struct {
	*trace.Recording
	t     testing.TB
	hosts []string // set markers at a barrier

	Counts map[string]uint64 // frames that each host has sent; nil: markers do not say

	As     string // the port that sends, where it is not the one whose address is the source's
	To     string // the port to which frames go, where it is not the one of the address
	On     int    // the segment, where there are several
	VLAN   uint16 // tag of the frames, 0 for none
	Length int    // of the frames on the wire where the capture has less, 0 otherwise

	TTL     uint8  // of IP, 0 for 64
	Class   uint8  // of IP: DSCP and ECN
	Options []byte // of TCP, a multiple of 4 bytes

	Trailer string // of frames, behind what IP has

	V6 bool // IP, echoes and markers are those of IPv6

	group sniffer.MAC // of IPv6, to which the next frame goes; zero for none
}

// Addresses of the hosts of a Wire.
var Addresses = map[string]netip.Addr{
	"client1": netip.MustParseAddr("10.0.0.1"),
	"server":  netip.MustParseAddr("10.0.0.2"),
	"client2": netip.MustParseAddr("10.0.0.4"),
	"sniffer": netip.MustParseAddr("10.0.0.3"),
}

// New returns a segment with client1, server, client2 and the sniffer, whose
// ports are known; hosts are those that a barrier is set by.
func New(t testing.TB, hosts ...string) *Wire {
	names, ports := sniffer.Names{}, map[sniffer.MAC]string{{2, 0xff}: trace.Machine}
	for name, addr := range Addresses {
		names[addr] = name
		ports[MAC(name)] = name
	}
	return &Wire{Recording: trace.New(trace.Hosts{Names: names, Ports: ports}), t: t, hosts: hosts}
}

// MAC is a host's hardware address; that of an unknown name is no port's.
func MAC(name string) sniffer.MAC {
	if name == trace.Machine {
		return sniffer.MAC{2, 0xff}
	}
	addr, ok := Addresses[name]
	if !ok {
		addr, ok = routedAddresses[name]
	}
	if !ok {
		return sniffer.MAC{2, 0xee}
	}
	return sniffer.MAC{2, 0, 0, addr.As4()[2], 0, addr.As4()[3]}
}

// Addr is a host's address, or the address that the name is.
func Addr(name string) netip.Addr {
	if a, ok := Addresses[name]; ok {
		return a
	}
	if a, ok := routedAddresses[name]; ok {
		return a
	}
	return netip.MustParseAddr(name)
}

// Barrier lets every host set a marker.
func (w *Wire) Barrier(label string) { w.Mark(label, w.hosts...) }

// Mark lets some hosts set a marker.
func (w *Wire) Mark(label string, hosts ...string) {
	for _, h := range hosts {
		w.UDP(h, "*", 9, trace.MarkerPort, string(trace.Marker{Label: label, Host: h, Counted: w.Counts != nil, Sent: w.Counts[h]}.Payload()))
	}
}

// Slip lets a host set a marker while a datagram of its own leaves between counting
// and marking, and count again where recounts is set.
func (w *Wire) Slip(label, host string, recounts bool) {
	m := trace.Marker{Label: label, Host: host, Counted: true, Sent: w.Counts[host]}
	w.UDP(host, "server", 5, 7777, "slipped")
	w.UDP(host, "*", 9, trace.MarkerPort, string(m.Payload()))
	if recounts {
		m.Sent, m.Recount = w.Counts[host], true
		w.UDP(host, "*", 9, trace.MarkerPort, string(m.Payload()))
	}
}

// Count makes markers say how many frames their hosts have sent.
func (w *Wire) Count() { w.Counts = map[string]uint64{} }

// Lose lets a host send frames that are not captured.
func (w *Wire) Lose(host string, frames uint64) { w.Counts[host] += frames }

// Ask sends an ARP request: a broadcast, or to one host.
func (w *Wire) Ask(from, target string, to string) { w.arp(1, from, target, to) }

// AskWith sends an ARP request to one host, with a target's hardware address and bytes
// behind it.
func (w *Wire) AskWith(from, target, to string, mac sniffer.MAC, behind []byte) {
	w.Frame(from, to, sniffer.EtherTypeARP, append(arp(1, MAC(from), mac, from, target), behind...))
}

// Tell sends an ARP reply of a host to another.
func (w *Wire) Tell(from, to string) { w.arp(2, from, to, to) }

func (w *Wire) arp(operation byte, from, target, to string) {
	w.Frame(from, to, sniffer.EtherTypeARP, arp(operation, MAC(w.sender(from)), sniffer.MAC{}, from, target))
}

func arp(operation byte, sender, target sniffer.MAC, from, to string) []byte {
	b := []byte{0, 1, 8, 0, 6, 4, 0, operation}
	b = append(b, sender[:]...)
	b = append(b, Addr(from).AsSlice()...)
	b = append(b, target[:]...)
	return append(b, Addr(to).AsSlice()...)
}

// Echo sends an ICMP echo request (8) or reply (0) of sequence number 1.
func (w *Wire) Echo(from, to string, kind byte) {
	if w.V6 {
		w.ip6(from, to, 58, 0, false, []byte{128 + (8-kind)/8, 0, 0, 0, 0, 7, 0, 1}) // RFC 4443, section 4
		return
	}
	w.IP(from, to, 1, 0, []byte{kind, 0, 0, 0, 0, 7, 0, 1})
}

// Ping is a request and its reply.
func (w *Wire) Ping(from, to string) {
	w.Echo(from, to, 8)
	w.Echo(to, from, 0)
}

// UDP sends a datagram.
func (w *Wire) UDP(from, to string, src, dst uint16, payload string) {
	w.IP(from, to, 17, 0, Datagram(src, dst, payload))
}

// Datagram is a UDP header and payload.
func Datagram(src, dst uint16, payload string) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// TCP sends a segment. Client1's and client2's port is 40000, the server's
// 7000.
func (w *Wire) TCP(from, to string, flags sniffer.TCPFlags, seq, ack uint32, payload string) {
	src, dst := uint16(40000), uint16(7000)
	if from == "server" {
		src, dst = dst, src
	}
	w.Segment(from, to, src, dst, flags, seq, ack, payload)
}

// Segment sends a segment between any two ports.
func (w *Wire) Segment(from, to string, src, dst uint16, flags sniffer.TCPFlags, seq, ack uint32, payload string) {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte(5+len(w.Options)/4)<<4, byte(flags), 0x10, 0, 0, 0, 0, 0)
	b = append(b, w.Options...)
	w.IP(from, to, 6, 0, append(b, payload...))
}

// Fragments sends a datagram's payload in parts of size bytes (a multiple of
// 8), the last of them first where reversed.
func (w *Wire) Fragments(from, to string, protocol byte, payload []byte, size int, reversed bool) {
	var parts []func()
	for offset := 0; offset < len(payload); offset += size {
		end := min(offset+size, len(payload))
		field := uint16(offset / 8)
		if end < len(payload) {
			field |= 0x2000
		}
		parts = append(parts, func() { w.IP(from, to, protocol, field, payload[offset:end]) })
	}
	for i := range parts {
		if reversed {
			i = len(parts) - 1 - i
		}
		parts[i]()
	}
}

// IP sends a datagram of IP or a fragment; to "*" is a broadcast.
func (w *Wire) IP(from, to string, protocol byte, fragment uint16, payload []byte) {
	if w.V6 {
		w.ip6(from, to, protocol, fragment&0x1fff*8, fragment&0x2000 != 0, payload)
		return
	}
	dst := netip.MustParseAddr("10.0.0.255")
	if to != "*" {
		dst = Addr(to)
	}
	b := []byte{0x45, w.Class}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(payload)))
	b = append(b, 0, 7)
	b = binary.BigEndian.AppendUint16(b, fragment)
	b = append(b, cmp.Or(w.TTL, 64), protocol, 0, 0)
	b = append(b, Addr(from).AsSlice()...)
	b = append(b, dst.AsSlice()...)
	w.Frame(from, to, sniffer.EtherTypeIPv4, append(b, payload...))
}

func (w *Wire) sender(from string) string {
	if w.As != "" {
		return w.As
	}
	return from
}

// Frame sends any frame.
func (w *Wire) Frame(from, to string, etherType uint16, payload []byte) {
	w.t.Helper()
	dst := sniffer.Broadcast
	switch {
	case w.group != (sniffer.MAC{}):
		dst = w.group
	case w.To != "":
		dst = MAC(w.To)
	case to != "*":
		dst = MAC(to)
	}
	src := MAC(w.sender(from))
	if w.Counts != nil {
		w.Counts[from]++
	}
	b := append(append([]byte{}, dst[:]...), src[:]...)
	if w.VLAN != 0 {
		b = binary.BigEndian.AppendUint16(b, sniffer.EtherTypeVLAN)
		b = binary.BigEndian.AppendUint16(b, w.VLAN)
	}
	b = append(binary.BigEndian.AppendUint16(b, etherType), payload...)
	b = append(b, w.Trailer...)
	at := time.Unix(1000, int64(w.Len()+1)*1e6)
	_, err := w.Add(sniffer.Frame{Time: at, Interface: w.On, Data: b, Length: max(len(b), w.Length), LinkType: sniffer.LinkEthernet})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Impair lets a rule, as a script has it, act on the frame that was last sent.
func (w *Wire) Impair(rule string) {
	w.t.Helper()
	w.impair(rule, true)
}

// ImpairNone tells of a rule that has not acted.
func (w *Wire) ImpairNone(rule string) {
	w.t.Helper()
	w.impair(rule, false)
}

func (w *Wire) impair(text string, acts bool) {
	w.t.Helper()
	r, err := fault.Parse(strings.Fields(text))
	if err != nil {
		w.t.Fatal(err)
	}
	s := fault.Status{Rule: r}
	for _, i := range w.Impairments() {
		if i.Rule.Name == r.Name {
			s = i.Status
		}
	}
	report := fault.Report{}
	if acts {
		s.Acted++
		last := w.Packet(w.Len())
		report.Acts = []fault.Act{{Rule: r.Name, From: last.SrcMAC, Frame: fault.SumOf(last.Data), Time: last.Time, Lost: r.Kind == fault.Drop}}
	}
	report.Rules = []fault.Status{s}
	w.Learn(report)
}
