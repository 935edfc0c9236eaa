package trace

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"wirelab/sniffer"
	"wirelab/sniffer/stream"
)

// maxInside bounds what is put together of tunnels, in bytes: conversations, which keep rows
// alone, know nothing of it.
const maxInside = 64 << 20

// What a segment or a fragment takes beside its bytes, and a stream or a datagram beside
// those, about.
const (
	insideSize = 160
	insideKey  = 1 << 10
)

// maxTunnel bounds the tunnels inside one another, by the length of what tells them. It is
// far beyond what Packet decodes, but for 802.2 SNAP, of which any number may be in a frame.
const maxTunnel = 4 << 10

// inside is what fragments of IP, and TCP in tunnels, have cut: a text may stand across
// their ends, and in no frame.
type inside struct {
	datagrams []assembled
	streams   []*innerStream
	doubts    []doubt
	full      int // the first packet for which there was no more room, 0 for none

	held   int
	open   map[string]*innerStream
	parts  map[string]*innerParts
	wholes map[string][]byte // the datagrams in tunnels that were last put together
}

// doubt is packets of whose bytes a receiver may have made something else than find looks
// at: they cannot be read, for the reason that err is, or do not fit to others.
type doubt struct {
	numbers []int
	err     error
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

// innerStream is all that one port sends to another by TCP in a tunnel. A connection that
// follows another is not told from it: a SYN that the receiver does not heed would cut a
// text.
type innerStream struct {
	numbers  stream.Numbers
	segments []stream.Segment
	packets  [][]int // of segments
}

// innerParts are the fragments of a datagram in a tunnel.
type innerParts struct {
	stream.Fragments
	numbers []int
	data    map[int]part
}

// part is what a fragment has of a datagram.
type part struct {
	data []byte
	more bool // others follow
}

// of reports whether a datagram has a part in its place.
func (p part) of(whole []byte, offset int) bool {
	end := offset + len(p.data)
	return end <= len(whole) && p.more == (end < len(whole)) && bytes.Equal(whole[offset:end], p.data)
}

// inside puts together what is cut in tunnels, and every datagram that is in fragments.
func (r *Recording) inside() *inside {
	x := &inside{open: map[string]*innerStream{}, parts: map[string]*innerParts{}, wholes: map[string][]byte{}}
	seen := map[int]bool{} // datagrams, by the number of the first part
	whole, torn := map[fragmentKey]*datagram{}, map[fragmentKey][]*datagram{}
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
		d, p := r.datagram(first), r.Packet(first)
		switch key := r.fragmentKey(p); {
		case d.parts == nil: // it is one of those of which the first has not come
			continue
		case !d.complete:
			torn[key] = append(torn[key], d)
			continue
		default:
			whole[key] = d
		}
		data := d.whole()
		if data == nil {
			continue // it cannot be read any more, which Damage says
		}
		x.compare(d, data)
		x.datagrams = append(x.datagrams, assembled{numbers: d.sorted(), datagram: d})
		// Its own TCP is a conversation's.
		q := assemble(p, data)
		x.visit(behind(q), d.sorted(), levelOf(q, r.Hosts.segment(p)))
	}
	for key, all := range torn {
		var data []byte
		if d := whole[key]; d != nil {
			data = d.whole()
		}
		for _, d := range all {
			x.compare(d, data)
		}
	}
	for key, f := range x.parts {
		for offset, one := range f.data {
			if !one.of(x.wholes[key], offset) {
				x.doubt(f.numbers, nil)
				break
			}
		}
	}
	slices.SortFunc(x.doubts, func(a, b doubt) int { return cmp.Compare(a.numbers[0], b.numbers[0]) })
	return x
}

// compare doubts a datagram of which not every fragment is a part of what is put together:
// of itself, or, where not all of it has come, of the one of which it has copies.
func (x *inside) compare(d *datagram, whole []byte) {
	for _, n := range d.numbers {
		p := d.recording.Packet(n)
		if !(part{p.FragmentData(), p.MoreFragments}).of(whole, p.FragmentOffset) {
			x.doubt(d.sorted(), nil)
			return
		}
	}
}

func (x *inside) doubt(numbers []int, err error) {
	x.doubts = append(x.doubts, doubt{numbers, err})
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

// BehindSNAP returns the EtherType in the 802.2 SNAP header of an 802.3 frame (RFC 1042),
// and the bytes after that header. It reports false for any other frame.
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
		case p.Fragment: // it need not have all of a header
			x.fragment(p, numbers, tunnel)
		case p.Err != nil:
			x.doubt(numbers, p.Err)
		case len(tunnel) > maxTunnel:
			x.doubt(numbers, errTunnels)
			return
		case p.Has(sniffer.TCP):
			x.segment(p, numbers, tunnel)
		}
		tunnel += levelOf(p, 0)
	}
}

var errTunnels = errors.New("too many tunnels inside one another")

// take reports whether there is room for so many bytes.
func (x *inside) take(size int, numbers []int) bool {
	if x.held += size; x.held > maxInside {
		x.full = slices.Max(numbers)
	}
	return x.full == 0
}

func (x *inside) segment(p *sniffer.Packet, numbers []int, tunnel string) {
	if len(p.Payload) == 0 || !x.take(insideSize+len(p.Payload), numbers) {
		return
	}
	key := fmt.Sprint(tunnel, p.Src, p.Dst, p.SrcPort, p.DstPort)
	s := x.open[key]
	if s == nil {
		if !x.take(insideKey+len(key), numbers) {
			return
		}
		s = &innerStream{}
		x.open[key] = s
		x.streams = append(x.streams, s)
	}
	seq := p.Seq
	if p.Flags&sniffer.SYN != 0 {
		seq++
	}
	s.segments = append(s.segments, stream.Segment{Offset: s.numbers.Offset(seq), Data: bytes.Clone(p.Payload)})
	s.packets = append(s.packets, numbers)
}

func (x *inside) fragment(p *sniffer.Packet, numbers []int, tunnel string) {
	one := part{bytes.Clone(p.FragmentData()), p.MoreFragments}
	if !x.take(insideSize+len(one.data), numbers) {
		return
	}
	key := fmt.Sprint(tunnel, p.Src, p.Dst, p.Protocol, p.FragmentID)
	f := x.parts[key]
	if f == nil {
		if !x.take(insideKey+len(key), numbers) {
			return
		}
		f = &innerParts{data: map[int]part{}}
		x.parts[key] = f
	}
	f.numbers = append(f.numbers, numbers...)
	if had, again := f.data[p.FragmentOffset]; again {
		if one.more != had.more || !bytes.Equal(one.data, had.data) {
			x.doubt(numbers, nil)
		}
		return
	}
	f.data[p.FragmentOffset] = one
	if data := f.Add(p.FragmentOffset, one.data, one.more); data != nil {
		delete(x.parts, key)
		x.wholes[key] = data
		slices.Sort(f.numbers)
		packets := slices.Compact(f.numbers)
		x.datagrams = append(x.datagrams, assembled{numbers: packets, data: data})
		x.visit(assemble(p, data), packets, tunnel)
	}
}

// assemble makes a datagram in one piece, of which p is a fragment.
func assemble(p *sniffer.Packet, data []byte) *sniffer.Packet {
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

// find calls found with the packets that carry a text, once for all places that have the
// same.
func (x *inside) find(text string, found func(packets []int)) {
	for _, d := range x.datagrams {
		if bytes.Contains(d.bytes(), []byte(text)) {
			found(d.numbers)
		}
	}
	for _, s := range x.streams {
		for _, pieces := range stream.Join(s.segments) {
			data, ends := joined(pieces)
			for at := 0; ; {
				i := bytes.Index(data[at:], []byte(text))
				if i < 0 {
					break
				}
				at += i
				first, _ := slices.BinarySearch(ends, at+1)
				last, _ := slices.BinarySearch(ends, at+len(text))
				found(s.packetsOf(pieces[first : last+1]))
				at = min(ends[first], ends[last]-len(text)+1)
			}
		}
	}
}

// joined are the bytes of a run, and where in them each piece ends.
func joined(run stream.Run) (data []byte, ends []int) {
	for _, p := range run {
		data = append(data, p.Data...)
		ends = append(ends, len(data))
	}
	return data, ends
}

// packetsOf are the packets that carry pieces.
func (s *innerStream) packetsOf(pieces []stream.Piece) (packets []int) {
	for _, p := range pieces {
		packets = append(packets, s.packets[p.Segment]...)
	}
	slices.Sort(packets)
	return slices.Compact(packets)
}

// disputed returns what is doubted.
func (x *inside) disputed() []doubt {
	all := slices.Clone(x.doubts)
	for _, s := range x.streams {
		runs := stream.Join(s.segments)
		scattered := scattered(runs)
		data := make([][]byte, len(runs))
		for i := range runs {
			data[i], _ = joined(runs[i])
		}
		for i, one := range s.segments {
			run := runOf(runs, one)
			from := one.Offset - runs[run][0].Offset
			if scattered || !bytes.Equal(data[run][from:from+int64(len(one.Data))], one.Data) {
				all = append(all, doubt{s.packets[i], nil})
			}
		}
	}
	return all
}

// runOf is the index of the run that has a segment.
func runOf(runs []stream.Run, s stream.Segment) int {
	return sort.Search(len(runs), func(i int) bool { return runs[i][0].Offset > s.Offset }) - 1
}

// scattered reports whether the sequence numbers of a stream with gaps do not tell where its
// segments belong: by some that no receiver takes, others may seem to be a turn of all
// numbers apart.
func scattered(runs []stream.Run) bool {
	return len(runs) > 1 && runs[len(runs)-1][0].Offset-runs[0][0].Offset >= 1<<31
}
