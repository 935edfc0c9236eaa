package trace

import (
	"iter"
	"net/netip"
	"time"

	"wirelab/sniffer"
)

// row is what is kept of a packet in memory. The packet itself is decoded again from its
// bytes where somebody asks for it.
type row struct {
	at           int64 // where the frame's bytes are
	seconds      int64 // of its time, since 1970
	nanos        uint32
	kept, length uint32 // bytes that were captured, and of the frame
	class        uint32
	seq, ack     uint32 // of TCP
	size         uint32 // bytes that TCP or UDP carries
	window       uint16 // of TCP
	flags        sniffer.TCPFlags
	facts        facts
}

// facts are what a row says of its packet besides.
type facts uint8

const (
	faulty   facts = 1 << iota // it was cut short, or could not be decoded whole
	fragment                   // of an IP datagram
	unasked                    // an echo reply, and no request for it came before
	wrapped                    // there is a frame inside it
)

func (r *row) time() time.Time { return time.Unix(r.seconds, int64(r.nanos)) }

// rowsSize is how many rows are allocated at once.
const rowsSize = 1 << 12

// class is all packets that have the same ends: whose they are, to whom they are and which
// protocol has them is found once for all.
type class struct {
	like sniffer.Packet // one of them, without its bytes, number and time

	// odd is a class of all packets of which more than that has to be known: what is not
	// whole TCP or UDP or an echo in IP, and is no marker.
	odd bool

	conversation *conversation // of the latest of them
	side         int           // of the conversation that sends them
}

// classKey tells classes.
type classKey struct {
	src, dst           netip.Addr
	ifi                int
	layers             sniffer.Layers
	srcPort, dstPort   uint16
	etherType, vlan    uint16
	link               sniffer.LinkType
	srcMAC, dstMAC     sniffer.MAC
	direction          sniffer.Direction
	protocol           uint8
	icmpType, icmpCode uint8
	odd                bool
}

func keyOfClass(p *sniffer.Packet) classKey {
	const ends = sniffer.TCP | sniffer.UDP
	odd := p.Err != nil || p.Truncated() || p.Fragment || p.Inner != nil || p.Layers&ends == 0 && !isEcho(p, sniffer.ICMPEchoRequest, sniffer.ICMPv6EchoRequest) && !isEcho(p, sniffer.ICMPEchoReply, sniffer.ICMPv6EchoReply)
	if odd || p.DstPort == MarkerPort && p.DstMAC.Multicast() {
		return oddKey(p)
	}
	return classKey{
		src: p.Src, dst: p.Dst, ifi: p.Interface, layers: p.Layers, srcPort: p.SrcPort, dstPort: p.DstPort, etherType: p.EtherType, vlan: p.VLANID,
		link: p.LinkType, srcMAC: p.SrcMAC, dstMAC: p.DstMAC, direction: p.Direction, protocol: p.Protocol, icmpType: p.ICMPType, icmpCode: p.ICMPCode,
	}
}

// oddKey is the key of an odd class.
func oddKey(p *sniffer.Packet) classKey {
	return classKey{odd: true, ifi: p.Interface, link: p.LinkType, direction: p.Direction}
}

// classOf finds a packet's class. Most packets have that of one of the two before.
func (r *Recording) classOf(p *sniffer.Packet) uint32 {
	key := keyOfClass(p)
	for i := range r.recent {
		if n := r.recent[i]; n.known && n.key == key {
			return n.class
		}
	}
	id, known := r.byKey[key]
	if !known && !key.odd && !r.room(len(r.classes)) {
		key = oddKey(p)
		id, known = r.byKey[key]
	}
	if !known {
		id = uint32(len(r.classes))
		r.byKey[key] = id
		like := *p
		like.Data, like.Payload, like.Inner, like.Err, like.Number = nil, nil, nil, nil, 0
		r.classes = append(r.classes, &class{like: like, odd: key.odd})
	}
	r.recent[0], r.recent[1] = r.recent[1], recent{key, id, true}
	return id
}

// recent is a class that was found lately.
type recent struct {
	key   classKey
	class uint32
	known bool
}

// keep makes the row of a packet that is decoded.
func (r *Recording) keep(p *sniffer.Packet, at int64) {
	if r.length%rowsSize == 0 {
		r.rows = append(r.rows, make([]row, rowsSize))
	}
	r.length++
	row := r.row(r.length)
	*row = row.of(p, at, r.classOf(p))
}

func (row) of(p *sniffer.Packet, at int64, class uint32) row {
	k := row{
		at: at, seconds: p.Time.Unix(), nanos: uint32(p.Time.Nanosecond()), kept: uint32(len(p.Data)), length: uint32(p.Length), class: class,
		seq: p.Seq, ack: p.Ack, window: p.Window, flags: p.Flags, size: uint32(len(p.Payload)),
	}
	if p.Err != nil || p.Truncated() {
		k.facts |= faulty
	}
	if p.Fragment {
		k.facts |= fragment
	}
	if _, _, snap := BehindSNAP(p); snap || p.Inner != nil {
		k.facts |= wrapped
	}
	return k
}

func (r *Recording) row(number int) *row {
	return &r.rows[(number-1)/rowsSize][(number-1)%rowsSize]
}

func (r *Recording) class(number int) *class { return r.classes[r.row(number).class] }

// Len returns how many packets the recording has. They are numbered from 1.
func (r *Recording) Len() int { return r.length }

// like returns a packet that has the ends of the one of a number: itself, or another of its
// class, without bytes.
func (r *Recording) like(number int) *sniffer.Packet {
	if c := r.class(number); !c.odd {
		return &c.like
	}
	return r.Packet(number)
}

// Packet returns the packet of a number from 1 to Len. Other calls may return the same
// pointer: do not change the packet. If its bytes cannot be read any more, it has none,
// and Damage says why.
func (r *Recording) Packet(number int) *sniffer.Packet {
	r.reading.Lock()
	defer r.reading.Unlock()
	if p := r.decoded[number%len(r.decoded)]; p != nil && p.Number == number {
		return p
	}
	p := &sniffer.Packet{Frame: r.frame(number), Number: number}
	p.Data = append([]byte{}, p.Data...)
	p.Decode()
	r.decoded[number%len(r.decoded)] = p
	return p
}

// Frame returns the frame of a number from 1 to Len. Its bytes are a copy.
func (r *Recording) Frame(number int) sniffer.Frame { return r.Packet(number).Clone().Frame }

// look calls do with the frame of a number, whose bytes are valid until do returns.
func (r *Recording) look(number int, do func(sniffer.Frame)) {
	r.reading.Lock()
	defer r.reading.Unlock()
	do(r.frame(number))
}

// frame reads a frame; r.reading is locked.
func (r *Recording) frame(number int) sniffer.Frame {
	row := r.row(number)
	like := &r.classes[row.class].like
	data, err := r.frames.read(row.at, int(row.kept))
	if err != nil && r.Damage == nil {
		r.Damage = err
	}
	return sniffer.Frame{Time: row.time(), Data: data, Length: int(row.length), Interface: like.Interface, Direction: like.Direction, LinkType: like.LinkType}
}

// Packets yields every packet in the order of the capture, as Packet returns it.
func (r *Recording) Packets() iter.Seq[*sniffer.Packet] {
	return func(yield func(*sniffer.Packet) bool) {
		for n := 1; n <= r.Len(); n++ {
			if !yield(r.Packet(n)) {
				return
			}
		}
	}
}

// ends yields at least one packet of each pair of ends, in the order of the capture. Some
// have no bytes.
func (r *Recording) ends() iter.Seq[*sniffer.Packet] {
	return func(yield func(*sniffer.Packet) bool) {
		seen := make([]bool, len(r.classes))
		for n := 1; n <= r.Len(); n++ {
			if id := r.row(n).class; seen[id] && !r.classes[id].odd {
				continue
			} else {
				seen[id] = true
			}
			if !yield(r.like(n)) {
				return
			}
		}
	}
}
