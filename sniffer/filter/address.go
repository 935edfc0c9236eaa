package filter

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/suggest"
)

// address tests for what an address, port or number is said to be.
func (g *generator) address(a address) *condition {
	switch a.q.kind {
	case "port", "portrange":
		return g.port(a)
	case "proto", "protochain":
		return g.proto(a)
	}
	switch a.kind {
	case tokMAC:
		return g.mac(a)
	case tokIPv6:
		return g.ipv6Net(a, a.addr, prefixOr(a.operand, 128))
	case tokIPv4, tokNumber:
		if addr, bits, ok := g.ipv4(a); ok {
			return g.ipv4Net(a, addr, bits)
		}
		return never()
	}
	return g.named(a)
}

func prefixOr(o operand, whole int) int {
	if o.prefix < 0 {
		return whole
	}
	return o.prefix
}

// mac tests Ethernet addresses.
func (g *generator) mac(a address) *condition {
	switch {
	case a.q.proto != "ether" || a.q.kind == "net":
		return g.failMsg(a.pos, "filter.ether.needs")
	case !g.isEthernet():
		return g.failMsg(a.q.pos, "filter.ether.frames")
	}
	return g.ethernetAddress(a.q.dir, a.mac)
}

// named tests for a host that the caller knows.
func (g *generator) named(a address) *condition {
	if a.q.kind == "net" || a.q.proto == "ether" {
		return g.failMsg(a.pos, "filter.name.only", "Word", a.text)
	}
	addrs := g.hosts[a.text]
	if len(addrs) == 0 {
		return g.unknownHost(a)
	}
	var either []*condition
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.Is4() {
			either = append(either, g.ipv4Net(a, binary.BigEndian.Uint32(addr.AsSlice()), 0xffffffff))
		} else {
			either = append(either, g.ipv6Net(a, addr, 128))
		}
	}
	return anyOf(either...)
}

// unknownHost refuses the name of a host that nobody has given.
func (g *generator) unknownHost(a address) *condition {
	if g.err == nil {
		known := slices.Sorted(maps.Keys(g.hosts))
		nearest := suggest.Nearest(a.text, known, max(1, len(a.text)/4))
		message := reasonMsg("filter.host", "Word", a.text, "Hint", meant(nearest))
		g.err = &UnknownHostError{a.text, nearest, &syntaxError{g.text, a.pos, message}}
	}
	return never()
}

// dotted reads two to four decimal parts and returns how many bits they are.
func dotted(text string) (addr uint32, bits int, ok bool) {
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0, false
		}
		addr, bits = addr<<8|uint32(n), bits+8
	}
	return addr, bits, bits <= 32
}

// ipv4 returns an address and its mask. An address with parts left out is a
// network, also behind "host".
func (g *generator) ipv4(a address) (addr, mask uint32, ok bool) {
	mask = 0xffffffff
	if a.kind == tokNumber {
		// A lone number is the whole address, but for "net", where its
		// leading zero bytes are parts left out.
		addr = a.num
		for a.q.kind == "net" && addr != 0 && addr>>24 == 0 {
			addr, mask = addr<<8, mask<<8
		}
		return addr, mask, true
	}
	addr, bits, ok := dotted(a.text)
	if !ok {
		g.failMsg(a.pos, "filter.ipv4.form", "Word", a.text)
		return 0, 0, false
	}
	addr <<= 32 - bits
	switch {
	case a.prefix < 0 && !a.mask.IsValid():
		return addr, mask << (32 - bits), true
	case a.q.kind != "net":
		g.failMsg(a.maskPos, "filter.mask.net")
	case a.prefix > 32:
		g.failMsg(a.maskPos, "filter.prefix.v4")
	default:
		if a.mask.IsValid() {
			mask = binary.BigEndian.Uint32(a.mask.AsSlice())
		} else {
			mask <<= 32 - a.prefix
		}
		if addr&^mask != 0 {
			g.failMsg(a.pos, "filter.mask.bits", "Word", a.text)
		}
		return addr, mask, true
	}
	return 0, 0, false
}

// ipv4Net tests addresses of IPv4, ARP and RARP (RFC 826, RFC 903).
func (g *generator) ipv4Net(a address, addr, mask uint32) *condition {
	in := func(protocol, source, destination uint32) *condition {
		return directed(a.q.dir, func(isSource bool) *condition {
			offset := destination
			if isSource {
				offset = source
			}
			return all(g.payloadIs(a.q.pos, protocol), g.masked(g.payload(offset, 4), mask, addr))
		})
	}
	switch a.q.proto {
	case "":
		if g.link.labels > 0 { // MPLS carries no ARP that could be told
			return in(etherIPv4, 12, 16)
		}
		return anyOf(in(etherIPv4, 12, 16), in(etherARP, 14, 24), in(etherRARP, 14, 24))
	case "ip":
		return in(etherIPv4, 12, 16)
	case "arp":
		return in(etherARP, 14, 24)
	case "rarp":
		return in(etherRARP, 14, 24)
	}
	return g.failMsg(a.q.pos, "filter.noipv4", "Word", a.q.proto)
}

// ipv6Net tests addresses of IPv6.
func (g *generator) ipv6Net(a address, addr netip.Addr, bits int) *condition {
	switch {
	case a.q.proto != "" && a.q.proto != "ip6":
		return g.failMsg(a.q.pos, "filter.noipv6", "Word", a.q.proto)
	case bits > 128:
		return g.failMsg(a.maskPos, "filter.prefix.v6")
	case bits < 128 && a.q.kind != "net":
		return g.failMsg(a.maskPos, "filter.prefix.net")
	case netip.PrefixFrom(addr, bits).Masked().Addr() != addr:
		return g.failMsg(a.pos, "filter.prefix.bits", "Word", a.text)
	}
	raw := addr.As16()
	return directed(a.q.dir, func(source bool) *condition {
		offset := uint32(24)
		if source {
			offset = 8
		}
		tests := []*condition{g.payloadIs(a.q.pos, etherIPv6)}
		for i := range uint32(4) {
			// A shift by 32 or more leaves nothing.
			mask := uint32(0xffffffff)
			if own := bits - int(32*i); own <= 0 {
				mask = 0
			} else if own < 32 {
				mask <<= 32 - own
			}
			tests = append(tests, g.masked(g.payload(offset+4*i, 4), mask, binary.BigEndian.Uint32(raw[4*i:])))
		}
		return all(tests...)
	})
}
