package filter

import (
	"strconv"
	"strings"
	"wirelab/internal/i18n"
)

// ports are those from first to last, of a protocol or protoUnknown.
type ports struct{ first, last, proto uint32 }

// port tests the ports of TCP, UDP and SCTP.
func (g *generator) port(a address) *condition {
	wanted, ok := map[string]uint32{"": protoUnknown, "tcp": protoTCP, "udp": protoUDP, "sctp": protoSCTP}[a.q.proto]
	if !ok {
		return g.failMsg(a.q.pos, "filter.port.none", "Word", a.q.proto)
	}
	r, msg := portsOf(a)
	if !msg.IsZero() {
		return g.refuse(a.pos, msg)
	}
	switch {
	case wanted == protoUnknown:
		wanted = r.proto
	case r.proto != protoUnknown && r.proto != wanted:
		return g.failMsg(a.pos, "filter.port.protocol", "Word", a.text, "Protocol", a.q.proto)
	}
	numbers := []uint32{wanted}
	if wanted == protoUnknown {
		numbers = []uint32{protoSCTP, protoTCP, protoUDP}
	}
	return anyOf(
		all(g.payloadIs(a.q.pos, etherIPv6), g.eachProto(numbers, func(number uint32) *condition {
			return all(g.equals(g.payload(6, 1), number), g.ports(a, r, func(offset uint32) *value { return g.payload(40+offset, 2) }))
		})),
		all(g.payloadIs(a.q.pos, etherIPv4), g.eachProto(numbers, func(number uint32) *condition {
			return all(g.equals(g.payload(9, 1), number), g.firstFragment(),
				g.ports(a, r, func(offset uint32) *value { return g.values.indirect(g.header(), g.link.payload+offset, 2) }))
		})))
}

func (g *generator) eachProto(numbers []uint32, of func(number uint32) *condition) *condition {
	var either []*condition
	for _, number := range numbers {
		either = append(either, of(number))
	}
	return anyOf(either...)
}

// ports tests the source port, which a header begins with, and the
// destination port behind it.
func (g *generator) ports(a address, r ports, load func(offset uint32) *value) *condition {
	return directed(a.q.dir, func(source bool) *condition {
		offset := uint32(2)
		if source {
			offset = 0
		}
		if a.q.kind == "port" {
			return g.equals(load(offset), r.first)
		}
		return all(g.test(load(offset), atLeast, r.first), not(g.test(load(offset), greater, r.last)))
	})
}

// portsOf reads a number or name, or behind "portrange" two with a hyphen
// between them; msg is what is wrong.
func portsOf(a address) (r ports, msg i18n.Message) {
	if a.kind == tokNumber {
		if a.num > 0xffff {
			return r, i18n.Msg("filter.port.large")
		}
		return ports{first: a.num, last: a.num}, i18n.Message{}
	}
	if s, ok := services[a.text]; ok && a.q.kind == "port" {
		return ports{s.port, s.port, s.proto}, i18n.Message{}
	}
	first, last, isRange := strings.Cut(a.text, "-")
	switch {
	case a.q.kind == "portrange" && !isRange:
		return r, reasonMsg("filter.port.range", "Word", a.text)
	case a.q.kind != "portrange" || a.kind != tokName:
		return r, reasonMsg("filter.port.unknown", "Word", a.text)
	}
	from, ok := portEnd(first)
	to, ok2 := portEnd(last)
	if !ok || !ok2 {
		return r, reasonMsg("filter.port.range", "Word", a.text)
	}
	r = ports{first: min(from.first, to.first), last: max(from.first, to.first)}
	if from.proto == to.proto {
		r.proto = from.proto
	}
	return r, i18n.Message{}
}

func portEnd(text string) (ports, bool) {
	if s, ok := services[text]; ok {
		return ports{s.port, s.port, s.proto}, true
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return ports{first: uint32(n), last: uint32(n)}, err == nil
}

// proto tests protocol numbers.
func (g *generator) proto(a address) *condition {
	numbers, largest := protocolNumbers, uint32(0xff)
	if a.q.proto == "ether" {
		numbers, largest = etherTypes, 0xffff
	}
	n := a.num
	if a.kind == tokName {
		var ok bool
		if n, ok = numbers[a.text]; !ok {
			return g.failMsg(a.pos, "filter.protocol.unknown", "Word", a.text)
		}
	} else if a.kind != tokNumber {
		return g.failMsg(a.pos, "filter.protocol.form", "Word", a.text)
	}
	if n > largest {
		return g.failMsg(a.pos, "filter.protocol.large", "Most", largest)
	}
	if a.q.kind == "protochain" {
		return g.protochain(a.q, n)
	}
	switch a.q.proto {
	case "ether":
		return g.payloadIs(a.pos, n)
	case "ip":
		return g.ipv4Proto(a.q.pos, n)
	case "ip6":
		return g.ipv6Proto(a.q.pos, n)
	case "":
		return g.ipProto(a.q.pos, n)
	}
	return g.failMsg(a.q.pos, "filter.protocol.none", "Word", a.q.proto)
}
