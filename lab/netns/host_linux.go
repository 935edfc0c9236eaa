package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/internal/rtnl"
	"wirelab/lab"
	"wirelab/lab/segment"
	"wirelab/sniffer"
)

type host struct {
	name   string
	prefix netip.Prefix
	mac    net.HardwareAddr
	ns     int // descriptor of its network namespace, which keeps it alive
}

// configure makes the host's devices, in its namespace, on its thread.
func (h *host) configure(port string, root int) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: deviceName, HardwareAddr: h.mac},
		PeerName:      port,
		PeerNamespace: netlink.NsFd(root),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make the veth pair: %w", err)
	}
	eth0, err := netlink.LinkByName(deviceName)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetIP6AddrGenMode(eth0, addrGenNone); err != nil {
		return fmt.Errorf("silence %s: %w", deviceName, err)
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: h.prefix.Addr().AsSlice(), Mask: net.CIDRMask(h.prefix.Bits(), 32)}}
	if err := netlink.AddrAdd(eth0, addr); err != nil {
		return fmt.Errorf("address %s: %w", h.prefix, err)
	}
	if err := offloadsOff(eth0); err != nil {
		return err
	}
	// Not asked again while the lab lives: a unicast probe five seconds after
	// the last use depends on time, not on the lesson (arp(7)).
	if err := setSysctl("net/ipv4/neigh/"+deviceName+"/delay_first_probe_time", "3600"); err != nil {
		return err
	}
	// A new namespace copies the machine's setting, which often is 1.
	if err := setSysctl("net/ipv4/ip_forward", "0"); err != nil {
		return err
	}
	if err := forwardingOff(eth0); err != nil {
		return err
	}
	// ping without privileges, for programs that want it so (icmp(7)).
	if err := setSysctl("net/ipv4/ping_group_range", "0 0"); err != nil {
		return err
	}
	return netlink.LinkSetUp(eth0)
}

// forwardingOff sets what the sysctl conf.eth0.forwarding does, by netlink: in a
// container /proc/sys cannot be written (rtnetlink(7), IFLA_AF_SPEC).
func forwardingOff(link netlink.Link) error {
	const devconfForwarding = 1 // IPV4_DEVCONF_FORWARDING, linux/ip.h
	const inetConf = 1          // IFLA_INET_CONF, linux/if_link.h
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(link.Attrs().Index)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	spec.AddRtAttr(unix.AF_INET, nil).AddRtAttr(inetConf, nil).AddRtAttr(devconfForwarding, nl.Uint32Attr(0))
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	request.AddData(message)
	request.AddData(spec)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("forwarding of %s off: %w", link.Attrs().Name, err)
	}
	return nil
}

// offloadsOff makes a link carry what a wire would: frames of MTU size, with
// right checksums.
func offloadsOff(link netlink.Link) error {
	offloads, err := segment.OpenOffloads()
	if err != nil {
		return err
	}
	defer offloads.Close()
	return offloads.Off(link.Attrs())
}

// setSysctl writes a sysctl of the thread's network namespace. Where /proc/sys
// cannot be written, as in most containers, the lab does without.
func setSysctl(name, value string) error {
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// port returns the host's port as it was made.
func (h *host) port() lab.Port {
	return lab.Port{Device: deviceName, Segment: lab.DefaultSegment, MAC: sniffer.MAC(h.mac), Addrs: []netip.Prefix{h.prefix}}
}

// flushNeighbours deletes what the host has learnt of its neighbours.
func (h *host) flushNeighbours() error {
	return h.do(func() error {
		entries, err := rtnl.Dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, netlink.FAMILY_V4) })
		if err != nil {
			return fmt.Errorf("read the neighbour cache: %w", err)
		}
		for _, e := range entries {
			if e.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
				continue
			}
			if err := netlink.NeighDel(&e); err != nil && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("forget neighbour %s: %w", e.IP, err)
			}
		}
		return nil
	})
}

// do calls f on a thread that is in the host's network namespace and, so that
// the host's name is its own, in a new UTS namespace.
func (h *host) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace of %s: %w", h.name, err)
		}
		if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
			return fmt.Errorf("new UTS namespace: %w", err)
		}
		if err := unix.Sethostname([]byte(h.name)); err != nil {
			return fmt.Errorf("set host name: %w", err)
		}
		return f()
	})
}
