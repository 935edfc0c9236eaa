package netns

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// site is what the lab process has made: the segments in its own network namespace, and a
// namespace for each host.
type site struct {
	*wire.Wire
	topology lab.Topology
	hosts    []*host
	since    time.Time // when every port was up
}

func newSite(ctx context.Context, t lab.Topology) (*site, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if t.HasIPv6() { // told before anything is made
		if err := set(wire.Setting{Name: "net/ipv6/conf/all/forwarding", Value: "0"}); err != nil {
			return nil, err
		}
	}
	root, err := threadNamespace()
	if err != nil {
		return nil, err
	}
	made, err := wire.New(ctx, t)
	if err != nil {
		return nil, err
	}
	// Hosts get socket tables of their own, and small ones: looking whether a
	// host's sockets are quiet walks its whole table, and the machine's, which
	// a namespace shares by default, has hundreds of thousands of buckets
	// (Linux 6.1, ip-sysctl).
	for _, table := range []string{"tcp_child_ehash_entries", "udp_child_hash_entries"} {
		if err := set(wire.Setting{Name: "net/ipv4/" + table, Value: "256"}); err != nil {
			return nil, err
		}
	}
	// The machine's firewall has nothing to say about the lab's frames, and each of them
	// passes it at every port where this is on, as Docker has it (br_netfilter).
	for _, table := range []string{"iptables", "ip6tables", "arptables"} {
		if err := set(wire.Setting{Name: "net/bridge/bridge-nf-call-" + table, Value: "0"}); err != nil {
			return nil, err
		}
	}
	s := &site{Wire: made, topology: t}
	views := map[string]*view{} // by the segments
	for _, name := range t.Hosts {
		on := fmt.Sprint(t.On(name))
		if views[on] == nil {
			views[on] = &view{names: t.Names(name), mounts: -1}
		}
		h := newHost(t, name, views[on])
		err := h.unshare(root)
		if err == nil {
			err = made.PlugIn(name)
		}
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
		s.hosts = append(s.hosts, h)
	}
	if err = made.AwaitPorts(ctx); err == nil {
		err = s.awaitReports(ctx)
	}
	s.since = time.Now()
	return s, err
}

// awaitReports waits until every host has said what it says of itself by IPv6.
func (s *site) awaitReports(ctx context.Context) error {
	for _, h := range s.hosts {
		if !h.HasIPv6() {
			continue
		}
		err := onOwnThread(func() error {
			if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter the namespace: %w", err)
			}
			return h.AwaitReports(ctx)
		})
		if err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
	}
	return nil
}

// describe says what the lab has.
func (s *site) describe() (answer reply, err error) {
	answer.Since = s.since
	if answer.Segments, err = s.Segments(); err != nil {
		return reply{}, err
	}
	for _, h := range s.hosts {
		answer.Hosts = append(answer.Hosts, hostInfo{h.Name, h.Ports})
	}
	return answer, nil
}

// order is that of the hosts' names.
func (s *site) order() []string {
	var names []string
	for _, h := range s.hosts {
		names = append(names, h.Name)
	}
	return names
}

func (s *site) host(name string) (*host, error) {
	i := slices.IndexFunc(s.hosts, func(h *host) bool { return h.Name == name })
	if i < 0 {
		return nil, i18n.Errmsg("lab.nohost", "Host", name, "Hint", suggest.Hint(name, s.order()), "Known", s.order())
	}
	return s.hosts[i], nil
}

// onOwnThread calls f on an OS thread that nothing else runs on, and ends the
// thread after it: one that changed its namespaces is of no other use.
func onOwnThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		result <- f()
	}()
	return <-result
}

// threadNamespace opens the network namespace of the calling thread. By
// /proc/thread-self, since in a new PID namespace under the old /proc a path
// with a process id would name another process.
func threadNamespace() (int, error) {
	ns, err := vnetns.GetFromPath("/proc/thread-self/ns/net")
	if err != nil {
		return -1, fmt.Errorf("open the thread's network namespace: %w", err)
	}
	return int(ns), nil
}
