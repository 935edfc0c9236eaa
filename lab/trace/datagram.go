package trace

import (
	"slices"

	"wirelab/sniffer"
	"wirelab/sniffer/stream"
)

// datagram is one IP datagram or other frame: a packet, or several that are
// its fragments.
type datagram struct {
	recording *Recording
	numbers   []int // of its packets, the one with the transport header first
	complete  bool  // every part has come; so it has of what is no fragment
	parts     *parts
}

// parts are the fragments of a datagram as they come.
type parts struct {
	stream.Fragments
	begun   bool   // the first has come
	header  int    // bytes of its transport header
	payload []byte // once all is there
}

// packet is the packet that has the transport header.
func (d *datagram) packet() *sniffer.Packet { return d.recording.packet(d.numbers[0]) }

// payload is what TCP, UDP or ICMP carries; of fragments that are not complete
// it is what the first part has.
func (d *datagram) payload() []byte {
	if d.parts != nil && d.complete {
		return d.parts.payload
	}
	return d.packet().Payload
}

// number is that of the packet at whose place the datagram stands: the one
// that completes it.
func (d *datagram) number() int { return slices.Max(d.numbers) }

// moved returns the datagram anew, for another place; the old one is empty.
func (d *datagram) moved() *datagram {
	again := *d
	d.numbers = nil
	return &again
}

// sorted are its packet numbers, ascending.
func (d *datagram) sorted() []int { return slices.Sorted(slices.Values(d.numbers)) }

// add adds a fragment. Once every byte has come the datagram is complete; one
// whose parts overlap never is (RFC 5722).
func (d *datagram) add(p *sniffer.Packet) {
	d.numbers = append(d.numbers, p.Number)
	f := d.parts
	if p.FragmentOffset == 0 {
		f.header = len(p.FragmentData()) - len(p.Payload)
	}
	if whole := f.Add(p.FragmentOffset, p.FragmentData(), p.MoreFragments); whole != nil {
		f.payload, d.complete = whole[f.header:], true
	}
}
