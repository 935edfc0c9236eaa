package node

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/rtnl"
	"wirelab/lab/segment"
)

// hub does what the command's options say. A watch prints ready when it has
// begun and everything is set.
func hub(ctx context.Context, o hubOptions, out io.Writer) (err error) {
	bridge, err := segment.Open(o.bridge)
	if err != nil {
		return exit.With(exit.Unable, err)
	}
	offloads, err := segment.OpenOffloads()
	if err != nil {
		return exit.With(exit.Unable, err)
	}
	defer offloads.Close()
	if o.watch {
		defer func() { err = errors.Join(err, bridge.Restore(), offloads.Restore()) }()
		return watch(ctx, bridge, offloads, o, out)
	}
	if o.mode != "" {
		if err := bridge.SetMode(ctx, o.mode); err != nil {
			return needsAdmin(err)
		}
		if err := quietPorts(bridge, offloads); err != nil {
			return err
		}
	}
	if o.show {
		if err := showPorts(bridge, out); err != nil {
			return err
		}
	}
	return exit.With(exit.Failed, bridge.AwaitLearnt(ctx, o.learnt))
}

// showPorts prints the hardware addresses of the bridge and its ports.
func showPorts(bridge *segment.Bridge, out io.Writer) error {
	macs, err := bridge.MachinePorts()
	if err != nil {
		return err
	}
	for _, mac := range macs {
		if _, err := fmt.Fprintln(out, mac); err != nil {
			return err
		}
	}
	return nil
}

// quietPorts switches the offloads of every port off.
func quietPorts(bridge *segment.Bridge, offloads *segment.Offloads) error {
	links, err := rtnl.Dump(netlink.LinkList)
	if err != nil {
		return fmt.Errorf("list the ports of %s: %w", bridge.Name(), err)
	}
	for _, l := range links {
		if l.Attrs().MasterIndex == bridge.Index() {
			if err := offloads.Off(l.Attrs()); err != nil {
				return needsAdmin(err)
			}
		}
	}
	return nil
}

// watch sets the mode and the ports, those that come later too, until ctx ends.
func watch(ctx context.Context, bridge *segment.Bridge, offloads *segment.Offloads, o hubOptions, out io.Writer) error {
	updates, done := make(chan netlink.LinkUpdate), make(chan struct{})
	var lost error // written before updates is closed
	err := netlink.LinkSubscribeWithOptions(updates, done, netlink.LinkSubscribeOptions{
		ErrorCallback: func(err error) { lost = err },
	})
	if err != nil {
		return fmt.Errorf("watch links: %w", err)
	}
	defer func() {
		close(done)
		for range updates { // the subscription's goroutine ends when nobody waits for it
		}
	}()
	if err := bridge.SetMode(ctx, o.mode); err != nil {
		return needsAdmin(err)
	}
	if err := quietPorts(bridge, offloads); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case u, ok := <-updates:
			switch {
			case !ok:
				return fmt.Errorf("watch links: %w", lost)
			case u.Header.Type == unix.RTM_DELLINK && int(u.Index) == bridge.Index() && u.Family != unix.AF_BRIDGE:
				return fmt.Errorf("bridge %s is gone", bridge.Name())
			case u.Header.Type == unix.RTM_NEWLINK && u.Attrs().MasterIndex == bridge.Index():
				if err := offloads.Off(u.Attrs()); err != nil {
					return needsAdmin(err)
				}
			}
		}
	}
}

// needsAdmin adds to a refusal what would help.
func needsAdmin(err error) error {
	if errors.Is(err, unix.EPERM) {
		return exit.With(exit.Unable, fmt.Errorf("%w (needs CAP_NET_ADMIN in this network namespace: cap_add NET_ADMIN and uid 0, or sudo)", err))
	}
	return err
}
