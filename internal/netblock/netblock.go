// Package netblock says which IP addresses count as one where something is limited
// for each address.
package netblock

import "net/netip"

// Of returns the prefix that counts as one address. For IPv6 it is the /64, since a
// machine has all its addresses, but for link-local ones, where every machine shares
// one prefix. An address that is not valid has the zero Prefix.
func Of(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() && !a.IsLinkLocalUnicast() && !a.IsLoopback() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // it fails for the zero Addr alone
	return p
}
