package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"wirelab/sniffer"
	"wirelab/sniffer/stream"
)

// maxInside bounds what is put together of tunnels, in bytes: conversations, which keep rows
// alone, know nothing of it.
const maxInside = 64 << 20

// insideSize is what a segment or a fragment takes beside its bytes, about.
const insideSize = 160

// inside is what fragments of IP, and TCP in tunnels, have cut: a text may stand across
// their ends, and in no frame.
type inside struct {
	datagrams []assembled
	streams   []*innerStream
	torn      []int // a packet of each datagram of which parts are missing or do not fit
	full      int   // the first packet for which there was no more room, 0 for none

	held  int
	open  map[string]*innerStream
	parts map[string]*innerParts
}

// assembled is a datagram that is put together, without the headers of IP.
type assembled struct {
	numbers  []int     // of the packets that carry it
	datagram *datagram // whose bytes are read again; nil of one in a tunnel
	data     []byte
}

func (a assembled) bytes() []byte {
	if a.datagram != nil {
		return a.datagram.whole()
	}
	return a.data
}

// innerStream is one side of a TCP connection in a tunnel.
type innerStream struct {
	numbers  stream.Numbers
	begun    bool
	syn      uint32
	segments []stream.Segment
	packets  [][]int // of segments
}

// innerParts are the fragments of a datagram in a tunnel.
type innerParts struct {
	stream.Fragments
	numbers []int
	data    map[int][]byte
}

// inside puts together what is cut in tunnels, and every datagram that is in fragments.
func (r *Recording) inside() *inside {
	x := &inside{open: map[string]*innerStream{}, parts: map[string]*innerParts{}}
	seen := map[int]bool{} // datagrams, by the number of the first part
	for n := 1; n <= r.Len() && x.full == 0; n++ {
		facts := r.row(n).facts
		if facts&wrapped != 0 {
			p := r.Packet(n)
			x.visit(behind(p), []int{n}, levelOf(p, r.Hosts.segment(p)))
		}
		if facts&fragment == 0 {
			continue
		}
		first := n
		if f := r.index.first[n]; f > 0 {
			first = f
		}
		if seen[first] {
			continue
		}
		seen[first] = true
		d := r.datagram(first)
		if !d.complete {
			continue
		}
		data := d.whole()
		if data == nil {
			continue // it cannot be read any more, which Damage says
		}
		numbers := d.sorted()
		x.datagrams = append(x.datagrams, assembled{numbers: numbers, datagram: d})
		// Its own TCP is a conversation's.
		p := r.Packet(first)
		q := whole(p, data)
		x.visit(behind(q), numbers, levelOf(q, r.Hosts.segment(p)))
	}
	for _, f := range x.parts {
		x.torn = append(x.torn, slices.Min(f.numbers))
	}
	slices.Sort(x.torn)
	return x
}

// behind is the frame that a packet carries, nil for none.
func behind(p *sniffer.Packet) *sniffer.Packet {
	if p.Inner != nil {
		return p.Inner
	}
	etherType, data, ok := BehindSNAP(p)
	links := map[uint16]sniffer.LinkType{sniffer.EtherTypeIPv4: sniffer.LinkIPv4, sniffer.EtherTypeIPv6: sniffer.LinkIPv6}
	link, known := links[etherType]
	if !ok || !known {
		return nil
	}
	inner := &sniffer.Packet{Frame: sniffer.Frame{Data: data, Length: len(data), LinkType: link}}
	inner.Decode()
	return inner
}

// most802 is the largest length that an 802.3 frame has in the place of an EtherType.
const most802 = 1500

// BehindSNAP returns the EtherType that the 802.2 SNAP header of an 802.3 frame has (RFC
// 1042), and what stands behind it. It reports false for any other frame.
func BehindSNAP(p *sniffer.Packet) (etherType uint16, data []byte, ok bool) {
	if !p.Has(sniffer.Ethernet) || p.EtherType > most802 {
		return 0, nil, false
	}
	rest, ok := bytes.CutPrefix(p.Data[p.NetworkOffset:], []byte{0xaa, 0xaa, 3, 0, 0, 0})
	if !ok || len(rest) < 2 {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(rest), rest[2:], true
}

// levelOf tells the tunnels of which a packet may be. The port from which VXLAN is sent is
// none of it: it may be another for fragments.
func levelOf(p *sniffer.Packet, segment int) string {
	network := []byte(nil)
	switch {
	case p.Has(sniffer.GRE):
		key, _ := p.GREKey()
		network = binary.BigEndian.AppendUint32(nil, key)
	case (p.Has(sniffer.VXLAN) || p.Has(sniffer.Geneve)) && len(p.Payload) >= 7:
		network = p.Payload[4:7]
	}
	return fmt.Sprint(segment, p.SrcMAC, p.DstMAC, p.VLANID, p.Src, p.Dst, p.Protocol, p.DstPort, network, ";")
}

// visit takes what a packet in a tunnel has, and the packets inside it.
func (x *inside) visit(p *sniffer.Packet, numbers []int, tunnel string) {
	for ; p != nil && x.full == 0; p = behind(p) {
		switch {
		case p.Fragment:
			x.fragment(p, numbers, tunnel)
		case p.Has(sniffer.TCP):
			x.segment(p, numbers, tunnel)
		}
		tunnel += levelOf(p, 0)
	}
}

// take reports whether there is room for so many bytes.
func (x *inside) take(size int, numbers []int) bool {
	if x.held += size + insideSize; x.held > maxInside {
		x.full = slices.Max(numbers)
	}
	return x.full == 0
}

func (x *inside) segment(p *sniffer.Packet, numbers []int, tunnel string) {
	key := fmt.Sprint(tunnel, p.Src, p.Dst, p.SrcPort, p.DstPort)
	s := x.open[key]
	syn := p.Flags&sniffer.SYN != 0
	if s == nil || syn && (!s.begun || s.syn != p.Seq) {
		s = &innerStream{begun: syn, syn: p.Seq}
		x.open[key] = s
		x.streams = append(x.streams, s)
	}
	if len(p.Payload) == 0 || !x.take(len(p.Payload), numbers) {
		return
	}
	seq := p.Seq
	if syn {
		seq++
	}
	s.segments = append(s.segments, stream.Segment{Offset: s.numbers.Offset(seq), Data: bytes.Clone(p.Payload)})
	s.packets = append(s.packets, numbers)
}

func (x *inside) fragment(p *sniffer.Packet, numbers []int, tunnel string) {
	data := p.FragmentData()
	if !x.take(len(data), numbers) {
		return
	}
	key := fmt.Sprint(tunnel, p.Src, p.Dst, p.Protocol, p.FragmentID)
	f := x.parts[key]
	if f == nil {
		f = &innerParts{data: map[int][]byte{}}
		x.parts[key] = f
	}
	f.numbers = append(f.numbers, numbers...)
	if had, again := f.data[p.FragmentOffset]; again {
		if !bytes.Equal(had, data) {
			x.torn = append(x.torn, slices.Max(numbers))
		}
		return
	}
	data = bytes.Clone(data)
	f.data[p.FragmentOffset] = data
	if data = f.Add(p.FragmentOffset, data, p.MoreFragments); data != nil {
		delete(x.parts, key)
		slices.Sort(f.numbers)
		packets := slices.Compact(f.numbers)
		x.datagrams = append(x.datagrams, assembled{numbers: packets, data: data})
		x.visit(whole(p, data), packets, tunnel)
	}
}

// whole is a datagram in one piece, of which p is a fragment.
func whole(p *sniffer.Packet, data []byte) *sniffer.Packet {
	q := &sniffer.Packet{Frame: sniffer.Frame{Data: headed(p, data), LinkType: sniffer.LinkIPv4}}
	if p.Has(sniffer.IPv6) {
		q.LinkType = sniffer.LinkIPv6
	}
	q.Length = len(q.Data)
	q.Decode()
	return q
}

// headed is a datagram in one piece, with the header of one of its fragments.
func headed(p *sniffer.Packet, data []byte) []byte {
	h := p.Data[p.NetworkOffset:]
	if p.Has(sniffer.IPv6) {
		b := bytes.Clone(h[:40])
		binary.BigEndian.PutUint16(b[4:], uint16(len(data)))
		b[6] = p.Protocol
		return append(b, data...)
	}
	b := bytes.Clone(h[:4*int(h[0]&15)])
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(data)))
	b[6], b[7] = 0, 0
	return append(b, data...)
}

// find calls found with the packets that carry a text, for each place where it stands.
func (x *inside) find(text string, found func(packets []int)) {
	for _, d := range x.datagrams {
		if bytes.Contains(d.bytes(), []byte(text)) {
			found(d.numbers)
		}
	}
	for _, s := range x.streams {
		for _, pieces := range stream.Join(s.segments) {
			data := joined(pieces)
			for at := 0; ; at++ {
				i := bytes.Index(data[at:], []byte(text))
				if i < 0 {
					break
				}
				at += i
				found(s.packetsOf(pieces, at, at+len(text)))
			}
		}
	}
}

// joined are the bytes of a run.
func joined(run stream.Run) (data []byte) {
	for _, p := range run {
		data = append(data, p.Data...)
	}
	return data
}

// packetsOf are the packets that carry the bytes of a run from begin to end.
func (s *innerStream) packetsOf(run stream.Run, begin, end int) (packets []int) {
	at := 0
	for _, p := range run {
		if at < end && at+len(p.Data) > begin {
			packets = append(packets, s.packets[p.Segment]...)
		}
		at += len(p.Data)
	}
	slices.Sort(packets)
	return slices.Compact(packets)
}

// disputed returns the packets with bytes of which a receiver may have made something else
// than find has looked at.
func (x *inside) disputed() []int {
	all := slices.Clone(x.torn)
	for _, s := range x.streams {
		for _, pieces := range stream.Join(s.segments) {
			data, begin := joined(pieces), pieces[0].Offset
			for i, one := range s.segments {
				from, to := one.Offset-begin, one.Offset-begin+int64(len(one.Data))
				if from >= 0 && to <= int64(len(data)) && !bytes.Equal(data[from:to], one.Data) {
					all = append(all, slices.Max(s.packets[i]))
				}
			}
		}
	}
	return all
}
