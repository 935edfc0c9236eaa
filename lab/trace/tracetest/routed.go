package tracetest

import (
	"net/netip"
	"testing"

	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// routedAddresses are what a routed Wire has besides client1, client2 and the sniffer: the
// router's ports and a server behind it. A name up to its dot is the host's.
var routedAddresses = map[string]netip.Addr{
	"gateway.lan": netip.MustParseAddr("10.0.0.9"),
	"gateway.dmz": netip.MustParseAddr("10.0.1.9"),
	"web":         netip.MustParseAddr("10.0.1.2"),
}

// The segments of a routed Wire.
const (
	LAN = iota
	DMZ
)

// RoutedPlan is that of a routed Wire.
var RoutedPlan = trace.Plan{
	Hosts: []string{"client1", "client2", "gateway", "web"},
	On:    map[string][]int{"client1": {LAN}, "client2": {LAN}, "gateway": {LAN, DMZ}, "web": {DMZ}},
}

// NewRouted returns a Wire of two segments, lan with client1, client2 and gateway, and dmz
// with gateway, a router, and web. Frames are sent on the one that On says.
func NewRouted(t testing.TB) *Wire {
	names, ports := sniffer.Names{}, map[sniffer.MAC]string{}
	portOn, addrOn := map[sniffer.MAC]int{}, map[netip.Addr]int{}
	for label, name := range map[string]string{"client1": "client1", "client2": "client2", "gateway.lan": "gateway", "gateway.dmz": "gateway", "web": "web"} {
		addr, mac := Addr(label), MAC(label)
		names[addr], ports[mac] = name, name
		portOn[mac] = int(addr.As4()[2])
		addrOn[addr] = portOn[mac]
	}
	return &Wire{t: t, Recording: trace.New(trace.Hosts{
		Names: names, Ports: ports, Segments: []string{"lan", "dmz"}, Routers: []string{"gateway"}, PortOn: portOn, AddrOn: addrOn,
	})}
}

// NewRouted6 is NewRouted of segments that have IPv6.
func NewRouted6(t testing.TB) *Wire {
	w := NewRouted(t)
	w.V6 = true
	for _, label := range []string{"client1", "client2", "gateway.lan", "gateway.dmz", "web"} {
		addr := Addr6(label)
		w.Hosts.Names[addr], w.Hosts.AddrOn[addr] = w.Hosts.Ports[MAC(label)], w.Hosts.PortOn[MAC(label)]
	}
	return w
}

// RoutedBarrier lets every host of a routed Wire set a marker on each of its segments.
func (w *Wire) RoutedBarrier(label string) {
	for _, at := range []struct {
		on         int
		port, host string
	}{{LAN, "client1", "client1"}, {LAN, "client2", "client2"}, {LAN, "gateway.lan", "gateway"}, {DMZ, "gateway.dmz", "gateway"}, {DMZ, "web", "web"}} {
		w.MarkAs(label, at.on, at.port, at.host)
	}
}

// MarkAs lets a port set a marker in a host's name.
func (w *Wire) MarkAs(label string, on int, port, host string) {
	before := w.On
	w.On = on
	w.UDP(port, "*", 9, trace.MarkerPort, string(trace.Marker{Label: label, Host: host, Counted: w.Counts != nil, Sent: w.Counts[port]}.Payload()))
	w.On = before
}
