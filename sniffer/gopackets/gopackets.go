// Package gopackets hands captured frames to code that is written for
// github.com/google/gopacket: decoders, flows, assembly, and whatever a team already has.
//
// It is for tests and tools. The program wirelab does not link it: importing
// gopacket/layers costs every start of a process 5 ms of CPU and 6.5 MB. And gopacket
// trusts what it reads more than the sniffer does: of a hostile capture a decoder may
// panic, which [Packet] turns into a [gopacket.ErrorLayer], or allocate gigabytes, which
// nothing can stop. For such a capture take gopacket's DecodingLayerParser, with the
// layers that you need.
package gopackets

import (
	"bytes"
	"fmt"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"wirelab/sniffer"
)

// Source is the frames of a capture as a [gopacket.PacketDataSource]. It is not safe for
// use by several goroutines at once.
type Source struct {
	link sniffer.LinkType
	next func() (sniffer.Frame, error)
}

// NewSource returns a source of the frames that next returns until its error, io.EOF at the
// end: the Next method of a pcapfile.Reader does so. All are of the link type, whose
// [Decoder] a gopacket.PacketSource takes.
func NewSource(link sniffer.LinkType, next func() (sniffer.Frame, error)) *Source {
	return &Source{link, next}
}

// ReadPacketData returns the next frame's bytes, which are the caller's, and what is known
// of it. A frame of another link type is an error: the decoder would misread it.
//
// A gopacket.PacketSource's Packets method tries again after most errors; its NextPacket
// returns them.
func (s *Source) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	f, err := s.next()
	if err != nil {
		return nil, gopacket.CaptureInfo{}, err
	}
	if f.LinkType != s.link {
		return nil, gopacket.CaptureInfo{}, fmt.Errorf("frame of link type %d in a source of %d", f.LinkType, s.link)
	}
	return bytes.Clone(f.Data), Info(&f), nil
}

// Info returns what a capture knows of a frame besides its bytes.
func Info(f *sniffer.Frame) gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: f.Time, CaptureLength: len(f.Data), Length: f.Length, InterfaceIndex: f.Interface}
}

// Decoder returns gopacket's decoder of the frames of a link type. One that gopacket has no
// decoder of becomes a packet with a gopacket.ErrorLayer.
func Decoder(link sniffer.LinkType) gopacket.Decoder {
	if link > 255 { // layers.LinkType would cut it to another
		return gopacket.DecodeUnknown
	}
	return layers.LinkType(link)
}

// Packet decodes a frame with gopacket, all its layers at once. The packet has a copy of
// the frame's bytes.
func Packet(f *sniffer.Frame) gopacket.Packet {
	p := gopacket.NewPacket(f.Data, Decoder(f.LinkType), gopacket.Default)
	m := p.Metadata()
	m.CaptureInfo, m.Truncated = Info(f), m.Truncated || f.Truncated()
	return p
}
