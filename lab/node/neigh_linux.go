package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/rtnl"
)

var neighbourStates = []struct {
	bit  int
	name string
}{
	{netlink.NUD_PERMANENT, "PERMANENT"}, {netlink.NUD_NOARP, "NOARP"}, {netlink.NUD_REACHABLE, "REACHABLE"},
	{netlink.NUD_STALE, "STALE"}, {netlink.NUD_DELAY, "DELAY"}, {netlink.NUD_PROBE, "PROBE"},
	{netlink.NUD_INCOMPLETE, "INCOMPLETE"}, {netlink.NUD_FAILED, "FAILED"},
}

func neighbourState(state int) string {
	for _, s := range neighbourStates {
		if state&s.bit != 0 {
			return s.name
		}
	}
	return "NONE"
}

func neighbours(device string) (netlink.Link, []netlink.Neigh, error) {
	l, err := netlink.LinkByName(device)
	if err != nil {
		return nil, nil, exit.UnableMsg("neigh.interface", "Name", device, "Cause", i18n.Original(err))
	}
	entries, err := rtnl.Dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(l.Attrs().Index, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, nil, fmt.Errorf("read the neighbour cache: %w", err)
	}
	// The groups of IPv6 are no neighbours, and their addresses not learnt.
	return l, slices.DeleteFunc(entries, func(e netlink.Neigh) bool { return e.IP.IsMulticast() }), nil
}

// showNeighbours prints address, MAC and state of each entry.
func showNeighbours(out io.Writer, device string) error {
	_, entries, err := neighbours(device)
	if err != nil {
		return err
	}
	for _, e := range entries {
		mac := "-"
		if len(e.HardwareAddr) > 0 {
			mac = e.HardwareAddr.String()
		}
		if _, err := fmt.Fprintf(out, "%s %s %s\n", e.IP, mac, neighbourState(e.State)); err != nil {
			return err
		}
	}
	return nil
}

func addNeighbour(device string, addr netip.Addr, mac net.HardwareAddr) error {
	l, _, err := neighbours(device)
	if err != nil {
		return err
	}
	family := netlink.FAMILY_V4
	if addr.Is6() {
		family = netlink.FAMILY_V6
	}
	err = netlink.NeighSet(&netlink.Neigh{
		LinkIndex: l.Attrs().Index, Family: family, State: netlink.NUD_PERMANENT,
		IP: addr.AsSlice(), HardwareAddr: mac,
	})
	if err != nil {
		return needsAdmin(fmt.Errorf("set neighbour %s: %w", addr, err))
	}
	return nil
}

// FlushNeighbours removes what the host in whose network namespace the calling thread is
// has learnt of its neighbours by a device.
func FlushNeighbours(device string) error {
	_, entries, err := neighbours(device)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
			continue
		}
		// One that the kernel has removed meanwhile is what was wanted.
		if err := netlink.NeighDel(&e); err != nil && !errors.Is(err, unix.ENOENT) {
			return needsAdmin(fmt.Errorf("remove neighbour %s: %w", e.IP, err))
		}
	}
	return nil
}
