package lab

import (
	"net/netip"
	"slices"
)

// Route is an entry of a host's routing table.
type Route struct {
	To  netip.Prefix // 0.0.0.0/0 and ::/0 are default routes
	Via netip.Addr   // address of a router on a segment of the host's own
}

// anywhere is what default routes lead to.
var anywhere = map[Versions]netip.Prefix{
	IPv4: netip.PrefixFrom(netip.IPv4Unspecified(), 0), IPv6: netip.PrefixFrom(netip.IPv6Unspecified(), 0),
}

// Routes returns the routes that a host gets besides those to its own segments. IPv4 and
// IPv6 have routes of their own.
//
// If there is one router on the host's segments, it is the host's default route. If there
// are several, the host has none: the choice is its user's. A router has a route to each
// segment that it is not on, over the fewest routers, unless two ways are equally short.
// The sniffer is on every segment and needs no route.
func (t Topology) Routes(host string) []Route {
	if host == SnifferHost {
		return nil
	}
	return append(t.routes(host, IPv4), t.routes(host, IPv6)...)
}

func (t Topology) routes(host string, ip Versions) (routes []Route) {
	ways := t.waysOut(host, ip)
	if !t.IsRouter(host) {
		if len(ways) == 1 {
			return []Route{{anywhere[ip], ways[0].via}}
		}
		return nil
	}
	own := t.distances(t.On(host), ip)
	for i := range own {
		if own[i] == 0 {
			continue
		}
		if via := shortest(ways, i); via.IsValid() {
			routes = append(routes, Route{t.subnet(i, ip), via})
		}
	}
	return routes
}

// subnet is that of a segment which has a version of IP.
func (t Topology) subnet(segment int, ip Versions) netip.Prefix {
	for _, s := range t.Subnets(segment) {
		if version(s.Addr()) == ip {
			return s
		}
	}
	return netip.Prefix{}
}

// wayOut is a router on a segment of a host's own.
type wayOut struct {
	via netip.Addr
	far []int // how many routers behind it each segment is
}

func (t Topology) waysOut(host string, ip Versions) (ways []wayOut) {
	if len(t.Routers) == 0 {
		return nil
	}
	numbers := t.numbers()
	for _, i := range t.On(host) {
		if t.versions(i)&ip == 0 {
			continue
		}
		for _, router := range t.SegmentHosts(i) {
			if router != host && t.IsRouter(router) {
				via, _ := t.address(i, t.subnet(i, ip), router, numbers)
				ways = append(ways, wayOut{via, t.distances(t.On(router), ip)})
			}
		}
	}
	return ways
}

// shortest returns the way to a segment that is shorter than all others; not a valid
// address where there is none.
func shortest(ways []wayOut, segment int) (via netip.Addr) {
	least := unreachable
	for _, w := range ways {
		switch far := w.far[segment]; {
		case far < least:
			least, via = far, w.via
		case far == least:
			via = netip.Addr{}
		}
	}
	return via
}

// unreachable is the distance of a segment to which no routers lead.
const unreachable = MaxSegments + 1

// distances returns how many routers each segment is away from some of them, over
// segments with a version of IP.
func (t Topology) distances(from []int, ip Versions) []int {
	far := make([]int, len(t.SegmentNames()))
	for i := range far {
		far[i] = unreachable
	}
	from = slices.DeleteFunc(slices.Clone(from), func(i int) bool { return t.versions(i)&ip == 0 })
	for _, i := range from {
		far[i] = 0
	}
	for reached := from; len(reached) > 0; {
		var next []int
		for _, i := range reached {
			for _, host := range t.SegmentHosts(i) {
				if !t.IsRouter(host) {
					continue
				}
				for _, j := range t.On(host) {
					if far[j] == unreachable && t.versions(j)&ip != 0 {
						far[j] = far[i] + 1
						next = append(next, j)
					}
				}
			}
		}
		reached = next
	}
	return far
}
