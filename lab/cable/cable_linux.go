package cable

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/internal/poll"
	"wirelab/internal/rtnl"
	"wirelab/lab/fault"
	"wirelab/lab/segment"
)

// Cable is a cable between a bridge and the port that leads to a host:
//
//	bridge ── in ══ out ── (user space) ── port ══ host
//
// Without it the port is the bridge's own. Its methods may be called from several
// goroutines at once.
type Cable struct {
	bridge, port, in, out netlink.Link
	near, far             *port // on the host's port, and on out
	down, up              *half // to the host, and from it
	last                  fault.Report
}

// Insert puts a cable in between a bridge and one of its ports, which leads to a host,
// without losing a frame. Marker says of a frame whether it is one of the lab's own, on
// which no rule acts.
func Insert(ctx context.Context, bridge, port string, marker func(frame []byte) bool) (*Cable, error) {
	c := &Cable{}
	if err := c.insert(ctx, bridge, port, marker); err != nil {
		return nil, errors.Join(fmt.Errorf("put a cable in: %w", err), c.discard())
	}
	return c, nil
}

func (c *Cable) insert(ctx context.Context, bridge, port string, marker func([]byte) bool) (err error) {
	if c.bridge, err = netlink.LinkByName(bridge); err != nil {
		return fmt.Errorf("bridge %s: %w", bridge, err)
	}
	if c.port, err = netlink.LinkByName(port); err != nil {
		return fmt.Errorf("port %s: %w", port, err)
	}
	if err := c.makePair(); err != nil {
		return err
	}
	h, err := c.openPorts(ctx, marker)
	if err != nil {
		return err
	}
	defer h.close()
	return c.handOver(ctx, h)
}

// makePair makes the cable's pair of interfaces, silent and without offloads as the
// port is.
func (c *Cable) makePair() (err error) {
	name := c.port.Attrs().Name
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU = "in-"+name, c.port.Attrs().MTU
	// The highest addresses: a bridge takes the lowest of its ports' for its own.
	attributes.HardwareAddr = net.HardwareAddr{0xfe, 0xff, 0xff, 0xff, 0xff, 0xfe}
	pair := &netlink.Veth{LinkAttrs: attributes, PeerName: "out-" + name, PeerHardwareAddr: net.HardwareAddr{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("make the cable's interfaces: %w", err)
	}
	if c.in, err = netlink.LinkByName("in-" + name); err != nil {
		return err
	}
	if c.out, err = netlink.LinkByName("out-" + name); err != nil {
		return err
	}
	const addrGenNone = 1 // IN6_ADDR_GEN_MODE_NONE: no link-local address, and so no frames of its own
	for _, link := range []netlink.Link{c.in, c.out} {
		if err := netlink.LinkSetIP6AddrGenMode(link, addrGenNone); err != nil {
			return fmt.Errorf("silence %s: %w", link.Attrs().Name, err)
		}
		if err := segment.OffloadsOff(link.Attrs().Name); err != nil {
			return err
		}
		if link == c.in {
			if err := netlink.LinkSetMaster(link, c.bridge); err != nil {
				return fmt.Errorf("%s to the bridge: %w", link.Attrs().Name, err)
			}
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("%s up: %w", link.Attrs().Name, err)
		}
	}
	return nil
}

// openPorts opens the cable's sockets and waits until its pair carries frames, which the
// kernel stamps, and the bridge forwards to it.
func (c *Cable) openPorts(ctx context.Context, marker func([]byte) bool) (*handover, error) {
	size := ring{slots: 8192, slot: 2048}
	for size.slot < c.port.Attrs().MTU+slotHead+14+2*tagSize {
		size.slot *= 2
	}
	// Together, since each waits for all CPUs.
	var h *handover
	var opening sync.WaitGroup
	var errs [3]error
	opening.Go(func() { c.far, errs[0] = openPort(interfaceOf(c.out), size) })
	opening.Go(func() { c.near, errs[1] = openPort(interfaceOf(c.port), size) })
	opening.Go(func() { h, errs[2] = openHandover() })
	opening.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		if h != nil {
			err = errors.Join(err, h.close())
		}
		return nil, err
	}
	c.down, c.up = newHalf(c.far, c.near, marker), newHalf(c.near, c.far, marker)
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		link, err := netlink.LinkByIndex(c.in.Attrs().Index)
		if err != nil || link.Attrs().OperState != netlink.OperUp {
			return false, err
		}
		if err := h.sendProbe(c.in.Attrs().Index, 0); err != nil {
			return false, err
		}
		return c.far.probed(), nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the cable's interfaces carry nothing: %w", err), h.close())
	}
	return h, nil
}

func interfaceOf(link netlink.Link) *net.Interface {
	return &net.Interface{Index: link.Attrs().Index, Name: link.Attrs().Name}
}

// handOver gives the host's frames from the bridge to the cable.
func (c *Cable) handOver(ctx context.Context, h *handover) error {
	host, in, out := c.port.Attrs().Index, c.in.Attrs().Index, c.out.Attrs().Index
	if err := h.begin(ctx, host, in, out, in, host, c.near, c.far); err != nil {
		return err
	}
	err := h.change(ctx, func() error {
		// Or a switch would know the host by its port again with the next frame.
		if err := netlink.LinkSetLearning(c.port, false); err != nil {
			return err
		}
		if err := c.relearn(c.port, c.in); err != nil {
			return err
		}
		if err := errors.Join(c.near.room(ctx), c.far.room(ctx)); err != nil {
			return err
		}
		h.turn()
		return setState(c.port, stateDisabled)
	})
	if err != nil {
		return err
	}
	// What comes from here on no other way takes.
	h.drain(c.up, c.near.there())
	h.drain(c.down, c.far.there())
	go c.down.run()
	go c.up.run()
	// Out of the bridge: there the kernel would enable it again when the host's
	// interface goes down and up.
	if err := netlink.LinkSetNoMaster(c.port); err != nil {
		c.down.stop()
		c.up.stop()
		return err
	}
	return nil
}

// Take takes the cable out again, without losing a frame, once its rules are lifted and
// it holds none. A frame that crosses in this very moment may overtake some others.
func (c *Cable) Take(ctx context.Context) (err error) {
	h, err := openHandover()
	if err == nil {
		err = errors.Join(c.handBack(ctx, h), h.close())
	}
	c.down.stop()
	c.up.stop()
	if err != nil {
		err = fmt.Errorf("take a cable out: %w", err)
	}
	return errors.Join(err, c.discard())
}

// handBack gives the host's frames back to the bridge.
func (c *Cable) handBack(ctx context.Context, h *handover) error {
	if err := netlink.LinkSetLearning(c.in, false); err != nil {
		return err
	}
	host, in, out := c.port.Attrs().Index, c.in.Attrs().Index, c.out.Attrs().Index
	if err := h.begin(ctx, host, in, out, host, in); err != nil {
		return err
	}
	var near, far uint64 // what comes behind these the bridge forwards itself, but for what was on its way
	err := h.change(ctx, func() (err error) {
		for _, half := range []*half{c.down, c.up} {
			half.stop()
			half.carryAll()
		}
		// Rings that fill from here on are full of what the bridge forwards itself.
		if c.last, err = c.Report(); err != nil {
			return err
		}
		h.turn()
		if err := netlink.LinkSetMaster(c.port, c.bridge); err != nil {
			return err
		}
		if err := c.relearn(c.in, c.port); err != nil {
			return err
		}
		near, far = c.near.there(), c.far.there()
		return nil
	})
	if err != nil {
		return err
	}
	h.drain(c.up, near)
	h.drain(c.down, far)
	h.idle = []*port{c.near, c.far} // from here on they are
	lateNear, lateFar := c.near.there(), c.far.there()
	if err := h.await(ctx); err != nil { // what the bridge does with these
		return err
	}
	h.drainLate(c.up, lateNear)
	h.drainLate(c.down, lateFar)
	// What was carried to the bridge just now is not there yet. With the interface goes what
	// waits on it.
	return h.await(ctx)
}

// Last returns what a cable that was taken out had done since its last report.
func (c *Cable) Last() fault.Report { return c.last }

// discard removes what the cable has made. The host's port is the bridge's again.
func (c *Cable) discard() error {
	if c.bridge == nil || c.port == nil {
		return nil
	}
	var all error
	switch port, err := netlink.LinkByIndex(c.port.Attrs().Index); {
	case err != nil: // it has gone
	case port.Attrs().MasterIndex == 0:
		all = netlink.LinkSetMaster(c.port, c.bridge)
	default:
		all = errors.Join(netlink.LinkSetLearning(c.port, true), setState(c.port, stateForwarding))
	}
	for _, p := range []*port{c.near, c.far} {
		if p != nil {
			all = errors.Join(all, p.close())
		}
	}
	if c.in != nil {
		all = errors.Join(all, netlink.LinkDel(c.in))
	}
	return all
}

// States of a bridge's port (linux/if_bridge.h). Another than these two the kernel changes
// back where no spanning tree is computed (br_port_state_selection).
const (
	stateDisabled   = 0
	stateForwarding = 3
)

// setState sets the state of a bridge's port.
func setState(link netlink.Link, state byte) error {
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	message := nl.NewIfInfomsg(unix.AF_BRIDGE)
	message.Index = int32(link.Attrs().Index)
	request.AddData(message)
	info := nl.NewRtAttr(unix.IFLA_PROTINFO|unix.NLA_F_NESTED, nil)
	info.AddRtAttr(nl.IFLA_BRPORT_STATE, []byte{state})
	request.AddData(info)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("state of %s: %w", link.Attrs().Name, err)
	}
	return nil
}

// relearn makes a switch know by another port what it has learnt by one. It changes each
// entry at once: no frame is flooded meanwhile, nor goes both ways.
func (c *Cable) relearn(from, to netlink.Link) error {
	entries, err := rtnl.Dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(from.Attrs().Index, unix.AF_BRIDGE) })
	if err != nil {
		return fmt.Errorf("read the forwarding table: %w", err)
	}
	for _, e := range entries {
		if e.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 || e.MasterIndex != c.bridge.Attrs().Index {
			continue
		}
		moved := &netlink.Neigh{LinkIndex: to.Attrs().Index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_MASTER, State: netlink.NUD_REACHABLE, HardwareAddr: e.HardwareAddr}
		if err := netlink.NeighSet(moved); err != nil {
			return fmt.Errorf("move %s to %s: %w", e.HardwareAddr, to.Attrs().Name, err)
		}
	}
	return nil
}

// half returns the direction in which a rule acts.
func (c *Cable) half(r fault.Rule) *half {
	if r.Before {
		return c.up
	}
	return c.down
}

// Add puts a rule in force.
func (c *Cable) Add(m fault.Matcher) {
	c.half(m.Rule).change(func(l *fault.Line) { l.Add(m) })
}

// Remove lifts a rule. What it holds is sent at once.
func (c *Cable) Remove(name string) (s fault.Status, ok bool) {
	for _, h := range []*half{c.down, c.up} {
		if !ok {
			h.change(func(l *fault.Line) { s, ok = l.Remove(name, time.Now()) })
		}
	}
	return s, ok
}

// Report returns what both directions do, and takes the acts since the last report along.
func (c *Cable) Report() (r fault.Report, err error) {
	for _, h := range []*half{c.down, c.up} {
		if err := h.report(&r); err != nil {
			return r, err
		}
	}
	return r, nil
}
