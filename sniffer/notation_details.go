package sniffer

import (
	"encoding/binary"

	"wirelab/sniffer/iana"
	"wirelab/sniffer/internal/digits"
)

// appendDetailedTCP is appendTCP with more or less.
func (n Notation) appendDetailedTCP(dst []byte, p *Packet) []byte {
	details := n.Details
	if n.Details = 0; details&Quiet != 0 {
		dst = appendLen(append(dst, "tcp"...), p.PayloadLength())
	} else if dst = n.appendTCP(dst, p); details&Absolute != 0 {
		if p.Flags&SYN != 0 { // for which seq=0 stands
			dst = cutSeq(dst)
		}
		dst = digits.AppendUint(append(dst, " seq="...), uint64(p.Seq))
		if p.Flags&ACK != 0 {
			dst = digits.AppendUint(append(dst, " ack="...), uint64(p.Ack))
		}
	}
	if details&Verbose != 0 {
		dst = digits.AppendUint(append(dst, " win="...), uint64(p.Window))
		dst = appendOptionNames(dst, p)
	}
	return dst
}

// cutSeq takes the relative sequence number of a SYN out of a line's end.
func cutSeq(dst []byte) []byte {
	const relative = " seq=0"
	for i := len(dst) - len(relative); i >= 0; i-- {
		if string(dst[i:i+len(relative)]) == relative {
			return append(dst[:i], dst[i+len(relative):]...)
		}
	}
	return dst
}

// appendOptionNames appends the names of TCP's options, but for padding.
func appendOptionNames(dst []byte, p *Packet) []byte {
	at := p.TransportOffset
	before := " options=["
	p.Options(at+20, at+4*int(p.Data[at+12]>>4), func(o Option) {
		if o.Type <= 1 {
			return
		}
		dst = append(dst, before...)
		before = ","
		if name := iana.TCPOption(o.Type); name != "" {
			dst = append(dst, name...)
		} else {
			dst = digits.AppendUint(append(dst, "option "...), uint64(o.Type))
		}
		if o.Type == 2 && o.End-o.Start == 4 {
			dst = digits.AppendUint(append(dst, ' '), uint64(binary.BigEndian.Uint16(p.Data[o.Start+2:])))
		}
		if o.Type == 3 && o.End-o.Start == 3 {
			dst = digits.AppendUint(append(dst, ' '), uint64(p.Data[o.Start+2]))
		}
	})
	if before == "," {
		dst = append(dst, ']')
	}
	return dst
}

// appendVerbose appends what an IP header holds beside addresses and protocol.
func appendVerbose(dst []byte, p *Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	field := func(name string, v uint64) {
		dst = digits.AppendUint(append(append(append(dst, ' '), name...), '='), v)
	}
	field("ttl", uint64(p.TTL))
	if p.Has(IPv6) {
		if class := binary.BigEndian.Uint16(h) >> 4 & 0xff; class != 0 {
			field("class", uint64(class))
		}
		if flow := binary.BigEndian.Uint32(h) & 0xfffff; flow != 0 {
			field("flow", uint64(flow))
		}
		field("payload-length", uint64(binary.BigEndian.Uint16(h[4:])))
		return dst
	}
	field("tos", uint64(h[1]))
	field("id", uint64(binary.BigEndian.Uint16(h[4:])))
	field("offset", uint64(p.FragmentOffset))
	switch field := binary.BigEndian.Uint16(h[6:]) & 0x6000; {
	case field&0x4000 != 0:
		dst = append(dst, " DF"...)
	case field != 0:
		dst = append(dst, " MF"...)
	}
	field("length", uint64(binary.BigEndian.Uint16(h[2:])))
	return dst
}
