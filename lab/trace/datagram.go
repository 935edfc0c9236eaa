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

// parts are the fragments of a datagram as they come. Of their bytes only the number is
// kept.
type parts struct {
	stream.Fragments
	used    []int // numbers of the packets that are put together, not of copies, as they came
	begun   bool  // the first has come
	header  int   // bytes of its transport header
	size    int   // bytes behind that header, once all is there
	message int   // its place among the messages, before the first has come
}

// datagram returns the datagram of which the packet of a number has the transport header.
func (r *Recording) datagram(number int) *datagram {
	if r.row(number).facts&fragment != 0 {
		if d := r.index.parted[number]; d != nil {
			return d
		}
	}
	return &datagram{recording: r, numbers: []int{number}, complete: true}
}

// completes is the number of the packet at whose place that datagram stands.
func (r *Recording) completes(number int) int {
	if r.row(number).facts&fragment == 0 {
		return number
	}
	return r.datagram(number).number()
}

// packet is the packet that has the transport header.
func (d *datagram) packet() *sniffer.Packet { return d.recording.Packet(d.numbers[0]) }

// payload is what TCP, UDP or ICMP carries; of fragments that are not complete
// it is what the first part has.
func (d *datagram) payload() []byte {
	if d.parts == nil || !d.complete {
		return d.packet().Payload
	}
	if whole := d.whole(); len(whole) >= d.parts.header {
		return whole[d.parts.header:]
	}
	return nil
}

// whole is what the fragments of a datagram that is complete carry; nil where they cannot be
// read any more.
func (d *datagram) whole() []byte {
	var again stream.Fragments
	for _, n := range d.parts.used {
		p := d.recording.Packet(n)
		if whole := again.Add(p.FragmentOffset, p.FragmentData(), p.MoreFragments); whole != nil {
			return whole
		}
	}
	return nil
}

// number is that of the packet at whose place the datagram stands: the one
// that completes it.
func (d *datagram) number() int { return slices.Max(d.numbers) }

// sorted are its packet numbers, ascending.
func (d *datagram) sorted() []int { return slices.Sorted(slices.Values(d.numbers)) }

// zeros stand for the bytes of fragments and segments where their number alone counts.
var zeros [64 << 10]byte

func zerosOf(size int) []byte {
	if size > len(zeros) {
		return make([]byte, size)
	}
	return zeros[:size:size]
}

// add adds a fragment. Once every byte has come the datagram is complete; one
// whose parts overlap never is (RFC 5722).
func (d *datagram) add(p *sniffer.Packet) {
	d.numbers = append(d.numbers, p.Number)
	f, size := d.parts, len(p.FragmentData())
	if p.FragmentOffset == 0 {
		f.header = size - len(p.Payload)
	}
	if !f.Has(p.FragmentOffset) {
		f.used = append(f.used, p.Number)
	}
	if whole := f.Add(p.FragmentOffset, zerosOf(size), p.MoreFragments); whole != nil {
		f.size, d.complete = len(whole)-f.header, true
	}
}
