// Package docker is the lab in containers: every host is a container without a Docker
// network, and one more container, the wire, has the segments and the other ends of the
// hosts' cables in its own network namespace (lab/wire). A network of Docker's that
// somebody else made can be attached to: there a container makes its bridge a hub or a
// switch.
//
// It knows Docker and nothing of experiments, captures or verdicts, nor of
// the other backends.
//
// Everything that it makes carries the labels of its run and of the process
// that owns it. Removal goes by these labels alone, in three places: Close, a
// second process that outlives this one however it ends (the reaper), and the
// start of the next lab, which sweeps the runs whose owner is dead.
package docker

import (
	"context"
	"errors"

	"wirelab/lab"
)

// Backend brings labs up in containers of the Docker daemon that DOCKER_HOST,
// DOCKER_CONTEXT or the configuration of the docker command names. The zero
// value is ready. Its methods may be called from several goroutines at once.
type Backend struct{}

var _ lab.Backend = &Backend{}

// backendName is the name of the backend.
const backendName = "docker"

// Name is "docker".
func (*Backend) Name() string { return backendName }

// Check reports whether the daemon answers, within five seconds.
func (*Backend) Check(ctx context.Context) error {
	cli, err := connect(ctx)
	if err != nil {
		return err
	}
	return cli.Close()
}

// Up brings up a container for each host of the topology. Where the daemon's kernel has
// not what the topology takes, the error is an *lab.Unavailable.
func (*Backend) Up(ctx context.Context, topology lab.Topology) (lab.Network, error) {
	if err := topology.Validate(); err != nil {
		return nil, err
	}
	made, err := begin(ctx, func(r *run) (*network, error) { return r.bringUp(ctx, topology, r.wireContainer()) })
	if err != nil {
		return nil, err
	}
	return &ownNetwork{made}, nil
}

// begin makes a network in a run of its own, which lives as long as ctx. Of one
// that fails nothing is left, and what it had changed of other people's is
// restored.
func begin(ctx context.Context, make func(*run) (*network, error)) (*network, error) {
	cli, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	r, err := newRun(ctx, cli)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	n, err := make(r)
	if err != nil {
		if n != nil && n.restore != nil {
			err = errors.Join(err, n.restore())
		}
		return nil, errors.Join(err, r.abandon())
	}
	n.closeWith(ctx)
	return n, nil
}
