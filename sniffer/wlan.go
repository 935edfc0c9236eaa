package sniffer

import (
	"encoding/binary"
	"fmt"
)

// Bits of radiotap's flags (radiotap.org) that change what follows it.
const (
	radiotapFCS     = 0x10 // a frame check sequence is at the end
	radiotapPadding = 0x20 // the 802.11 header is padded to 32 bits
)

// readRadiotap reads the header that a wireless interface puts before a frame and
// takes the check sequence off its end.
func (p *Packet) readRadiotap(b []byte) (header, []byte, error) {
	size := int(binary.LittleEndian.Uint16(b[2:]))
	if b[0] != 0 || size < 8 {
		return headerNone, nil, fmt.Errorf("version %d, length %d", b[0], size)
	}
	p.Layers |= Radiotap
	if size > len(b) {
		return headerNone, nil, errCut
	}
	p.NetworkOffset = size
	rest := b[size:]
	if radiotapFlags(b[:size])&radiotapFCS != 0 && !p.Truncated() && len(rest) >= 4 {
		rest = rest[:len(rest)-4]
	}
	return headerWLAN, rest, nil
}

// radiotapFlags returns the field Flags of a radiotap header, 0 without one. Words
// of bits say which fields follow; TSFT, of 8 bytes and aligned to them, may come
// before it.
func radiotapFlags(h []byte) byte {
	present := binary.LittleEndian.Uint32(h[4:])
	at := 8
	for word := present; word&(1<<31) != 0 && at+4 <= len(h); at += 4 {
		word = binary.LittleEndian.Uint32(h[at:])
	}
	if present&1 != 0 {
		at = (at+7)&^7 + 8
	}
	if present&2 == 0 || at >= len(h) {
		return 0
	}
	return h[at]
}

// Types of 802.11 frames (IEEE 802.11, section 9.2.4.1.3).
const (
	wlanManagement = 0
	wlanControl    = 1
	wlanData       = 2
)

// wlan is an 802.11 header (IEEE 802.11, section 9.2.3).
type wlan struct {
	kind, subtype      byte
	toDS, fromDS       bool
	protected, partial bool // encrypted; a fragment
	aggregate          bool // several frames in one
	size               int  // of the header, bytes
	receiver           int  // offsets of addresses, 0 for none
	transmitter        int
	src, dst           int
}

// readHeader reads what its two first bytes say of a header.
func (w *wlan) readHeader(b []byte) {
	w.kind, w.subtype = b[0]>>2&3, b[0]>>4
	w.toDS, w.fromDS, w.protected = b[1]&1 != 0, b[1]&2 != 0, b[1]&0x40 != 0
	w.receiver, w.transmitter, w.size = 4, 10, 24
	switch {
	case w.kind == wlanControl:
		w.size = 16
		if w.subtype == 12 || w.subtype == 13 { // CTS, ACK
			w.transmitter, w.size = 0, 10
		}
		return
	case w.kind == wlanManagement || !w.toDS && !w.fromDS:
		w.dst, w.src = 4, 10
	case w.toDS && w.fromDS:
		w.dst, w.src, w.size = 16, 24, 30
	case w.toDS:
		w.dst, w.src = 16, 10
	default:
		w.dst, w.src = 4, 16
	}
	w.partial = b[1]&4 != 0
	if order := b[1]&0x80 != 0; w.kind == wlanData && w.subtype&8 != 0 { // QoS
		w.size += 2
		if order {
			w.size += 4
		}
	}
}

// WLANOffset returns the offset in Data of the 802.11 header.
func (p *Packet) WLANOffset() int {
	if p.LinkType == LinkRadiotap {
		return int(binary.LittleEndian.Uint16(p.Data[2:]))
	}
	return 0
}

func (p *Packet) readWLAN(b []byte) (header, []byte, error) {
	var w wlan
	if w.readHeader(b); w.kind > wlanData {
		return headerNone, nil, nil // an extension
	}
	if len(b) < w.size {
		return headerNone, nil, fmt.Errorf("%d bytes, at least %d", len(b), w.size)
	}
	p.Layers |= WLAN
	if w.src > 0 {
		p.SrcMAC, p.DstMAC = MAC(b[w.src:]), MAC(b[w.dst:])
	}
	qos := w.size - 2
	if b[1]&0x80 != 0 {
		qos -= 4
	}
	w.aggregate = w.kind == wlanData && w.subtype&8 != 0 && b[qos]&0x80 != 0
	w.partial = w.partial || w.kind != wlanControl && b[22]&15 != 0
	size := w.size
	if p.LinkType == LinkRadiotap && radiotapFlags(p.Data[:p.NetworkOffset])&radiotapPadding != 0 {
		size = (size + 3) &^ 3
	}
	rest := b[min(size, len(b)):]
	p.NetworkOffset = p.at(rest)
	if w.kind != wlanData || w.subtype&4 != 0 || w.protected || w.partial || w.aggregate {
		return headerNone, nil, nil
	}
	// LLC and SNAP (RFC 1042), with the organization of EtherTypes or of bridge
	// tunnels.
	if len(rest) < 8 || rest[0] != 0xaa || rest[1] != 0xaa || rest[2] != 3 || rest[3] != 0 || rest[4] != 0 || rest[5] != 0 && rest[5] != 0xf8 {
		return headerNone, nil, nil
	}
	p.EtherType = binary.BigEndian.Uint16(rest[6:])
	p.NetworkOffset += 8
	next := after(p.EtherType)
	if next == headerVLAN { // of which Tags tells nothing here
		next = headerNone
	}
	return next, rest[8:], nil
}

// wlanWords are what the subtypes of 802.11 frames are called, by type.
var wlanWords = [3][16]string{
	{"association-request", "association-response", "reassociation-request", "reassociation-response", "probe-request", "probe-response",
		"timing-advertisement", "", "beacon", "atim", "disassociation", "authentication", "deauthentication", "action", "action-no-ack"},
	{4: "beamforming-report-poll", 5: "ndp-announcement", 7: "wrapper", 8: "block-ack-request", 9: "block-ack", 10: "ps-poll", 11: "rts", 12: "cts", 13: "ack", 14: "cf-end", 15: "cf-end-ack"},
	{"data", 4: "null", 8: "qos-data", 12: "qos-null"},
}

// WLANWords returns what an 802.11 frame is: "beacon", "ack", "qos-data", or its type and
// subtype as numbers. The packet must have WLAN.
func WLANWords(p *Packet) string {
	var w wlan
	w.readHeader(p.Data[p.WLANOffset():])
	if word := wlanWords[w.kind][w.subtype]; word != "" {
		return word
	}
	return fmt.Sprintf("type=%d subtype=%d", w.kind, w.subtype)
}

// WLANHeader returns the bytes of the 802.11 header. The packet must have WLAN.
func (p *Packet) WLANHeader() []byte {
	var w wlan
	h := p.Data[p.WLANOffset():]
	w.readHeader(h)
	return h[:w.size]
}
