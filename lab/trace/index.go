package trace

import (
	"net/netip"

	"wirelab/sniffer"
)

// index is what claims ask of a recording, found while frames arrive.
type index struct {
	conversations []*conversation // in the order of their first packets
	open          map[flowKey]*conversation
	messages      []int                     // what is neither TCP nor UDP, in order: numbers of the datagrams' packets; 0 where one has moved
	fragments     map[fragmentKey]*datagram // not yet complete
	parted        map[int]*datagram         // those of fragments, by the number of the packet with the transport header
	markers       map[string][]int          // packet numbers, by the label that they claim
	set           map[setter][]int          // the first marker of each that sets a barrier, and all of the lab's own
	counted       bool                      // a marker says how many frames its host has sent
	modes         []int                     // packet numbers of markers of the segment's mode
	transits      []int                     // and of those that routers are waited for with
	asked         map[uint64][2]asked       // the last two requests of an echo, by echoOf
	handed        handed                    // to routers
	first         map[int]int               // the first part of a datagram, by the number of a later fragment
}

func newIndex() index {
	return index{open: map[flowKey]*conversation{}, fragments: map[fragmentKey]*datagram{}, parted: map[int]*datagram{}, handed: newHanded(), markers: map[string][]int{}, set: map[setter][]int{}, first: map[int]int{}, asked: map[uint64][2]asked{}}
}

// setter is who sends markers of a label in a host's name.
type setter struct {
	label, host string
	mac         sniffer.MAC
	addr        netip.Addr
	segment     int
}

func (r *Recording) setterOf(p *sniffer.Packet, m Marker) setter {
	return setter{m.Label, m.Host, p.SrcMAC, p.Src, r.Hosts.segment(p)}
}

// flowKey is a protocol with the addresses and ports of both ends, on one segment:
// what a router forwards is another packet there.
type flowKey struct {
	protocol sniffer.Layers
	segment  int
	a, b     end
}

// end is one end of a conversation. Where ports are known it has the port's
// address: who sends with another's IP address does not join its conversation.
type end struct {
	netip.AddrPort
	port sniffer.MAC
}

func (k flowKey) reversed() flowKey { return flowKey{k.protocol, k.segment, k.b, k.a} }

func (r *Recording) flowOf(p *sniffer.Packet) flowKey {
	k := flowKey{p.Layers & (sniffer.TCP | sniffer.UDP), r.Hosts.segment(p), end{AddrPort: netip.AddrPortFrom(p.Src, p.SrcPort)}, end{AddrPort: netip.AddrPortFrom(p.Dst, p.DstPort)}}
	if r.Hosts.ByPort() {
		k.a.port, k.b.port = p.SrcMAC, p.DstMAC
	}
	return k
}

// add finds a packet's place. It is called once for each, in order.
func (x *index) add(r *Recording, p *sniffer.Packet) {
	if m, ok := MarkerOf(p); ok {
		x.markers[m.Label] = append(x.markers[m.Label], p.Number)
		r.learnPlace(p, m)
		x.counted = x.counted || m.Counted
		if key := r.setterOf(p, m); !m.Recount && (x.set[key] == nil || ReservedLabel(m.Label)) {
			x.set[key] = append(x.set[key], p.Number)
		}
		if (m.Label == LearnLabel || m.Label == FloodLabel) && !m.Recount {
			x.modes = append(x.modes, p.Number)
			if _, own := r.Marker(p); own {
				on := r.Hosts.segment(p)
				x.handed.modes[on] = append(x.handed.modes[on], mode{p.Number, m.Label == LearnLabel})
			}
		}
		if m.Label == TransitLabel && !m.Recount {
			x.transits = append(x.transits, p.Number)
		}
	}
	x.echo(r, p, p.Payload, p.Fragment)
	r.hand(p)
	if !p.Fragment || x.fragment(r, p) {
		x.place(r, p)
	}
}

// place puts a datagram into its conversation, or among the messages. Of a
// fragmented one it is called when its first part has come.
func (x *index) place(r *Recording, p *sniffer.Packet) {
	if !p.Has(sniffer.TCP) && !p.Has(sniffer.UDP) {
		x.messages = append(x.messages, p.Number)
		return
	}
	class := r.class(p.Number)
	c, side := class.conversation, class.side
	if class.odd {
		c = nil
	}
	if c == nil || c.over {
		key := r.flowOf(p)
		if c = x.open[key]; c == nil {
			c = x.open[key.reversed()]
		}
		if c != nil {
			side = c.side(p)
		}
	}
	if c == nil || c.reopenedBy(p, side) {
		if !r.room(len(x.conversations)) {
			return
		}
		if c != nil {
			c.over = true
		}
		key := r.flowOf(p)
		c, side = &conversation{recording: r, key: key, number: len(x.conversations) + 1}, 0
		delete(x.open, key.reversed())
		x.open[key] = c
		x.conversations = append(x.conversations, c)
	}
	class.conversation, class.side = c, side
	c.add(p, side)
}

// fragmentKey tells the fragments of one datagram (RFC 791, section 3.2;
// RFC 8200, section 4.5), from one port of the segment.
type fragmentKey struct {
	mac      sniffer.MAC
	src, dst netip.Addr
	protocol uint8
	id       uint32
	segment  int
}

func (r *Recording) fragmentKey(p *sniffer.Packet) fragmentKey {
	return fragmentKey{p.SrcMAC, p.Src, p.Dst, p.Protocol, p.FragmentID, r.Hosts.segment(p)}
}

// fragment adds a fragment to its datagram and reports whether that has to be
// placed. Without its first part nobody knows its ports: until that comes, if
// it does, it is a message.
func (x *index) fragment(r *Recording, p *sniffer.Packet) (place bool) {
	key := r.fragmentKey(p)
	d := x.fragments[key]
	begins := p.FragmentOffset == 0
	if d == nil || begins && d.parts.begun { // the number is used again
		if !r.room(len(x.parted)) {
			return false
		}
		d = &datagram{recording: r, parts: &parts{message: len(x.messages)}}
		x.fragments[key] = d
		place = true
	}
	d.add(p)
	if begins {
		d.parts.begun = true
		if !place { // it was a message as long as its ports were not known
			x.messages[d.parts.message] = 0
			delete(x.parted, d.numbers[0])
			place = true
		}
		last := len(d.numbers) - 1
		d.numbers[0], d.numbers[last] = d.numbers[last], d.numbers[0]
	}
	x.parted[d.numbers[0]] = d
	switch {
	case begins:
		for _, n := range d.numbers[1:] {
			x.first[n] = p.Number
		}
	case d.parts.begun:
		x.first[p.Number] = d.numbers[0]
	}
	if d.complete {
		delete(x.fragments, key)
		if numbered(p, "icmp") {
			x.echo(r, d.packet(), d.payload(), false)
		}
	}
	return place
}
