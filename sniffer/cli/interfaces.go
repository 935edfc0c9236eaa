package cli

import (
	"net"
	"net/netip"
	"strings"
)

// defaultRoute returns the interface by which packets to the world leave, nil
// if there is none. Connecting a UDP socket makes the kernel choose a route
// and a source address, and sends nothing.
func defaultRoute(all []net.Interface) *net.Interface {
	// Addresses of the documentation (RFC 5737, RFC 3849), which nobody has.
	for _, world := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		conn, err := net.Dial("udp", world)
		if err != nil {
			continue
		}
		local, err := netip.ParseAddrPort(conn.LocalAddr().String())
		_ = conn.Close()
		if err != nil {
			continue
		}
		for i := range all {
			addrs, err := all[i].Addrs()
			if err != nil {
				continue
			}
			for _, a := range addrs {
				prefix, err := netip.ParsePrefix(a.String())
				if err == nil && prefix.Addr() == local.Addr().Unmap() {
					return &all[i]
				}
			}
		}
	}
	return nil
}

func nameAll(all []net.Interface) string {
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	return strings.Join(names, ", ")
}
