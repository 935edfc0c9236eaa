package labtest

import (
	"time"

	"wirelab/lab/claim"
	"wirelab/lab/fault"
)

// Fault is what an impairment does to a frame: Drop, Loss, Delay, Duplicate, Reorder,
// Corrupt or Rate.
type Fault interface{ set(*fault.Rule) }

// Drop loses frames.
type Drop struct{}

// Loss loses frames at random. With the same Seed, the same of the matching frames are
// lost, counted in their order.
type Loss struct {
	Percent float64 // above 0, at most 100
	Seed    uint64
}

// Delay delays frames by more than 0 and at most fault.MaxDelay.
type Delay struct{ By time.Duration }

// Duplicate delivers frames twice.
type Duplicate struct{}

// Reorder delivers a frame after the next one that matches.
type Reorder struct{}

// Corrupt flips all bits of one byte of frames.
type Corrupt struct {
	Layer string // ether, ip, tcp, udp or icmp; only ether is found in IPv6
	At    int    // the byte in that layer, from 0: udp 8 is the first byte of a datagram's data
	// ChecksumRight adjusts the checksums of an IPv4 packet (its own and that of TCP, UDP
	// or ICMP) to the change, so that the receiver takes the frame. A frame in which the
	// byte is part of a checksum, or whose checksum is in another fragment, is not impaired.
	ChecksumRight bool
}

// Rate delivers frames as fast as a link of so many bits per second carries them, at least
// fault.MinRate.
type Rate struct{ Bits uint64 }

func (Drop) set(r *fault.Rule)      { r.Kind = fault.Drop }
func (f Loss) set(r *fault.Rule)    { r.Kind, r.Percent, r.Seed = fault.Loss, f.Percent, f.Seed }
func (f Delay) set(r *fault.Rule)   { r.Kind, r.Delay = fault.Delay, f.By }
func (Duplicate) set(r *fault.Rule) { r.Kind = fault.Duplicate }
func (Reorder) set(r *fault.Rule)   { r.Kind = fault.Reorder }
func (f Rate) set(r *fault.Rule)    { r.Kind, r.Bits = fault.Rate, f.Bits }
func (f Corrupt) set(r *fault.Rule) {
	r.Kind, r.Byte, r.Mend = fault.Corrupt, fault.Byte{Layer: f.Layer, At: f.At}, f.ChecksumRight
}

// Frames says which of the frames from one host to the other are impaired. The zero value
// means all of them.
type Frames struct {
	Where    string // a filter in tcpdump's syntax, which may name hosts
	Nth      []int  // of the frames that match, from 1
	Before   bool   // impair them before the sniffer, which then does not see what is lost
	Optional bool   // the impairment may act on no frame; otherwise claims are inconclusive then
}

// Impair impairs the frames that one host sends to another, or to all, from now until
// Mend. It does so in the cable to the receiver: the sniffer sees the frames, and their
// lines say what was done ("lost", "delayed", "duplicated", "reordered", "corrupted"). A
// segment that only carries data has no line; "with retransmission" shows the one that
// replaces it, as "data again". name is a lower-case word that no other impairment of the
// lab has. from may be "*" for every host; with Frames.Before, to may be "*" instead. At
// most one Frames may be given.
//
// An impairment that has acted on no frame makes the claims about its phases inconclusive.
// The test ends if the network cannot impair frames, or the kernel does not allow such a
// cable.
func (l *Lab) Impair(name, from, to string, what Fault, which ...Frames) {
	l.t.Helper()
	r := fault.Rule{Name: name, From: from, To: to}
	what.set(&r)
	for _, o := range which {
		r.Where, r.Nth, r.Before, r.Optional = o.Where, o.Nth, o.Before, o.Optional
	}
	if err := l.lab.Impair(l.t.Context(), r); err != nil {
		l.t.Fatal(explain(err))
	}
	l.plan.Impaired = append(l.plan.Impaired, claim.Impaired{Name: name, Optional: r.Optional})
	l.inForce = append(l.inForce, name)
}

// Mend lifts the impairment of a name and sends the frames that it holds.
func (l *Lab) Mend(name string) {
	l.t.Helper()
	if err := l.lab.Mend(l.t.Context(), name); err != nil {
		l.t.Fatal(err)
	}
	l.lifted = append(l.lifted, name)
}
