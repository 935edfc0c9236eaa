package sniffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// witness reads the headers that gopacket knows with gopacket, and what follows from them
// as the sniffer does.
type witness struct {
	eth  layers.Ethernet
	vlan layers.Dot1Q
	arp  layers.ARP
	ip4  layers.IPv4
	ip6  layers.IPv6
	icm4 layers.ICMPv4
	icm6 layers.ICMPv6
	tcp  layers.TCP
	udp  layers.UDP
}

// decode is Decode.
func (w *witness) decode(p *Packet) {
	p.reset()
	w.decodeOne(p)
	for depth := 1; p.Inner != nil; depth++ {
		if p = p.Inner; depth == maxInner {
			p.Err = errTooDeep
			return
		}
		w.decodeOne(p)
	}
}

func (w *witness) decodeOne(p *Packet) {
	next, rest, err := first(p.LinkType), p.Data, error(nil)
	for n := 0; next != headerNone && p.Err == nil; n++ {
		at := next
		switch {
		case n == maxLayers:
			err = errors.New("too many")
		case len(rest) == 0:
			err = errors.New("no bytes")
		default:
			next, rest, err = w.read(p, next, rest)
		}
		if err != nil {
			p.Err = fmt.Errorf("%s: %w", headers[at].name, err)
		}
	}
	if p.Err != nil {
		p.Payload, p.PayloadOffset = nil, 0
	} else if !p.Truncated() {
		p.Err = w.lengths(p)
	}
}

func (w *witness) lengths(p *Packet) error {
	there := len(p.Data) - p.NetworkOffset
	switch {
	case p.Has(IPv4) && int(w.ip4.Length) > there:
		return errors.New("IPv4: length")
	case p.Has(IPv6) && int(w.ip6.Length) > there-40:
		return errors.New("IPv6: length")
	case p.Has(UDP) && !p.Fragment && int(w.udp.Length) > 8+len(p.Payload):
		return errors.New("UDP: length")
	}
	return nil
}

func (w *witness) read(p *Packet, h header, b []byte) (header, []byte, error) {
	ports := func() {
		if len(b) >= 4 && len(b) < headers[h].fixed {
			p.SrcPort, p.DstPort, p.PortsOnly = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), true
		}
	}
	decode := func(layer gopacket.DecodingLayer) error { return layer.DecodeFromBytes(b, gopacket.NilDecodeFeedback) }
	switch h {
	case headerEthernet:
		if err := decode(&w.eth); err != nil {
			return headerNone, nil, err
		}
		p.Layers |= Ethernet
		p.DstMAC, p.SrcMAC = MAC(w.eth.DstMAC), MAC(w.eth.SrcMAC)
		if p.EtherType = uint16(w.eth.EthernetType); w.eth.Length > 0 || w.eth.EthernetType == layers.EthernetTypeLLC {
			p.EtherType = w.eth.Length
		}
		p.NetworkOffset = 14
		return after(p.EtherType), b[14:], nil
	case headerVLAN:
		if err := decode(&w.vlan); err != nil {
			return headerNone, nil, err
		}
		if !p.Has(VLAN) {
			p.VLANID = w.vlan.VLANIdentifier
		}
		p.Layers, p.EtherType, p.NetworkOffset = p.Layers|VLAN, uint16(w.vlan.Type), p.NetworkOffset+4
		return after(p.EtherType), w.vlan.Payload, nil
	case headerARP:
		return headerNone, nil, w.readARP(p, ARP, b)
	case headerRARP:
		return headerNone, nil, w.readARP(p, RARP, b)
	case headerIPv4:
		return w.readIPv4(p, b)
	case headerIPv6:
		return w.readIPv6(p, b)
	case headerTCP:
		err, t := decode(&w.tcp), &w.tcp
		if ports(); len(b) < 20 {
			return headerNone, nil, err
		}
		p.Layers |= TCP
		p.SrcPort, p.DstPort, p.Seq, p.Ack, p.Window = uint16(t.SrcPort), uint16(t.DstPort), t.Seq, t.Ack, t.Window
		for i, set := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
			if set {
				p.Flags |= 1 << i
			}
		}
		if err == nil {
			p.payload(t.Payload)
		}
		return headerNone, nil, err
	case headerUDP:
		err := decode(&w.udp)
		if ports(); len(b) < 8 {
			return headerNone, nil, err
		}
		p.Layers |= UDP
		p.SrcPort, p.DstPort = uint16(w.udp.SrcPort), uint16(w.udp.DstPort)
		if err == nil {
			if p.payload(w.udp.Payload); p.DstPort == portVXLAN || p.DstPort == portGeneve {
				p.readUDPTunnel()
			}
		}
		return headerNone, nil, err
	case headerICMPv4:
		if err := decode(&w.icm4); err != nil {
			return headerNone, nil, err
		}
		p.Layers |= ICMPv4
		p.ICMPType, p.ICMPCode = w.icm4.TypeCode.Type(), w.icm4.TypeCode.Code()
		if p.ICMPType == ICMPEchoRequest || p.ICMPType == ICMPEchoReply {
			p.ICMPID, p.ICMPSeq = w.icm4.Id, w.icm4.Seq
			p.payload(w.icm4.Payload)
		}
		return headerNone, nil, nil
	case headerICMPv6:
		if err := decode(&w.icm6); err != nil {
			return headerNone, nil, err
		}
		p.Layers |= ICMPv6
		p.ICMPType, p.ICMPCode = w.icm6.TypeCode.Type(), w.icm6.TypeCode.Code()
		switch {
		case p.ICMPType == ICMPv6EchoRequest || p.ICMPType == ICMPv6EchoReply:
			var echo layers.ICMPv6Echo
			if err := echo.DecodeFromBytes(w.icm6.Payload, gopacket.NilDecodeFeedback); err != nil {
				return headerNone, nil, err
			}
			p.ICMPID, p.ICMPSeq = echo.Identifier, echo.SeqNumber
			p.payload(w.icm6.Payload[4:])
		case (p.ICMPType == NDPNeighborSolicitation || p.ICMPType == NDPNeighborAdvertisement) && !p.Fragment:
			return headerNone, nil, checkNeighbor(b)
		}
		return headerNone, nil, nil
	}
	return readLink(p, h, b)
}

func (w *witness) readARP(p *Packet, layer Layers, b []byte) error {
	if len(b) >= 28 {
		p.Layers, p.ARPOperation = p.Layers|layer, binary.BigEndian.Uint16(b[6:])
	}
	// gopacket adds these up in 8 bits, and panics where they do not hold the sum.
	if len(b) >= 8 && 8+2*(int(b[4])+int(b[5])) > 255 {
		return errors.New("no addresses of Ethernet")
	}
	if err := w.arp.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		return err
	}
	a := &w.arp
	if a.Protocol != EtherTypeIPv4 || len(a.SourceHwAddress) != 6 || len(a.SourceProtAddress) != 4 {
		return errNotEthernet
	}
	p.ARPSenderMAC, p.ARPTgtMAC = MAC(a.SourceHwAddress), MAC(a.DstHwAddress)
	p.ARPSender, p.ARPTarget = netip.AddrFrom4([4]byte(a.SourceProtAddress)), netip.AddrFrom4([4]byte(a.DstProtAddress))
	return nil
}

func (w *witness) readIPv4(p *Packet, b []byte) (header, []byte, error) {
	if b[0]>>4 != 4 {
		return headerNone, nil, errors.New("version")
	}
	l := &w.ip4
	err := l.DecodeFromBytes(b, gopacket.NilDecodeFeedback)
	if len(b) < 20 {
		return headerNone, nil, err
	}
	p.Layers |= IPv4
	p.Src, p.Dst = netip.AddrFrom4([4]byte(l.SrcIP)), netip.AddrFrom4([4]byte(l.DstIP))
	p.TTL, p.Protocol = l.TTL, uint8(l.Protocol)
	if p.MoreFragments = l.Flags&layers.IPv4MoreFragments != 0; p.MoreFragments || l.FragOffset > 0 {
		p.Fragment, p.FragmentOffset, p.FragmentID = true, 8*int(l.FragOffset), uint32(l.Id)
	}
	if err != nil || l.FragOffset > 0 {
		return headerNone, nil, err
	}
	p.TransportOffset = p.NetworkOffset + 4*int(l.IHL)
	return announced(p.Protocol, protocolICMPv4), l.Payload, nil
}

func (w *witness) readIPv6(p *Packet, b []byte) (header, []byte, error) {
	if b[0]>>4 != 6 {
		return headerNone, nil, errors.New("version")
	}
	l, data := &w.ip6, b
	if len(b) >= 40 {
		if n := int(binary.BigEndian.Uint16(b[4:])); n > 0 {
			data = b[:min(len(b), 40+n)]
		}
	}
	err := l.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	if last := len(data) - 1; err != nil && err.Error() == "IPv6 header option too small" && data[last] == 0 {
		// A Pad1 at the datagram's very end: gopacket wants a byte behind it.
		err = l.DecodeFromBytes(append(data[:last:last], 0, 0), gopacket.NilDecodeFeedback)
	}
	if len(b) < 40 {
		return headerNone, nil, err
	}
	p.Layers |= IPv6
	p.Src, p.Dst = netip.AddrFrom16([16]byte(l.SrcIP)), netip.AddrFrom16([16]byte(l.DstIP))
	p.TTL, p.Protocol = l.HopLimit, uint8(l.NextHeader)
	if err != nil && l.Length != 0 {
		return headerNone, nil, err
	}
	rest, err := p.readExtensions(data[40:])
	if err != nil || rest == nil {
		return headerNone, nil, err
	}
	p.TransportOffset = p.at(rest)
	return announced(p.Protocol, protocolICMPv6), rest, nil
}

// compare decodes a frame with gopacket and without. The words of errors differ, the
// headers that they name do not.
func (w *witness) compare(t *testing.T, f Frame) {
	t.Helper()
	if len(f.Data) >= 1<<16 { // gopacket takes the length of one that states none in 16 bits
		return
	}
	ours, theirs := Packet{Frame: f}, Packet{Frame: f}
	ours.Decode()
	w.decode(&theirs)
	for a, b := &ours, &theirs; a != nil && b != nil; a, b = a.Inner, b.Inner {
		at := func(err error) string {
			header, _, _ := strings.Cut(fmt.Sprint(err), ":")
			return header
		}
		if (a.Err == nil) != (b.Err == nil) || a.Err != nil && !strings.HasPrefix(a.Err.Error(), "more than") && at(a.Err) != at(b.Err) {
			t.Errorf("link type %d, %d of %d bytes %x\n    error %v\ngopacket: %v", f.LinkType, len(f.Data), f.Length, f.Data, a.Err, b.Err)
		}
		a.Err, b.Err = nil, nil
	}
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("link type %d, %d of %d bytes %x\n          %+v\ngopacket: %+v", f.LinkType, len(f.Data), f.Length, f.Data, ours, theirs)
	}
}

// goldenFrames are those of the outputs' golden files, which have every header.
func goldenFrames(t testing.TB) (frames []Frame) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("render", "testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	frame := regexp.MustCompile(`"length":(\d+),"captured":\d+,.*?"link_type":(\d+),.*"raw":"([0-9a-f]*)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range frame.FindAllSubmatch(text, -1) {
			length, _ := strconv.Atoi(string(m[1]))
			link, _ := strconv.Atoi(string(m[2]))
			frames = append(frames, Frame{Data: unhex(t, string(m[3])), Length: length, LinkType: LinkType(link)})
		}
	}
	// Headers that they lack: options of IPv4 and of hop-by-hop headers.
	const ends, ends6 = "0a4d000b0a4d000a", "fd000000000000000000000000000011fd000000000000000000000000000010"
	for _, text := range []string{
		"4600003000000000401100" + "00" + ends + "94040000" + "0001000200100000" + "6162636465666768",
		"4700002500000000401100" + "00" + ends + "0101440404000000" + "0001000200090000" + "61",
		"450000000000000040110000" + ends + "0001000200090000" + "61", // offloading
	} {
		frames = append(frames, whole(LinkIPv4, unhex(t, text)))
	}
	for _, text := range []string{
		"6000000000180040" + ends6 + "1100c20400010000" + "0001000200100000" + "6162636465666768", // jumbo
		"6000000000000040" + ends6 + "1100c20400010000" + "0001000200100000" + "6162636465666768",
		"6000000000080040" + ends6 + "3b00010001000000", // Pad1 at the end
		"6000000000080040" + ends6 + "3b00010001010005",
		"6000000000280040" + ends6 + "2b00050200000100" + "3c00000000000000" + "0600010400000000" + "1100000100000001" + "0001000200090000",
	} {
		frames = append(frames, whole(LinkIPv6, unhex(t, text)))
	}
	return frames
}

func whole(link LinkType, data []byte) Frame {
	return Frame{Data: data, Length: len(data), LinkType: link}
}

// Every frame of the golden files is read as gopacket reads it: whole, cut at each byte,
// and with bytes changed.
func TestGopacketAgrees(t *testing.T) {
	frames, w, random := goldenFrames(t), &witness{}, rand.New(rand.NewPCG(1, 2))
	if len(frames) < 100 {
		t.Fatalf("%d frames", len(frames))
	}
	for _, f := range frames {
		w.compare(t, f)
		for n := range f.Data {
			cut := f
			cut.Data = f.Data[:n:n]
			w.compare(t, cut)
			w.compare(t, whole(f.LinkType, cut.Data))
		}
		for range 500 {
			changed := append([]byte(nil), f.Data...)
			for range 1 + random.IntN(3) {
				if n := min(len(changed), 120); n > 0 {
					changed[random.IntN(n)] = byte(random.Uint32()) >> random.IntN(8)
				}
			}
			w.compare(t, whole(f.LinkType, changed))
		}
		if t.Failed() {
			return
		}
	}
}

// Whatever is in a frame, it is read as gopacket reads it.
func FuzzGopacketAgrees(f *testing.F) {
	for _, frame := range goldenFrames(f) {
		f.Add(frame.Data, frame.Length, uint16(frame.LinkType))
	}
	w := &witness{}
	f.Fuzz(func(t *testing.T, data []byte, length int, link uint16) {
		w.compare(t, Frame{Data: data[:len(data):len(data)], Length: max(len(data), length), LinkType: LinkType(link)})
	})
}

// BenchmarkHeaders reads what the fast path does not take, with gopacket and without.
func BenchmarkHeaders(b *testing.B) {
	var packets []Packet
	for _, f := range goldenFrames(b) {
		p := Packet{Frame: f}
		if p.Decode(); p.Err == nil && p.Inner == nil {
			packets = append(packets, p)
		}
	}
	w := &witness{}
	for name, decode := range map[string]func(*Packet){"sniffer": func(p *Packet) { p.reset(); p.decodeOne() }, "gopacket": w.decode} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for i := range packets {
					decode(&packets[i])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(packets)), "ns/packet")
		})
	}
}
