package trace

import (
	"maps"
	"net/netip"
	"slices"

	"wirelab/sniffer"
)

// Names that Hosts uses for senders that are no hosts of the lab. No host can have
// one of them as its name.
const (
	Machine  = "_machine" // the machine that carries the lab: its bridge and its ends of the cables
	Stranger = "?"        // a hardware address that no port of the lab has
)

// SnifferHost is the host on which the capture runs. Every topology has it.
const SnifferHost = "sniffer"

// Hosts says which host is which.
//
// A lab knows the hardware address of each of its hosts' ports. A frame is the host's from
// whose port it came, whatever IP address it claims. A file made elsewhere has no ports:
// there a frame is the host's that has its source IP address.
type Hosts struct {
	Names sniffer.Names          // names of hosts by IP address
	Ports map[sniffer.MAC]string // names of hosts by hardware address; empty if ports are not known

	// Segments are the names of the segments if there are several. The Interface of a
	// packet is an index into it then.
	Segments []string
	// Devices maps the names of the capture's interfaces to those of segments. If it is
	// nil, an interface has the name of its segment, as in a file that Write wrote.
	Devices map[string]string
	Routers []string // hosts that forward the packets of others
	// PortOn and AddrOn are the segments, by index, of hardware and IP addresses. An
	// address that is missing may be on any segment. Those of a file are learnt from the
	// markers of the barrier "start".
	PortOn map[sniffer.MAC]int
	AddrOn map[netip.Addr]int
}

// Several reports whether the lab has several segments.
func (h Hosts) Several() bool { return len(h.Segments) > 1 }

// segment is the index of a packet's segment, 0 where there is one alone.
func (h Hosts) segment(p *sniffer.Packet) int {
	if !h.Several() {
		return 0
	}
	return p.Interface
}

// SegmentOf returns the name of a packet's segment. It is "" if the lab has one segment,
// or if the packet's interface is on none of them.
func (h Hosts) SegmentOf(p *sniffer.Packet) string {
	if !h.Several() || p.Interface >= len(h.Segments) {
		return ""
	}
	return h.Segments[p.Interface]
}

// port is the host that has a hardware address on the segment of a packet, "" for none.
func (h Hosts) port(mac sniffer.MAC, p *sniffer.Packet) string {
	if on, known := h.PortOn[mac]; known && on != h.segment(p) {
		return ""
	}
	return h.Ports[mac]
}

// place is a host on one of its segments.
type place struct {
	host    string
	segment int
}

// place is where a packet was sent.
func (h Hosts) place(p *sniffer.Packet) place { return place{h.Sender(p), h.segment(p)} }

// describe names a place, with its segment where there are several: "gateway (dmz)".
func (h Hosts) describe(at place) string {
	if !h.Several() || at.segment >= len(h.Segments) {
		return at.host
	}
	return at.host + " (" + h.Segments[at.segment] + ")"
}

// routed reports whether the port of a packet's segment may send, or be sent, packets
// with an address that is not its own: it is a router's, and nobody on the segment has
// the address. Whether it was handed what it sends, Recording.forwarded tells.
func (h Hosts) routed(p *sniffer.Packet, port string, addr netip.Addr) bool {
	if !slices.Contains(h.Routers, port) || p.Has(sniffer.ARP) || p.Has(sniffer.RARP) || p.NDP() {
		return false
	}
	on, known := h.AddrOn[addr]
	return !known || on != h.segment(p)
}

// ByPort reports whether senders are known by their ports, and not by their IP addresses.
func (h Hosts) ByPort() bool { return len(h.Ports) > 0 }

// Nameless returns the IP addresses without a name from which packets came, at most 8, in
// the order of the recording.
func (r *Recording) Nameless() []string {
	const most = 8
	var found []string
	seen := map[netip.Addr]bool{}
	for p := range r.ends() {
		src := p.Src
		if !src.IsValid() || src.IsUnspecified() || seen[src] || len(found) == most {
			continue
		}
		seen[src] = true
		if _, named := r.Hosts.Names[src]; !named {
			found = append(found, src.String())
		}
	}
	return found
}

// Unseen returns the addresses in names that no packet has, in ascending order.
func (r *Recording) Unseen(names sniffer.Names) []netip.Addr {
	missing := maps.Clone(names)
	for p := range r.ends() {
		for ; p != nil; p = p.Inner {
			for _, addr := range []netip.Addr{p.Src, p.Dst, p.ARPSender, p.ARPTarget} {
				delete(missing, addr)
			}
		}
		if len(missing) == 0 {
			break
		}
	}
	return slices.SortedFunc(maps.Keys(missing), netip.Addr.Compare)
}

// Known reports whether packets of the host of that name can be told from others.
func (h Hosts) Known(name string) bool {
	for _, n := range h.Ports {
		if n == name {
			return true
		}
	}
	if h.ByPort() {
		return false
	}
	for _, n := range h.Names {
		if n == name {
			return true
		}
	}
	return false
}

// Sender returns the host that sent a packet, or Machine or Stranger. If hosts are known
// by their addresses, it returns "" for a packet that is from none of them.
func (h Hosts) Sender(p *sniffer.Packet) string {
	if h.ByPort() {
		name := h.port(p.SrcMAC, p)
		// The sniffer's own frames leave its port: what comes in with its
		// address is somebody else's.
		if name == "" || name == SnifferHost && p.Direction == sniffer.In {
			return Stranger
		}
		return name
	}
	from, _ := addresses(p)
	return h.Names[from]
}

// addresses are what a packet claims of its ends. Of neighbor discovery they are those
// that it is about, as of ARP: who advertises another's address claims to be that other.
func addresses(p *sniffer.Packet) (from, to netip.Addr) {
	if p.Has(sniffer.ARP) || p.Has(sniffer.RARP) {
		return p.ARPSender, p.ARPTarget
	}
	n, ok := p.Neighbor()
	switch {
	case ok && p.ICMPType == sniffer.NDPNeighborAdvertisement:
		return n.Target, p.Dst
	case ok:
		return p.Src, n.Target
	}
	return p.Src, p.Dst
}

// from is the sender as a line of a trace names it: by its IP address, and
// behind an @ by its port where the two do not belong together. What a router
// forwards belongs to it.
func (r *Recording) from(p *sniffer.Packet) string {
	h := r.Hosts
	addr, _ := addresses(p)
	claimed := h.name(addr)
	if !h.ByPort() {
		if claimed == "" {
			return p.SrcMAC.String()
		}
		return claimed
	}
	owner := h.Sender(p)
	if owner == Stranger && claimed == "" {
		return p.SrcMAC.String() + "@" + Stranger
	}
	if claimed == "" || claimed == owner {
		return owner
	}
	if h.routed(p, owner, addr) && r.forwarded(p, owner) {
		return claimed
	}
	return claimed + "@" + owner
}

// to is the receiver as a line of a trace names it: by its IP address, and behind an
// @ by its port where the frame does not go to the host of that address.
func (h Hosts) to(p *sniffer.Packet) string {
	_, addr := addresses(p)
	port := h.port(p.DstMAC, p)
	_, neighbor := p.Neighbor()
	switch {
	case p.DstMAC == sniffer.Broadcast || neighbor && p.DstMAC.Multicast():
		return "*"
	case h.routed(p, port, addr) && h.name(addr) != "":
		return h.name(addr)
	case h.ByPort() && !p.DstMAC.Multicast() && h.Names[addr] != "" && h.Known(h.Names[addr]) && port != h.Names[addr]:
		if port == "" {
			port = Stranger
		}
		return h.Names[addr] + "@" + port
	case h.name(addr) != "":
		return h.name(addr)
	case port != "":
		return port
	}
	return p.DstMAC.String()
}

// name is a host's name or the address itself; "" for none and for the
// unspecified address, with which a host says that it has none yet.
func (h Hosts) name(a netip.Addr) string {
	switch n := h.Names[a]; {
	case n != "":
		return n
	case !a.IsValid() || a.IsUnspecified():
		return ""
	}
	return a.String()
}

// Ends returns the hosts at the two ends of a frame. If ports are known, they are the
// hosts whose ports sent the frame and get it, whatever addresses it claims; Stranger
// stands for an unknown port. Otherwise they are the hosts that have the packet's
// addresses, "" for none. In both cases to is "*" for a broadcast or multicast.
func (h Hosts) Ends(p *sniffer.Packet) (from, to string) {
	if !h.ByPort() {
		src, dst := addresses(p)
		from, to = h.Names[src], h.Names[dst]
	} else if from, to = h.Sender(p), h.port(p.DstMAC, p); to == "" {
		to = Stranger
	}
	if p.DstMAC.Multicast() {
		to = "*"
	}
	return from, to
}
