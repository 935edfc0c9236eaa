package filter

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
)

// generated makes frames of all kinds that filters tell apart. Their
// addresses, ports and protocols come from short lists, so that expressions
// with values from the same lists match some and not others.
type generated struct{ *rand.Rand }

func newGenerated() generated { return generated{rand.New(rand.NewPCG(3, 14))} }

func pick[T any](g generated, from ...T) T { return from[g.IntN(len(from))] }

func (g generated) fill(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

var (
	someMACs  = []string{"\x02\x00\x00\x00\x00\x01", "\x02\x00\x00\x00\x00\x02", "\xff\xff\xff\xff\xff\xff", "\x01\x00\x5e\x00\x00\xfb", "\x33\x33\x00\x00\x00\x01"}
	someIPv4  = []string{"10.0.0.1", "10.0.0.2", "10.1.2.3", "10.1.200.3", "192.168.1.1", "224.0.0.251", "255.255.255.255", "0.0.0.0", "0.0.0.10"}
	someIPv6  = []string{"fe80::1", "fe80::2", "2001:db8::1", "2001:db8:0:1::7", "ff02::1", "::", "::1"}
	somePorts = []uint16{53, 80, 443, 22, 7000, 7001, 8000, 8042, 1024, 40000, 65535, 0}
)

func (g generated) frame() []byte {
	f := []byte(pick(g, someMACs...) + pick(g, someMACs[:2]...))
	for range pick(g, 0, 0, 0, 1, 1, 2, 3) {
		f = binary.BigEndian.AppendUint16(f, pick[uint16](g, 0x8100, 0x8100, 0x88a8, 0x9100))
		f = binary.BigEndian.AppendUint16(f, pick[uint16](g, 0, 1, 5, 100, 4095, 0x2005, 0xe064))
	}
	switch g.IntN(20) {
	case 0, 1:
		f = append(f, g.arp(pick[uint16](g, 0x0806, 0x0806, 0x8035))...)
	case 2:
		f = append(f, g.llc()...)
	case 3:
		f = binary.BigEndian.AppendUint16(f, pick[uint16](g, 0x6003, 0x6004, 0x6007, 0x6001, 0x6002, 0x88b5, 0x9000, 0x0801, 0x0600, 1500, 1501))
		f = append(f, g.fill(g.IntN(60))...)
	case 4, 5, 6, 7, 8, 9:
		f = append(append(f, 0x86, 0xdd), g.ipv6()...)
	default:
		f = append(append(f, 0x08, 0x00), g.ipv4()...)
	}
	if pad := 60 - len(f); pad > 0 && g.IntN(2) == 0 {
		f = append(f, make([]byte, pad)...)
	}
	return f
}

func (g generated) address4() []byte {
	return netip.MustParseAddr(pick(g, someIPv4...)).AsSlice()
}

func (g generated) address6() []byte {
	return netip.MustParseAddr(pick(g, someIPv6...)).AsSlice()
}

func (g generated) arp(etherType uint16) []byte {
	f := binary.BigEndian.AppendUint16(nil, etherType)
	f = append(f, 0, 1, 8, 0, 6, 4, 0, pick[byte](g, 1, 2, 3, 4))
	f = append(f, pick(g, someMACs...)...)
	f = append(f, g.address4()...)
	f = append(f, pick(g, someMACs...)...)
	return append(f, g.address4()...)
}

func (g generated) llc() []byte {
	sap := pick[byte](g, 0x42, 0xfe, 0xf0, 0x06, 0xaa, 0xe0)
	f := []byte{0, byte(g.IntN(256)), sap, pick(g, sap, sap, 0x43), 3}
	return append(f, g.fill(30)...)
}

func (g generated) ipv4() []byte {
	options := g.fill(4 * pick(g, 0, 0, 0, 1, 2, 10))
	protocol := pick[byte](g, 1, 2, 6, 6, 6, 17, 17, 17, 132, 47, 50, 51, 89, 103, 112, 9, 41)
	payload := g.transport(protocol)
	h := []byte{0x40 | byte(5+len(options)/4), byte(g.Uint32())}
	h = binary.BigEndian.AppendUint16(h, uint16(20+len(options)+len(payload)))
	h = binary.BigEndian.AppendUint16(h, uint16(g.Uint32()))
	h = binary.BigEndian.AppendUint16(h, pick[uint16](g, 0, 0, 0x4000, 0x4000, 0x2000, 0x2001, 0x0010, 0x1fff))
	h = append(h, pick[byte](g, 1, 64, 128, 255), protocol, 0, 0)
	h = append(append(h, g.address4()...), g.address4()...)
	return append(append(h, options...), payload...)
}

func (g generated) ipv6() []byte {
	protocol := pick[byte](g, 6, 6, 17, 17, 58, 58, 132, 103, 50, 51, 59, 89)
	next, payload := protocol, g.transport(protocol)
	for range pick(g, 0, 0, 0, 1, 1, 2) {
		header := pick[byte](g, 0, 43, 44, 44, 60)
		extension := []byte{next, 0, 0, 0, 0, 0, 0, 0}
		if header == 44 {
			binary.BigEndian.PutUint16(extension[2:], pick[uint16](g, 0, 1, 8, 9, 0xfff8))
		} else if g.IntN(3) == 0 {
			extension[1] = 1
			extension = append(extension, g.fill(8)...)
		}
		next, payload = header, append(extension, payload...)
	}
	h := binary.BigEndian.AppendUint32(nil, 0x60000000|g.Uint32()&0xfffffff)
	h = binary.BigEndian.AppendUint16(h, uint16(len(payload)))
	h = append(h, next, pick[byte](g, 1, 64, 255))
	h = append(append(h, g.address6()...), g.address6()...)
	return append(h, payload...)
}

// transport makes what an IP protocol carries.
func (g generated) transport(protocol byte) (p []byte) {
	switch protocol {
	case 6, 17, 132:
		p = binary.BigEndian.AppendUint16(p, pick(g, somePorts...))
		p = binary.BigEndian.AppendUint16(p, pick(g, somePorts...))
	}
	switch protocol {
	case 1:
		p = append(g.fill(8), g.fill(g.IntN(40))...)
		p[0], p[1] = pick[byte](g, 0, 3, 5, 8, 11), byte(g.IntN(4))
	case 58:
		p = append(g.fill(8), g.fill(g.IntN(40))...)
		p[0], p[1] = pick[byte](g, 1, 128, 129, 133, 134, 135, 136), byte(g.IntN(3))
	case 6:
		options := 4 * pick(g, 0, 0, 3, 10)
		p = append(p, g.fill(16)...)
		p[12] = byte(5+options/4) << 4
		p[13] = pick[byte](g, 0x02, 0x12, 0x10, 0x11, 0x18, 0x14, 0x04, 0x29, 0xc2, 0)
		p = append(p, g.fill(options+g.IntN(60))...)
	case 17:
		n := g.IntN(60)
		p = binary.BigEndian.AppendUint16(p, uint16(8+n))
		p = append(p, g.fill(2+n)...)
	default:
		p = append(p, g.fill(g.IntN(60))...)
	}
	return p
}

// frames makes n frames, of which a third are cut short: all the lengths of
// some, and some lengths of others.
func (g generated) frames(n int) [][]byte {
	var all [][]byte
	for len(all) < n {
		f := g.frame()
		all = append(all, f)
		if g.IntN(300) == 0 {
			for i := range f {
				all = append(all, f[:i])
			}
		} else if g.IntN(8) == 0 {
			all = append(all, f[:g.IntN(len(f)+1)])
		}
	}
	return all[:n]
}
