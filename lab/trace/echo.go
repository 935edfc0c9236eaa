package trace

import (
	"bytes"
	"hash/maphash"
	"net/netip"

	"wirelab/sniffer"
)

// echo is what pairs an ICMP echo reply with its request, but for the data, which has to be
// returned, too (RFC 792; RFC 4443, section 4).
type echo struct {
	from, to netip.Addr // of the request
	id, seq  uint16
	segment  int
}

// echoOf returns the hash of an echo: a ping that runs for long makes many of them.
func (r *Recording) echoOf(from, to netip.Addr, p *sniffer.Packet) uint64 {
	return maphash.Comparable(echoSeed, echo{from: from, to: to, id: p.ICMPID, seq: p.ICMPSeq, segment: r.Hosts.segment(p)})
}

// asked is a request of an echo.
type asked struct {
	data   uint64 // a hash of its data
	number int32  // of its packet, at most MaxPackets
	whole  bool   // that is all of its data, and not only what was captured or has come
}

// echoSeed is that of the hashes of echoes and their data, which nobody who sends knows.
var echoSeed = maphash.MakeSeed()

// isEcho reports whether a packet is an ICMP message of one type, by the version of IP.
func isEcho(p *sniffer.Packet, v4, v6 uint8) bool {
	return p.Has(sniffer.ICMPv4) && p.ICMPType == v4 || p.Has(sniffer.ICMPv6) && p.ICMPType == v6
}

// echo keeps a request of an echo, and looks whether a reply has one, if a packet is either.
// A datagram in fragments comes with its first, in part, and once more when it is whole.
func (x *index) echo(r *Recording, p *sniffer.Packet, data []byte, part bool) {
	switch {
	case isEcho(p, sniffer.ICMPEchoRequest, sniffer.ICMPv6EchoRequest):
		key := r.echoOf(p.Src, p.Dst, p)
		last, known := x.asked[key]
		if !known && !r.room(len(x.asked)) {
			return
		}
		if last[0].number != int32(p.Number) {
			last[1] = last[0]
		}
		last[0] = asked{maphash.Bytes(echoSeed, data), int32(p.Number), !part && !p.Truncated()}
		x.asked[key] = last
	case !part && isEcho(p, sniffer.ICMPEchoReply, sniffer.ICMPv6EchoReply):
		for _, request := range x.asked[r.echoOf(p.Dst, p.Src, p)] {
			if request.number > 0 && r.returns(p, data, request) {
				return
			}
		}
		r.row(p.Number).facts |= unasked
	}
}

// returns reports whether a reply has the data of a request, as far as both were captured.
func (r *Recording) returns(reply *sniffer.Packet, data []byte, request asked) bool {
	if request.data == maphash.Bytes(echoSeed, data) {
		return true
	}
	if request.whole && !reply.Truncated() {
		return false
	}
	other := r.datagram(int(request.number)).payload()
	n := min(len(data), len(other))
	return bytes.Equal(data[:n], other[:n])
}
