package main

import (
	"encoding/binary"
	"math/rand/v2"
)

// mix makes frames as a busy segment has them: mostly TCP, some UDP, ICMP, ARP,
// IPv6 and VLAN tags, 274 bytes long on average. The same seed and hosts make
// the same frames.
type mix struct {
	random *rand.Rand
	hosts  int // on each of two sides
	frame  []byte
}

func newMix(hosts int) *mix {
	return &mix{random: rand.New(rand.NewPCG(1, uint64(hosts))), hosts: hosts}
}

// next returns a frame, which is valid until the next call.
func (m *mix) next() []byte {
	client, server := m.random.IntN(m.hosts), m.random.IntN(m.hosts)
	toServer := m.random.IntN(2) == 0
	from, to := host{10, 1, client}, host{10, 2, server}
	if !toServer {
		from, to = to, from
	}
	m.frame = append(m.frame[:0], to.mac()...)
	m.frame = append(m.frame, from.mac()...)
	kind := m.random.IntN(100)
	if kind >= 96 {
		m.uint16(0x8100)
		m.uint16(uint16(1 + client%100))
	}
	port := uint16(30000 + client%1000)
	ports := [2]uint16{port, 443}
	if !toServer {
		ports = [2]uint16{443, port}
	}
	switch {
	case kind < 2:
		m.arp(from, to)
	case kind < 6:
		m.ip4(from, to, 1, 64)
		m.echo(56)
	case kind < 25:
		size := m.size()
		m.ip4(from, to, 17, 8+size)
		m.udp(ports, size)
	case kind < 33:
		size := m.size()
		m.ip6(from, to, 17, 8+size)
		m.udp(ports, size)
	default:
		size := m.size()
		m.ip4(from, to, 6, 20+size)
		m.tcp(ports, size)
	}
	return m.frame
}

// size is that of a payload: often none, sometimes a full segment.
func (m *mix) size() int {
	switch n := m.random.IntN(100); {
	case n < 45:
		return 0
	case n < 88:
		return m.random.IntN(400)
	default:
		return 1000 + m.random.IntN(460)
	}
}

// host is an address on one of two networks.
type host struct {
	net, side byte
	number    int
}

func (h host) mac() []byte {
	return []byte{2, h.net, h.side, byte(h.number >> 16), byte(h.number >> 8), byte(h.number)}
}

func (h host) ip4() []byte { return []byte{h.net, h.side, byte(h.number >> 8), byte(h.number)} }

func (m *mix) uint16(v uint16) { m.frame = binary.BigEndian.AppendUint16(m.frame, v) }
func (m *mix) uint32(v uint32) { m.frame = binary.BigEndian.AppendUint32(m.frame, v) }

func (m *mix) arp(from, to host) {
	m.uint16(0x0806)
	m.frame = append(m.frame, 0, 1, 8, 0, 6, 4, 0, byte(1+m.random.IntN(2)))
	m.frame = append(append(append(m.frame, from.mac()...), from.ip4()...), to.mac()...)
	m.frame = append(m.frame, to.ip4()...)
	m.frame = append(m.frame, make([]byte, 18)...)
}

func (m *mix) ip4(from, to host, protocol byte, size int) {
	m.uint16(0x0800)
	start := len(m.frame)
	m.frame = append(m.frame, 0x45, 0)
	m.uint16(uint16(20 + size))
	m.uint16(uint16(m.random.Uint32()))
	m.frame = append(m.frame, 0x40, 0, 64, protocol, 0, 0)
	m.frame = append(append(m.frame, from.ip4()...), to.ip4()...)
	var sum uint32
	for i := start; i < len(m.frame); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(m.frame[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(m.frame[start+10:], ^uint16(sum>>16+sum))
}

func (m *mix) ip6(from, to host, protocol byte, size int) {
	m.uint16(0x86dd)
	m.uint32(0x60000000)
	m.uint16(uint16(size))
	m.frame = append(m.frame, protocol, 64)
	for _, h := range []host{from, to} {
		m.frame = append(append(m.frame, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), h.ip4()...)
	}
}

func (m *mix) udp(ports [2]uint16, size int) {
	m.uint16(ports[0])
	m.uint16(ports[1])
	m.uint16(uint16(8 + size))
	m.uint16(0)
	m.payload(size)
}

func (m *mix) tcp(ports [2]uint16, size int) {
	m.uint16(ports[0])
	m.uint16(ports[1])
	m.uint32(m.random.Uint32())
	m.uint32(m.random.Uint32())
	m.frame = append(m.frame, 0x50, 0x10)
	if size > 0 {
		m.frame[len(m.frame)-1] = 0x18
	}
	m.uint16(502)
	m.uint32(0)
	m.payload(size)
}

func (m *mix) echo(size int) {
	m.frame = append(m.frame, byte(8*m.random.IntN(2)), 0, 0, 0, 0, 1)
	m.uint16(uint16(m.random.IntN(1000)))
	m.payload(size)
}

func (m *mix) payload(size int) {
	for i := range size {
		m.frame = append(m.frame, byte(i*7))
	}
}
