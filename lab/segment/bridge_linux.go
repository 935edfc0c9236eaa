// Package segment sets what a Linux bridge does with frames: it is what makes
// an Ethernet segment a hub or a switch, for the namespace backend and for the
// hub container alike. It acts in the network namespace of the calling thread.
package segment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
	"wirelab/lab"
	"wirelab/sniffer"
)

// within is how long a bridge may take to learn some addresses, or to forget
// them. It is for what never comes, not for a machine that is busy.
func within(addresses int) time.Duration {
	return 5*time.Second + time.Duration(addresses)*50*time.Millisecond
}

// ageing is how long a bridge remembers a port, in netlink's unit of a
// hundredth of a second (IEEE 802.1D, table 7-5). One that remembers nothing
// floods every frame, as a hub does.
var ageing = map[lab.Mode]uint32{lab.Hub: 0, lab.Switch: 300 * 100}

// Bridge is a bridge and what was found of it.
type Bridge struct {
	found *netlink.Bridge
}

// Open returns a bridge; another kind of interface is an error.
func Open(name string) (*Bridge, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("bridge %s: %w", name, err)
	}
	b, ok := l.(*netlink.Bridge)
	if !ok || b.AgeingTime == nil {
		return nil, fmt.Errorf("%s is a %s, not a bridge", name, l.Type())
	}
	return &Bridge{b}, nil
}

// Index is the bridge's interface index.
func (b *Bridge) Index() int { return b.found.Index }

// Name is the bridge's name.
func (b *Bridge) Name() string { return b.found.Name }

// Found returns the ageing time that Open found; 0 is a hub's.
func (b *Bridge) Found() time.Duration {
	return time.Duration(*b.found.AgeingTime) * 10 * time.Millisecond
}

// IsSet reports whether SetMode had set what Open found: a switch that nobody has set
// snoops for multicast groups.
func (b *Bridge) IsSet() bool {
	snoops := b.found.MulticastSnooping
	return b.Mode() == lab.Hub || snoops != nil && !*snoops
}

// Mode is the mode that Open found.
func (b *Bridge) Mode() lab.Mode {
	if *b.found.AgeingTime == ageing[lab.Hub] {
		return lab.Hub
	}
	return lab.Switch
}

// SetMode returns when the mode is effective, as far as the bridge itself can
// make it so: as a hub when it has forgotten what it had learnt. (What it knows
// it still forwards by, and the kernel clears that a moment after the ageing
// time was set.) A switch has yet to learn: AwaitLearnt.
func (b *Bridge) SetMode(ctx context.Context, mode lab.Mode) error {
	snooping := false // or a multicast frame would not reach every port
	if err := b.set(ageing[mode], &snooping); err != nil || mode == lab.Switch {
		return err
	}
	left, err := b.learnt()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within(len(left)))
	defer cancel()
	if err := poll.Until(ctx, poll.Kernel, func() (done bool, err error) {
		left, err = b.learnt()
		return len(left) == 0, err
	}); err != nil {
		return fmt.Errorf("bridge %s: %w while it still knew %d addresses", b.Name(), err, len(left))
	}
	return nil
}

// Restore sets what Open found. A bridge that is gone is no error.
func (b *Bridge) Restore() error {
	if _, err := netlink.LinkByIndex(b.Index()); err != nil {
		return nil
	}
	return b.set(*b.found.AgeingTime, b.found.MulticastSnooping)
}

func (b *Bridge) set(ageing uint32, snooping *bool) error {
	change := &netlink.Bridge{LinkAttrs: netlink.NewLinkAttrs(), AgeingTime: &ageing, MulticastSnooping: snooping}
	change.Index, change.Name = b.Index(), b.Name()
	if err := netlink.LinkModify(change); err != nil {
		return fmt.Errorf("set bridge %s: %w", b.Name(), err)
	}
	return nil
}

// AwaitLearnt waits until the bridge has learnt the port of each address.
func (b *Bridge) AwaitLearnt(ctx context.Context, macs []net.HardwareAddr) error {
	limit, cancel := context.WithTimeout(ctx, within(len(macs)))
	defer cancel()
	var missing []string
	err := poll.Until(limit, poll.Kernel, func() (bool, error) {
		learnt, err := b.learnt()
		missing = nil
		for _, mac := range macs {
			if !learnt[mac.String()] {
				missing = append(missing, mac.String())
			}
		}
		return len(missing) == 0, err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = i18n.Errmsg("lab.segment.unlearnt", "Bridge", b.Name(), "Addresses", missing, "Time", within(len(macs)))
	}
	return err
}

// learnt returns the addresses that the bridge has learnt from frames.
func (b *Bridge) learnt() (map[string]bool, error) {
	entries, err := rtnl.Dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, unix.AF_BRIDGE) })
	if err != nil {
		return nil, fmt.Errorf("read the forwarding table: %w", err)
	}
	learnt := map[string]bool{}
	for _, e := range entries {
		own := e.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 // of a port itself, or set by hand
		if e.MasterIndex == b.Index() && !own {
			learnt[e.HardwareAddr.String()] = true
		}
	}
	return learnt, nil
}

// MachinePorts returns the hardware addresses of the bridge and of its ports,
// which are the machine's ends of the hosts' cables.
func (b *Bridge) MachinePorts() ([]sniffer.MAC, error) {
	links, err := rtnl.Dump(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list the ports of %s: %w", b.Name(), err)
	}
	var macs []sniffer.MAC
	for _, l := range links {
		a := l.Attrs()
		if (a.Index == b.Index() || a.MasterIndex == b.Index()) && len(a.HardwareAddr) == len(sniffer.MAC{}) {
			macs = append(macs, sniffer.MAC(a.HardwareAddr))
		}
	}
	return macs, nil
}
