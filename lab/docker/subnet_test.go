package docker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"

	"github.com/moby/moby/client"
)

// pools are the private ranges (RFC 1918) in the order in which they are
// tried. A VPN often takes all of 10.0.0.0/8.
var pools = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// freeSubnet picks a /24 at random that no Docker network and no route of
// this machine uses. Another lab may pick the same before it is created: the
// daemon refuses the second, who tries again.
func freeSubnet(ctx context.Context, cli *client.Client) (netip.Prefix, error) {
	used, err := routes()
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list routes: %w", err)
	}
	networks, err := cli.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks.Items {
		for _, c := range n.IPAM.Config {
			used = append(used, c.Subnet)
		}
	}
	return pickSubnet(used, rand.Uint32)
}

func pickSubnet(used []netip.Prefix, random func() uint32) (netip.Prefix, error) {
	for _, pool := range pools {
		for range 100 {
			if subnet := randomSubnet(pool, random()); !overlapsAny(subnet, used) {
				return subnet, nil
			}
		}
	}
	return netip.Prefix{}, errors.New("no free subnet: routes or Docker networks take all private addresses")
}

// randomSubnet returns one of the pool's subnets of 256 addresses.
func randomSubnet(pool netip.Prefix, random uint32) netip.Prefix {
	base := pool.Addr().As4()
	n := uint32(base[0])<<16 | uint32(base[1])<<8 | uint32(base[2])
	n |= random & (1<<(24-pool.Bits()) - 1)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 16), byte(n >> 8), byte(n), 0}), 24)
}

func overlapsAny(p netip.Prefix, others []netip.Prefix) bool {
	for _, o := range others {
		if p.Overlaps(o) {
			return true
		}
	}
	return false
}

// gateway is the address of the host's end of the bridge, the last one: the
// hosts count from .10 (lab.Address).
func gateway(subnet netip.Prefix) netip.Addr {
	a := subnet.Addr().As4()
	a[3] = 254
	return netip.AddrFrom4(a)
}

// prefixOf converts a prefix of package net; false for IPv6 and for the
// default route, which every subnet overlaps.
func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP.To4())
	bits, size := n.Mask.Size()
	if !ok || bits == 0 || size != 32 {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, bits).Masked(), true
}
