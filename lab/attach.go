package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// Populated is a Network that says which hosts it has. One that is attached to
// may have more than a topology asks for.
type Populated interface {
	// Hosts returns the names of all hosts.
	Hosts() []string
}

// Attach is Open for a network that is up already and stays up when the lab is
// closed. The topology has those of its hosts that are judged, and the sniffer.
// Frames of a Populated network's other hosts are not judged.
func Attach(ctx context.Context, network Network, topology Topology) (*Lab, error) {
	if err := topology.Validate(); err != nil {
		return nil, err
	}
	l := attach(network, topology)
	if err := l.checkHosts(); err != nil {
		return nil, err
	}
	if err := l.attend(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func attach(network Network, topology Topology) *Lab {
	return &Lab{Topology: topology, id: rand.Text(), network: network, agents: map[string]*hostAgent{}, programs: map[string]*program{}, mode: Hub}
}

// Mark sets a barrier in every capture of a network that is up: it waits until
// the hosts' sockets are quiet and has each host send a marker. Who captures is
// not known here, so that nobody waits until the markers are captured, as
// Lab.Settle does.
func Mark(ctx context.Context, network Network, hosts []string, label string) (err error) {
	if !trace.ValidLabel(label) {
		return i18n.Errmsg("mark.label", "Label", label)
	}
	l := attach(network, Topology{Hosts: hosts})
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
	there := func(name string) bool { return l.network.Host(name) != nil }
	missing := slices.DeleteFunc(slices.Clone(l.Topology.Hosts), there)
	if len(missing) == 0 {
		return nil
	}
	has := slices.DeleteFunc(l.present(), func(name string) bool { return !there(name) })
	return &MissingHosts{missing, has}
}

// MissingHosts says that a network does not have all hosts of a topology.
type MissingHosts struct{ Missing, Has []string }

func (m *MissingHosts) Error() string { return m.Unwrap().Error() }

// Unwrap returns the error in people's languages.
func (m *MissingHosts) Unwrap() error {
	return i18n.Errmsg("lab.missinghosts", "Missing", m.Missing, "Known", m.Has)
}

// learnOthers has the hosts that are not the topology's send a frame, from which
// a switch learns their ports. One that does not is missed by AwaitLearnt.
func (l *Lab) learnOthers(ctx context.Context) {
	for _, name := range l.present()[len(l.Topology.Hosts):] {
		p, err := start(ctx, l.network.Host(name), nil, nil, "mark", trace.LearnLabel, "--host", name)
		if err != nil {
			continue
		}
		_ = p.leave(ctx)
		p.stop()
	}
}
