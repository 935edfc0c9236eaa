package sniffer

import (
	"encoding/binary"

	"wirelab/internal/safetext"
	"wirelab/sniffer/internal/digits"
)

// appendCarrier writes what carries a frame, or would: PPP, 802.11, PKTAP, MPLS and
// PPPoE.
func appendCarrier(dst []byte, p *Packet) []byte {
	behind := max(0, p.Length-p.NetworkOffset)
	switch {
	case p.Has(MPLS):
		return appendLabels(dst, p)
	case p.Has(PPPoE):
		return appendPPPoE(dst, p)
	case p.Has(PKTAP):
		return appendPKTAP(dst, p)
	case p.Has(PPP):
		protocol := p.PPPProtocol()
		dst = append(dst, "ppp "...)
		if word := pppWords[protocol]; word != "" {
			dst = append(dst, word...)
		} else {
			dst = appendXDigits(dst, protocol)
		}
		return appendLen(dst, behind)
	case p.EtherType >= 0x600:
		return appendLen(appendXDigits(dst, p.EtherType), behind)
	}
	dst = append(append(dst, "802.11 "...), WLANWords(p)...)
	h := p.WLANHeader()
	if h[1]&0x40 != 0 {
		dst = append(dst, " protected"...)
	}
	if p.SrcMAC == (MAC{}) {
		dst = MAC(h[4:]).AppendTo(append(dst, " receiver="...))
	}
	return appendLen(dst, behind)
}

// pppWords are what PPP protocols are called (IANA, PPP numbers).
var pppWords = map[uint16]string{
	0xc021: "lcp", 0xc023: "pap", 0xc223: "chap", 0x8021: "ipcp", 0x8057: "ipv6cp", 0x80fd: "ccp", 0x00fd: "compressed", 0xc227: "eap",
}

func appendLabels(dst []byte, p *Packet) []byte {
	before := " label="
	dst = append(dst, "mpls"...)
	p.Labels(func(at int) {
		dst = digits.AppendUint(append(dst, before...), MPLSFields[0].Number(p.Data[at:]))
		before = ","
	})
	return dst
}

// pppoeWords are the stages of discovery by their code (RFC 2516, section 5).
var pppoeWords = map[uint8]string{0x09: "PADI", 0x07: "PADO", 0x19: "PADR", 0x65: "PADS", 0xa7: "PADT"}

func appendPPPoE(dst []byte, p *Packet) []byte {
	h := p.Data[p.NetworkOffset:]
	dst = append(dst, "pppoe"...)
	if h[1] != 0 {
		if word := pppoeWords[h[1]]; word != "" {
			dst = append(append(dst, ' '), word...)
		} else {
			dst = digits.AppendUint(append(dst, " code="...), uint64(h[1]))
		}
	}
	return digits.AppendUint(append(dst, " session="...), uint64(binary.BigEndian.Uint16(h[2:])))
}

func appendPKTAP(dst []byte, p *Packet) []byte {
	dst = appendSafe(append(dst, "pktap "...), p.PKTAPInterface())
	switch p.Direction {
	case In:
		dst = append(dst, " in"...)
	case Out:
		dst = append(dst, " out"...)
	}
	if name := p.PKTAPProcess(); len(name) > 0 {
		dst = appendSafe(append(dst, ' '), name)
	}
	return dst
}

// appendSafe appends text from outside.
func appendSafe(dst, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return append(dst, safetext.Escape(string(text))...)
		}
	}
	return append(dst, text...)
}

func appendGRE(dst []byte, p *Packet) []byte {
	dst = append(dst, "gre"...)
	if key, ok := p.GREKey(); ok {
		dst = digits.AppendUint(append(dst, " key="...), uint64(key))
	}
	if p.Inner == nil {
		dst = appendXDigits(append(dst, ' '), binary.BigEndian.Uint16(p.Data[p.TransportOffset+2:]))
	}
	return dst
}

func appendVNI(dst []byte, p *Packet) []byte {
	word := " vxlan vni="
	if p.Has(Geneve) {
		word = " geneve vni="
	}
	return digits.AppendUint(append(dst, word...), VXLANFields.Field("vni").Number(p.Data[p.TransportOffset+8:]))
}

// appendXDigits appends n as 0x and four digits.
func appendXDigits(dst []byte, n uint16) []byte {
	return digits.AppendHex(append(dst, "0x"...), []byte{byte(n >> 8), byte(n)})
}
