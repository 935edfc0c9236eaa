package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/rtnl"
	"wirelab/lab"
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
		w := &watcher{bridge: bridge, offloads: offloads}
		defer func() { err = errors.Join(err, bridge.Restore(), offloads.Restore(), w.linkLocals.Restore()) }()
		return w.watch(ctx, o.mode, out)
	}
	if o.mode != "" {
		if err := bridge.SetMode(ctx, o.mode); err != nil {
			return needsAdmin(err)
		}
		if err := quietPorts(bridge, offloads); err != nil {
			return err
		}
	}
	if o.tell {
		if _, err := fmt.Fprintln(out, cmp.Or(o.mode, bridge.Mode())); err != nil {
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

// watcher keeps a bridge and its ports, those that come later too, as a hub's or a
// switch's, and the machine silent on them.
type watcher struct {
	bridge     *segment.Bridge
	offloads   *segment.Offloads
	linkLocals segment.LinkLocals
}

// watch prints ready when everything is set, and keeps it so until ctx ends.
func (w *watcher) watch(ctx context.Context, mode lab.Mode, out io.Writer) error {
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
	if err := w.bridge.SetMode(ctx, mode); err != nil {
		return needsAdmin(err)
	}
	links, err := rtnl.Dump(netlink.LinkList)
	if err != nil {
		return fmt.Errorf("list the ports of %s: %w", w.bridge.Name(), err)
	}
	for _, l := range links {
		if err := w.quiet(l); err != nil {
			return needsAdmin(err)
		}
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
			case u.Header.Type == unix.RTM_DELLINK && int(u.Index) == w.bridge.Index() && u.Family != unix.AF_BRIDGE:
				return fmt.Errorf("bridge %s is gone", w.bridge.Name())
			case u.Header.Type == unix.RTM_NEWLINK:
				if err := w.quiet(u.Link); err != nil {
					return needsAdmin(err)
				}
			}
		}
	}
}

// quiet silences the machine on the bridge and its ports, and switches a port's
// offloads off. It leaves other interfaces as they are.
func (w *watcher) quiet(l netlink.Link) error {
	a := l.Attrs()
	if a.Index == w.bridge.Index() {
		return w.linkLocals.Remove(l)
	}
	if a.MasterIndex != w.bridge.Index() {
		return nil
	}
	return errors.Join(w.linkLocals.Remove(l), w.offloads.Off(a))
}

// needsAdmin adds to a refusal what would help.
func needsAdmin(err error) error {
	if errors.Is(err, unix.EPERM) {
		return exit.UnableMsg("hub.admin", "Cause", err)
	}
	return err
}
