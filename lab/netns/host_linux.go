package netns

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/node"
	"wirelab/lab/wire"
)

// host is a host and the namespaces that it has.
type host struct {
	*wire.Host
	*view
	settings []wire.Setting
	ns       int // descriptor of its network namespace, which keeps it alive
}

// view is what hosts that are on the same segments have in common.
type view struct {
	names  hostnames.Table // as they know them
	mounts int             // descriptor of their mount namespace; -1 for the lab's
}

func newHost(t lab.Topology, name string, v *view) *host {
	return &host{Host: wire.NewHost(t, name), view: v, settings: wire.Settings(t, name)}
}

// unshare makes the host's network namespace and what is in it. The machine's ends of its
// cables are in the namespace that root is of.
func (h *host) unshare(root int) error {
	return onOwnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		if h.ns, err = threadNamespace(); err != nil {
			return err
		}
		// ping without privileges, for programs that want it so (icmp(7)).
		for _, s := range append(h.settings, wire.Setting{Name: "net/ipv4/ping_group_range", Value: "0 0"}) {
			if err := set(s); err != nil {
				return err
			}
		}
		return h.Make(root)
	})
}

// set makes a setting in the thread's network namespace. Where /proc/sys cannot be
// written, as in most containers, the lab does without, but not for IPv6.
func set(s wire.Setting) error {
	err := os.WriteFile("/proc/sys/"+s.Name, []byte(s.Value), 0)
	switch {
	case err == nil:
		return nil
	case s.IsIPv6():
		return &errIPv6{err}
	case errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, os.ErrNotExist):
		return nil
	}
	return err
}

// ipv6Code begins the codes of an errIPv6.
const ipv6Code = "netns.ipv6."

// errIPv6 says why there is no IPv6 here. Its settings cannot be made by netlink, as
// IPv4's can, and without them a host sends by itself.
type errIPv6 struct{ cause error }

func (e *errIPv6) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error in people's languages.
func (e *errIPv6) Unwrap() error {
	if errors.Is(e.cause, os.ErrNotExist) {
		return i18n.Errmsg("netns.ipv6.none")
	}
	return i18n.Errmsg("netns.ipv6.settings", "Cause", e.cause)
}

// flushNeighbours deletes what the host has learnt of its neighbours.
func (h *host) flushNeighbours() error {
	return h.do(func() error {
		for _, device := range h.devices() {
			if err := node.FlushNeighbours(device); err != nil {
				return err
			}
		}
		return nil
	})
}

// devices are the names of the host's network devices.
func (h *host) devices() (names []string) {
	for _, p := range h.Ports {
		names = append(names, p.Device)
	}
	return names
}

// do calls f on a thread that is in the host's network and mount namespaces and, so
// that the host's name is its own, in a new UTS namespace.
func (h *host) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace of %s: %w", h.Name, err)
		}
		if h.mounts >= 0 {
			// A thread that shares its root with others stays where it is (setns(2)).
			if err := unix.Unshare(unix.CLONE_FS); err != nil {
				return fmt.Errorf("a root of its own: %w", err)
			}
			if err := unix.Setns(h.mounts, unix.CLONE_NEWNS); err != nil {
				return fmt.Errorf("enter the mounts of %s: %w", h.Name, err)
			}
		}
		if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
			return fmt.Errorf("new UTS namespace: %w", err)
		}
		if err := unix.Sethostname([]byte(h.Name)); err != nil {
			return fmt.Errorf("set host name: %w", err)
		}
		return f()
	})
}
