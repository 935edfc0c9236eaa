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

// Source is a [gopacket.PacketDataSource] of captured frames. It is not safe for use by
// several goroutines at once.
type Source struct {
	link sniffer.LinkType
	next func() (sniffer.Frame, error)
}

// NewSource returns a source of the frames that next returns, until next returns an error:
// io.EOF at the end. The method Next of a pcapfile.Reader is such a function. link is the
// link type of all frames; a gopacket.PacketSource needs the [Decoder] of it as well.
func NewSource(link sniffer.LinkType, next func() (sniffer.Frame, error)) *Source {
	return &Source{link, next}
}

// ReadPacketData returns a copy of the next frame's bytes, and what is known about the
// frame. It returns an error for a frame of another link type, which the decoder would
// misread.
//
// The method Packets of a gopacket.PacketSource tries again after most errors; NextPacket
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

// Info returns what gopacket knows about a frame besides its bytes. gopacket has no
// Direction.
func Info(f *sniffer.Frame) gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: f.Time, CaptureLength: len(f.Data), Length: f.Length, InterfaceIndex: f.Interface}
}

// Decoder returns gopacket's decoder for the frames of a link type. If gopacket has none,
// packets consist of a gopacket.ErrorLayer.
func Decoder(link sniffer.LinkType) gopacket.Decoder {
	if link > 255 { // layers.LinkType would cut it to another
		return gopacket.DecodeUnknown
	}
	return layers.LinkType(link)
}

// Packet decodes all layers of a frame with gopacket. The packet has a copy of the frame's
// bytes.
func Packet(f *sniffer.Frame) gopacket.Packet {
	p := gopacket.NewPacket(f.Data, Decoder(f.LinkType), gopacket.Default)
	m := p.Metadata()
	m.CaptureInfo, m.Truncated = Info(f), m.Truncated || f.Truncated()
	return p
}
