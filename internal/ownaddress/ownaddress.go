// Package ownaddress finds the address by which others on the network reach this machine.
package ownaddress

import (
	"errors"
	"net"
	"net/netip"
)

// ErrNone is returned where this machine is on no network.
var ErrNone = errors.New("this machine has no address on a network")

// Find returns the address from which this machine would reach others, or else the first
// private one of an interface. It sends nothing. The error is ErrNone, or the system's.
func Find() (netip.Addr, error) {
	// Connecting a UDP socket sends nothing. The addresses are for documentation (RFC
	// 5737, RFC 3849): only the route to anywhere counts.
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		c, err := net.Dial("udp", to)
		if err != nil {
			continue
		}
		a, err := netip.ParseAddrPort(c.LocalAddr().String())
		c.Close()
		if err == nil && !a.Addr().IsLoopback() && !a.Addr().IsLinkLocalUnicast() {
			return a.Addr().Unmap(), nil
		}
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, each := range addresses {
		if p, err := netip.ParsePrefix(each.String()); err == nil && p.Addr().Unmap().IsPrivate() {
			return p.Addr().Unmap(), nil
		}
	}
	return netip.Addr{}, ErrNone
}
