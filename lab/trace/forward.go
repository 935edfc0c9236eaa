package trace

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"slices"
	"sort"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// handed is what routers were handed: a frame that leaves a router's port with another's
// address is forwarded only if it was, on another segment. Any other the router has made up.
type handed struct {
	seed    maphash.Seed
	whole   map[sighting]int     // the number of the first packet with these bytes of the network layer
	parts   map[parcel][]handing // what may be in fragments behind the router, or was ahead of it
	modes   map[int][]mode       // of each segment, in order
	corrupt int                  // faults whose bytes are in whole
	looks   int                  // into parts so far
}

func newHanded() handed {
	return handed{seed: maphash.MakeSeed(), whole: map[sighting]int{}, parts: map[parcel][]handing{}, modes: map[int][]mode{}}
}

// handing is a frame that goes to a router's port, and where in its datagram's payload its
// bytes begin and end.
type handing struct {
	number, segment, from, to int
	last                      bool // no bytes of the datagram's are behind them
}

// sighting is that a datagram was on a segment.
type sighting struct {
	sum     uint64
	segment int
}

// parcel tells the fragments of a datagram that a router was handed.
type parcel struct {
	router   string
	src, dst netip.Addr
	protocol uint8
	id       uint32
}

// mode is that a segment becomes a switch, or a hub again.
type mode struct {
	number int
	hides  bool
}

// datagramOf is what the network layer of a packet has, without padding; nil where it has
// no IP.
func datagramOf(p *sniffer.Packet) []byte {
	if !p.Has(sniffer.IPv4) && !p.Has(sniffer.IPv6) {
		return nil
	}
	b := p.Data[p.NetworkOffset:]
	header, size := 40, 40+int(binary.BigEndian.Uint16(b[4:]))
	if p.Has(sniffer.IPv4) {
		header, size = 20, int(binary.BigEndian.Uint16(b[2:]))
	}
	if size == 0 || header == 40 && size == 40 { // a jumbogram, or what offloading made
		return b
	}
	return b[:min(max(size, header), len(b))] // whatever a malformed one states
}

// extended reports whether a frame has something besides padding behind its datagram, which
// is never forwarded: who has sent the frame has put it there.
func extended(p *sniffer.Packet) bool {
	behind := p.Data[p.NetworkOffset+len(datagramOf(p)):]
	return len(bytes.TrimLeft(behind, "\x00")) > 0
}

// sumOf tells datagrams that a router is handed, or has forwarded, from others. What it
// changes is left out: the class of traffic (RFC 2474; RFC 3168), the TTL, the checksum and
// the options of IPv4, in which it may write its address or the time (RFC 1812, sections
// 5.2.1 and 5.2.4), the hop limit of IPv6.
func (h *handed) sumOf(router string, p *sniffer.Packet) uint64 {
	b := datagramOf(p)
	var sum maphash.Hash
	sum.SetSeed(h.seed)
	// A hash takes everything.
	_, _ = sum.WriteString(router)
	if p.Has(sniffer.IPv4) {
		_, _ = sum.Write(b[2:8])
		_ = sum.WriteByte(b[9])
		_, _ = sum.Write(b[12:20])
		_, _ = sum.Write(b[min(4*int(b[0]&15), len(b)):])
	} else {
		_ = sum.WriteByte(b[1] & 15) // with the flow label
		_, _ = sum.Write(b[2:7])
		_, _ = sum.Write(b[8:])
	}
	return sum.Sum64()
}

// mayForward is whether frames to a port may be forwarded, and by which router.
func (r *Recording) mayForward(p *sniffer.Packet) (router string, ok bool) {
	if !r.Hosts.Several() || len(r.Hosts.Routers) == 0 {
		return "", false
	}
	router = r.Hosts.port(p.DstMAC, p)
	return router, slices.Contains(r.Hosts.Routers, router)
}

// hand notes a frame that goes to a router, and what a tunnel in it carries.
func (r *Recording) hand(p *sniffer.Packet) {
	router, ok := r.mayForward(p)
	if !ok {
		return
	}
	segment := r.Hosts.segment(p)
	for q := p; q != nil; q = q.Inner {
		b := datagramOf(q)
		if b == nil {
			continue
		}
		r.index.handed.add(sighting{r.index.handed.sumOf(router, q), segment}, p.Number)
		if q == p && (q.Fragment || q.Has(sniffer.IPv4) && b[6]&0x40 == 0) { // without "don't fragment"
			key := parcelOf(router, q)
			from, data := carried(q)
			r.index.handed.parts[key] = append(r.index.handed.parts[key], handing{p.Number, segment, from, from + len(data), !q.MoreFragments})
		}
	}
}

func (h *handed) add(one sighting, number int) {
	if first, known := h.whole[one]; !known || number < first {
		h.whole[one] = number
	}
}

func parcelOf(router string, p *sniffer.Packet) parcel {
	id := p.FragmentID
	if p.Has(sniffer.IPv4) {
		id = uint32(binary.BigEndian.Uint16(p.Data[p.NetworkOffset+4:]))
	}
	return parcel{router, p.Src, p.Dst, p.Protocol, id}
}

// forwarded reports whether a router may have forwarded a packet that it has sent: it was
// handed it before on another segment, whole or in other fragments, or with the byte that
// an impairment has changed. Where another segment was a switch, nobody can tell.
func (r *Recording) forwarded(p *sniffer.Packet, router string) bool {
	h := &r.index.handed
	segment := r.Hosts.segment(p)
	if h.hidden(p.Number, segment) {
		return true
	}
	if datagramOf(p) == nil || extended(p) {
		return false
	}
	r.handCorrupted()
	sum := h.sumOf(router, p)
	for other := range r.Hosts.Segments {
		if first, ok := h.whole[sighting{sum, other}]; ok && other != segment && first < p.Number {
			return true
		}
	}
	return r.cutAgain(p, router, segment)
}

// hidden reports whether a segment besides one was a switch when a packet came.
func (h *handed) hidden(number, besides int) bool {
	for segment, modes := range h.modes {
		i := sort.Search(len(modes), func(i int) bool { return modes[i].number >= number })
		if segment != besides && i > 0 && modes[i-1].hides {
			return true
		}
	}
	return false
}

// maxLooks bounds the looks into what routers were handed, of which one at a frame's bytes
// counts as many as it takes the time of. It is far beyond what a lab's own hosts send;
// somebody may send any number of fragments of one datagram.
const (
	maxLooks = 1 << 28
	byteLook = 1 << 10
)

// cutAgain reports whether every byte of a packet was in a fragment, or a datagram, that the
// router was handed on another segment.
func (r *Recording) cutAgain(p *sniffer.Packet, router string, segment int) bool {
	parts := r.index.handed.parts[parcelOf(router, p)]
	if len(parts) == 0 {
		return false
	}
	begin, data := carried(p)
	for at, end := begin, begin+len(data); at < end; {
		next := at
		for _, one := range parts {
			if one.number >= p.Number {
				break
			}
			r.index.handed.looks++
			if one.segment == segment || one.from > at || one.to <= at || !one.ends(p, end) {
				continue
			}
			if r.index.handed.looks += byteLook; r.index.handed.looks > maxLooks {
				r.gap = i18n.Msg("claim.parts")
				return true
			}
			from, part := carried(r.Packet(one.number))
			to := min(end, from+len(part))
			if bytes.Equal(part[at-from:to-from], data[at-begin:to-begin]) {
				next = to
				break
			}
		}
		if next == at {
			return false
		}
		at = next
	}
	return len(data) > 0
}

// ends reports whether a packet whose bytes end at an offset may end there, if it has those
// of h: as the last of its datagram, or not.
func (h handing) ends(p *sniffer.Packet, end int) bool {
	return h.to < end || p.Truncated() || p.MoreFragments == (h.to > end || !h.last)
}

// carried is what a packet has of its datagram's payload, and where that belongs.
func carried(p *sniffer.Packet) (offset int, data []byte) {
	if p.Fragment {
		return p.FragmentOffset, p.FragmentData()
	}
	b := datagramOf(p)
	size := 40
	if p.Has(sniffer.IPv4) {
		size = 4 * int(b[0]&15)
	}
	return 0, b[min(size, len(b)):]
}

// handCorrupted notes what routers were handed that an impairment had corrupted behind the
// sniffer.
func (r *Recording) handCorrupted() {
	h := &r.index.handed
	if h.corrupt == r.faults.corrupted {
		return
	}
	h.corrupt = r.faults.corrupted
	for number, faults := range r.faults.byPacket {
		for _, f := range faults {
			i := r.impairment(f.Rule)
			if f.Word != Corrupted || i < 0 || !slices.Contains(r.Hosts.Routers, f.To) {
				continue
			}
			p := r.Packet(number)
			b, ok := r.faults.impairments[i].Rule.Corrupted(p.Data)
			if !ok {
				continue
			}
			changed := sniffer.Packet{Frame: p.Frame}
			changed.Data = b
			changed.Decode()
			if datagramOf(&changed) != nil {
				h.add(sighting{h.sumOf(f.To, &changed), r.Hosts.segment(p)}, number)
			}
		}
	}
}
