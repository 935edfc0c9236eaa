package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/moby/moby/api/types/container"
	netapi "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"wirelab/lab"
)

// Attach makes a lab of a bridge network and containers that somebody else made
// and that run, and keeps them. containers are the ids of all containers of the
// network by the names that they have as hosts.
//
// Each container gets a companion in its network namespace, in which its
// commands are executed, whatever its own image is; the host "sniffer" is a
// container of its own on the network. While the lab is attached the network is
// a hub and all containers run on one CPU, so that the sniffer sees every frame
// in the order of the wire. Close, or the end of ctx, restores both.
func (*Backend) Attach(ctx context.Context, networkName string, containers map[string]string) (lab.Network, error) {
	n, err := begin(ctx, func(r *run) (*network, error) { return r.attach(ctx, networkName, containers) })
	if err != nil {
		return nil, err
	}
	return n, nil
}

// attach returns a network with an error where there is something to restore.
func (r *run) attach(ctx context.Context, networkName string, containers map[string]string) (*network, error) {
	bridge, err := r.bridgeOf(ctx, networkName, containers)
	if err != nil {
		return nil, err
	}
	r.hosts = len(containers) + 1
	if err := r.buildImage(ctx); err != nil {
		return nil, err
	}
	hub, hubID, err := r.createFirst(ctx, r.hubContainer(bridge))
	if err != nil {
		return nil, err
	}
	n := &network{restore: func() error { return r.unpin(containers) }}
	hosts := make([]*host, 0, len(containers)+1)
	errs := []error{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	add := func(start func() (*host, error)) {
		wg.Go(func() {
			h, err := start()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			if h != nil {
				hosts = append(hosts, h)
			}
		})
	}
	add(func() (*host, error) { return nil, r.start(ctx, hub, hubID) })
	for name, id := range containers {
		add(func() (*host, error) { return r.startCompanion(ctx, name, id, networkName, hub.cpu) })
	}
	add(func() (*host, error) {
		return r.startSniffer(ctx, networkName, hub.cpu)
	})
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return n, err
	}
	attached := newNetwork(r, hosts, &host{run: r, name: hub.name, id: hubID}, bridge)
	attached.restore = n.restore
	return attached, attached.Segment(lab.DefaultSegment).SetMode(ctx, lab.Hub)
}

// startSniffer starts the sniffer on a network that somebody else made.
func (r *run) startSniffer(ctx context.Context, lan, cpu string) (*host, error) {
	// packet(7)
	s := spec{name: lab.SnifferHost, args: []string{"hold"}, user: root, capabilities: []string{"NET_RAW"}, cpu: cpu, lan: lan}
	id, err := r.createAndStart(ctx, s)
	if err != nil {
		return nil, err
	}
	ports, err := r.readPorts(ctx, s.name, id, lan)
	return &host{run: r, name: s.name, id: id, ports: ports}, err
}

// bridgeOf returns the bridge of a network, on which there is nobody but the
// containers.
func (r *run) bridgeOf(ctx context.Context, name string, containers map[string]string) (string, error) {
	n, err := r.cli.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("network %s: %w", name, err)
	}
	if n.Network.Driver != "bridge" {
		return "", fmt.Errorf("network %s has the driver %q: only a bridge can be made a hub", name, n.Network.Driver)
	}
	for id, c := range n.Network.Containers {
		if !slices.Contains(slices.Collect(maps.Values(containers)), id) {
			return "", fmt.Errorf("container %s is on network %s, too, and is none of the hosts: name it", c.Name, name)
		}
	}
	return bridgeName(n.Network), nil
}

// bridgeName returns the bridge of a network of the bridge driver, which chooses
// a name where none is wished for.
func bridgeName(n netapi.Inspect) string {
	return cmp.Or(n.Options["com.docker.network.bridge.name"], "br-"+n.ID[:min(12, len(n.ID))])
}

// startCompanion starts a container that shares the network namespace of
// another one, which it moves to a CPU.
func (r *run) startCompanion(ctx context.Context, name, owner, lan, cpu string) (*host, error) {
	ports, err := r.readPorts(ctx, name, owner, lan)
	if err != nil {
		return nil, err
	}
	if err := r.pin(ctx, owner, cpu); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := spec{name: name + "-companion", args: []string{"hold"}, user: nobody, cpu: cpu, joins: owner}
	id, err := r.createAndStart(ctx, s)
	if err != nil {
		return nil, err
	}
	return &host{run: r, name: name, id: id, owner: owner, ports: ports}, nil
}

// pin confines a container to some CPUs.
func (r *run) pin(ctx context.Context, id, cpus string) error {
	_, err := r.cli.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{Resources: &container.Resources{CpusetCpus: cpus}})
	if err != nil {
		return fmt.Errorf("confine it to CPU %s: %w", cpus, err)
	}
	return nil
}

// unpin gives the containers that still are there all CPUs again.
func (r *run) unpin(containers map[string]string) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.patience())
	defer cancel()
	info, err := r.cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for name, id := range containers {
		c, err := r.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err != nil || c.Container.State == nil || !c.Container.State.Running {
			continue // it has ended, or is gone
		}
		if err := r.pin(ctx, id, fmt.Sprintf("0-%d", info.Info.NCPU-1)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
