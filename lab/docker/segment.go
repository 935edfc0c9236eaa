package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"wirelab/lab"
)

// segment is a run that is up: the hosts on their bridge.
type segment struct {
	run   *run
	hosts map[string]*host
	hub   *host // the container that governs the bridge

	bridge sync.Mutex // held while the bridge is changed
	mode   lab.Mode

	stopWatch func() bool // stops waiting for the end of Up's context
	watching  sync.Mutex  // guards stopWatch
	once      sync.Once
	closeErr  error
}

var _ lab.Network = &segment{}

// bringUp makes image, network and containers.
func (r *run) bringUp(ctx context.Context, topology lab.Topology) (*segment, error) {
	if err := r.buildImage(ctx); err != nil {
		return nil, err
	}
	subnet, err := r.createNetwork(ctx)
	if err != nil {
		return nil, err
	}
	cpu, err := r.chooseCPU(ctx)
	if err != nil {
		return nil, err
	}
	s := &segment{run: r, hosts: map[string]*host{}, mode: lab.Hub,
		stopWatch: func() bool { return true }}
	// The hub is created first: that shows whether the daemon has that CPU.
	hub := r.hubContainer(cpu)
	id, err := r.create(ctx, hub)
	if err != nil && strings.Contains(err.Error(), "Requested CPUs are not available") {
		// The daemon itself is confined to some of the machine's CPUs.
		cpu = "0"
		hub = r.hubContainer(cpu)
		id, err = r.create(ctx, hub)
	}
	if err != nil {
		return nil, err
	}
	s.hub = &host{segment: s, name: hub.name, id: id}

	hosts := make([]*host, len(topology.Hosts))
	errs := make([]error, len(topology.Hosts)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[len(hosts)] = r.start(ctx, hub, id) })
	for i, name := range topology.Hosts {
		wg.Go(func() {
			spec := r.hostContainer(name, cpu, lab.Address(subnet, i))
			id, err := r.create(ctx, spec)
			if err == nil {
				err = r.start(ctx, spec, id)
			}
			hosts[i], errs[i] = &host{segment: s, name: name, id: id}, err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, h := range hosts {
		s.hosts[h.name] = h
		if err := h.readAddress(ctx); err != nil {
			return nil, err
		}
	}
	return s, s.govern(ctx)
}

// Host returns the host of that name, nil if there is none.
func (s *segment) Host(name string) lab.Host {
	if h, ok := s.hosts[name]; ok {
		return h
	}
	return nil
}

// SetMode changes the bridge; a switch has learnt every host when it returns.
func (s *segment) SetMode(ctx context.Context, mode lab.Mode, learn func(context.Context) error) error {
	s.bridge.Lock()
	s.mode = mode
	s.bridge.Unlock()
	if err := s.govern(ctx); err != nil {
		return err
	}
	if mode != lab.Switch {
		return nil
	}
	if err := learn(ctx); err != nil {
		return fmt.Errorf("make the hosts known to the switch: %w", err)
	}
	var macs []string
	for _, h := range s.hosts {
		_, mac := h.Addr()
		macs = append(macs, mac.String())
	}
	return s.govern(ctx, "--await-learnt", strings.Join(macs, ","))
}

// govern makes the bridge what it should be, every port of it included, and
// returns when it is. The hub's container does the same for a port as it
// appears, but does not say when.
func (s *segment) govern(ctx context.Context, more ...string) error {
	s.bridge.Lock()
	defer s.bridge.Unlock()
	var said bytes.Buffer
	args := append([]string{"hub", s.run.bridge(), "--mode", string(s.mode)}, more...)
	code, err := s.hub.Exec(ctx, lab.Cmd{Args: args, Stdout: &said, Stderr: &said})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(said.String()))
	}
	if err != nil {
		return fmt.Errorf("make the segment a %s: %w", s.mode, err)
	}
	return nil
}

// closeWith makes the lab end with ctx as it ends with Close.
func (s *segment) closeWith(ctx context.Context) {
	s.watching.Lock()
	defer s.watching.Unlock()
	s.stopWatch = context.AfterFunc(ctx, func() { s.Close() })
}

// Close removes everything of the lab; a second call waits for the first and
// returns its error.
func (s *segment) Close() error {
	s.once.Do(func() {
		s.watching.Lock()
		stop := s.stopWatch
		s.watching.Unlock()
		stop()
		s.closeErr = s.run.close()
	})
	return s.closeErr
}
