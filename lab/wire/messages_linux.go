package wire

import (
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/lab"
)

// The requests that make a lab's devices (rtnetlink(7)). They name devices where the kernel
// takes names: it is asked for an index once.

// veth asks for a device whose other end is the named port in the network namespace that
// the descriptor machine is of.
func veth(p lab.Port, port string, machine int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	r.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	r.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(p.Device)))
	r.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, p.MAC[:]))
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("veth"))
	peer := info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.VETH_INFO_PEER, nil)
	nl.NewIfInfomsgChild(peer, unix.AF_UNSPEC)
	peer.AddRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(port))
	peer.AddRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(machine)))
	r.AddData(info)
	return r
}

// change begins a request about the device of a name.
func change(device string) (*nl.NetlinkRequest, *nl.IfInfomsg) {
	r, of := nl.NewNetlinkRequest(unix.RTM_SETLINK, 0), nl.NewIfInfomsg(unix.AF_UNSPEC)
	r.AddData(of)
	r.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(device)))
	return r, of
}

// up asks that a device is up.
func up(device string) *nl.NetlinkRequest {
	r, of := change(device)
	of.Flags, of.Change = unix.IFF_UP, unix.IFF_UP
	return r
}

// plug asks that a device is a port of the bridge of an index, and up.
func plug(device string, bridge int) *nl.NetlinkRequest {
	r := up(device)
	r.AddData(nl.NewRtAttr(unix.IFLA_MASTER, nl.Uint32Attr(uint32(bridge))))
	return r
}

// silence keeps a device from making an IPv6 link-local address, and so from sending
// anything by itself (linux/if_link.h, IN6_ADDR_GEN_MODE_NONE).
func silence(device string) *nl.NetlinkRequest {
	const none = 1
	r, _ := change(device)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	spec.AddRtAttr(unix.AF_INET6, nil).AddRtAttr(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{none})
	r.AddData(spec)
	return r
}

// The settings of a device that are made by netlink (linux/ip.h, IPV4_DEVCONF_).
const (
	devconfForwarding    = 1
	devconfSendRedirects = 6
	devconfRPFilter      = 8
)

// configureIPv4 asks for what the sysctls conf.eth0.forwarding and so on do: in a container
// /proc/sys cannot be written (rtnetlink(7), IFLA_AF_SPEC).
func configureIPv4(device string, settings map[int]uint32) *nl.NetlinkRequest {
	const inetConf = 1 // IFLA_INET_CONF, linux/if_link.h
	r, _ := change(device)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	conf := spec.AddRtAttr(unix.AF_INET, nil).AddRtAttr(inetConf, nil)
	for setting, value := range settings {
		conf.AddRtAttr(setting, nl.Uint32Attr(value))
	}
	r.AddData(spec)
	return r
}

// address asks that the device of an index has an address, for which it asks nobody.
func address(device int, prefix netip.Prefix) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	to, of := family(prefix.Addr())
	message := nl.NewIfAddrmsg(of)
	message.Index, message.Prefixlen = uint32(device), uint8(prefix.Bits())
	r.AddData(message)
	r.AddData(nl.NewRtAttr(unix.IFA_LOCAL, to))
	r.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, to))
	if of == unix.AF_INET6 {
		message.IfAddrmsg.Flags = unix.IFA_F_NODAD
		return r
	}
	if prefix.Bits() <= 30 { // a network of two has no broadcast address (RFC 3021)
		broadcast := slices.Clone(to)
		for i, m := range net.CIDRMask(prefix.Bits(), 32) {
			broadcast[i] |= ^m
		}
		r.AddData(nl.NewRtAttr(unix.IFA_BROADCAST, broadcast))
	}
	return r
}

// route asks for a route.
func route(to lab.Route) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	via, of := family(to.Via)
	message := nl.NewRtMsg()
	message.Family, message.Dst_len = uint8(of), uint8(to.To.Bits())
	r.AddData(message)
	destination, _ := family(to.To.Addr())
	r.AddData(nl.NewRtAttr(unix.RTA_DST, destination))
	r.AddData(nl.NewRtAttr(unix.RTA_GATEWAY, via))
	return r
}

// family returns the bytes of an address and its family.
func family(a netip.Addr) (bytes []byte, number int) {
	if a.Is6() {
		return a.AsSlice(), unix.AF_INET6
	}
	return a.AsSlice(), unix.AF_INET
}

// seldom is so long, in milliseconds, that no lab lives to see it.
const seldom = 3_600_000

// probeSeldom asks how long after the last use of a neighbour's address the device of an
// index asks that neighbour whether it still has it, in a neighbour table (the sysctl
// neigh.eth0.delay_first_probe_time).
func probeSeldom(device int, table string) *nl.NetlinkRequest {
	const (
		tableName, tableParms         = 1, 6 // NDTA_NAME, NDTA_PARMS
		parmsIndex, parmsDelayOfProbe = 1, 7 // NDTPA_IFINDEX, NDTPA_DELAY_PROBE_TIME
	)
	r := nl.NewNetlinkRequest(unix.RTM_SETNEIGHTBL, 0)
	r.AddData(ndtmsg{}) // of any family
	r.AddData(nl.NewRtAttr(tableName, nl.ZeroTerminated(table)))
	parms := nl.NewRtAttr(tableParms|unix.NLA_F_NESTED, nil)
	parms.AddRtAttr(parmsIndex, nl.Uint32Attr(uint32(device)))
	parms.AddRtAttr(parmsDelayOfProbe, nl.Uint64Attr(seldom))
	r.AddData(parms)
	return r
}

// ndtmsg is the header of a message about neighbour tables (struct ndtmsg of
// linux/neighbour.h), all zeros.
type ndtmsg struct{}

// Len implements nl.NetlinkRequestData.
func (ndtmsg) Len() int { return 4 }

// Serialize implements nl.NetlinkRequestData.
func (ndtmsg) Serialize() []byte { return make([]byte, 4) }
