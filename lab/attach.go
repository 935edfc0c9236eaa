package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// Populated is a Network that knows all its hosts. A network that a lab is attached to may
// have more hosts than the topology.
type Populated interface {
	// Hosts returns the names of all hosts.
	Hosts() []string
}

// Attach is Open for a network that is up already. Close leaves it up. The topology lists
// the hosts that are judged and the sniffer; frames of other hosts of a Populated network
// are not judged. The error is a *MissingHosts if the network lacks a host. Attach lifts
// every impairment that the network has.
func Attach(ctx context.Context, network Network, topology Topology) (*Lab, error) {
	if err := topology.Validate(); err != nil {
		return nil, err
	}
	l := attach(network, topology)
	if err := l.checkHosts(); err != nil {
		return nil, err
	}
	// Who was killed may have left its impairments in a network that stays up.
	if n, ok := network.(Impairer); ok {
		if err := n.Mend(ctx, ""); err != nil {
			return nil, err
		}
	}
	if err := l.attend(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func attach(network Network, topology Topology) *Lab {
	return &Lab{Topology: topology, id: rand.Text(), network: network, agents: map[string]*hostAgent{}, programs: map[string]*program{}, modes: map[string]Mode{}}
}

// Mark sets a barrier in every capture of a network that is up, whoever captures. It waits
// until the sockets of the hosts are quiet and has each host send a marker. Unlike
// Lab.Settle, it does not wait until the markers are captured. The hosts must be those of
// the network; it is an error, before anything is sent, if the network lacks one of them.
func Mark(ctx context.Context, network Network, hosts []string, label string) (err error) {
	if !trace.ValidLabel(label) {
		return i18n.Errmsg("mark.label", "Label", label)
	}
	l := attach(network, Topology{Hosts: hosts})
	for _, name := range hosts {
		if _, err := l.host(name); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	for _, step := range []func() error{
		func() error { return l.startAgents(ctx) },
		func() error { return l.quiet(ctx) },
		func() error { return l.mark(ctx, label) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// present returns all hosts of the network, those of the topology first.
func (l *Lab) present() []string {
	names := slices.Clone(l.Topology.Hosts)
	if n, ok := l.network.(Populated); ok {
		for _, name := range n.Hosts() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// checkHosts compares the topology with the hosts that there are.
func (l *Lab) checkHosts() error {
	missing := slices.DeleteFunc(slices.Clone(l.Topology.Hosts), func(name string) bool { return l.network.Host(name) != nil })
	if len(missing) == 0 {
		return l.checkSegments()
	}
	return &MissingHosts{missing, l.there()}
}

// there returns the hosts of present that the network has.
func (l *Lab) there() []string {
	return slices.DeleteFunc(l.present(), func(name string) bool { return l.network.Host(name) == nil })
}

// checkSegments compares where the hosts are with where the topology has them. The
// sniffer may be on more segments.
func (l *Lab) checkSegments() error {
	for _, name := range l.Topology.Hosts {
		var found, wished []string
		for _, p := range l.network.Host(name).Ports() {
			found = append(found, p.Segment)
		}
		for _, i := range l.Topology.On(name) {
			wished = append(wished, l.Topology.SegmentNames()[i])
		}
		more := slices.DeleteFunc(slices.Clone(found), func(s string) bool { return slices.Contains(wished, s) })
		if len(found)-len(more) < len(wished) || len(more) > 0 && name != SnifferHost {
			return i18n.Errmsg("lab.segment.differs", "Host", name, "Found", found, "Wished", wished)
		}
	}
	return nil
}

// MissingHosts says that a network lacks hosts of a topology: the names of those that are
// missing, and of those that the network has.
type MissingHosts struct{ Missing, Has []string }

func (m *MissingHosts) Error() string { return m.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (m *MissingHosts) Unwrap() error {
	return i18n.Errmsg("lab.missinghosts", "Missing", m.Missing, "Known", m.Has)
}

// learnOthers has the hosts that are not the topology's send frames, from which
// switches learn their ports. One that does not is missed by AwaitLearnt.
func (l *Lab) learnOthers(ctx context.Context, segments []string) {
	for _, name := range l.present()[len(l.Topology.Hosts):] {
		host := l.network.Host(name)
		for _, port := range host.Ports() {
			if !slices.Contains(segments, port.Segment) {
				continue
			}
			p, err := start(ctx, host, nil, nil, "mark", trace.LearnLabel, "--host", name, "--interface", port.Device)
			if err != nil {
				continue
			}
			_ = p.leave(ctx)
			p.stop()
		}
	}
}
