package docker

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/sniffer"
)

// program is the only file in the image.
const program = "/wirelab"

// device is the network device of a container that has one network.
const device = "eth0"

// host is a container in which commands are executed.
type host struct {
	run   *run
	name  string
	id    string // of the container in which commands are executed
	owner string // of the container whose network namespace that is in; empty: its own
	image string // that has the program; empty: the run's
	user  string // of every command; empty: the container's
	ports []lab.Port
	env   []string // of every command

	flushing sync.Mutex // one container at a time flushes
}

var _ lab.Host = &host{}

// Name returns the host's name.
func (h *host) Name() string { return h.name }

// Ports implements lab.Host.
func (h *host) Ports() []lab.Port { return h.ports }

// readPorts asks the daemon: it may give a container other addresses than were
// wished for.
func (r *run) readPorts(ctx context.Context, name, container, lan string) ([]lab.Port, error) {
	c, err := r.cli.ContainerInspect(ctx, container, client.ContainerInspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", name, err)
	}
	if c.Container.NetworkSettings == nil || c.Container.NetworkSettings.Networks[lan] == nil {
		return nil, fmt.Errorf("%s is not on network %s", name, lan)
	}
	if n := len(c.Container.NetworkSettings.Networks); n > 1 {
		return nil, fmt.Errorf("%s is on %d networks, and a host may be on one", name, n)
	}
	e := c.Container.NetworkSettings.Networks[lan]
	addr := netip.PrefixFrom(e.IPAddress, e.IPPrefixLen)
	if !addr.IsValid() || len(e.MacAddress) != len(sniffer.MAC{}) {
		return nil, fmt.Errorf("inspect %s: address %v, MAC %v: it does not run", name, addr, e.MacAddress)
	}
	return []lab.Port{{Device: device, Segment: lab.DefaultSegment, MAC: sniffer.MAC(e.MacAddress), Addrs: []netip.Prefix{addr}}}, nil
}

// Start implements lab.Host.
func (h *host) Start(ctx context.Context, cmd lab.Cmd) (lab.Process, error) {
	if len(cmd.Args) == 0 {
		return nil, fmt.Errorf("%s: no command", h.name)
	}
	args := commandLine(cmd.Args)
	p, err := h.start(ctx, args, cmd)
	if ctx.Err() != nil {
		if p != nil {
			p.Kill()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, i18n.Errmsg("docker.unstarted", "Path", args[0], "Host", h.name, "Cause", err)
	}
	return p, nil
}

// commandLine is what a container starts: a first word without a slash is a command of
// wirelab.
func commandLine(args []string) []string {
	if strings.Contains(args[0], "/") {
		return args
	}
	return append([]string{program}, args...)
}

// execute starts a command and waits for its end.
func (h *host) execute(ctx context.Context, cmd lab.Cmd) (int, error) {
	p, err := h.Start(ctx, cmd)
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// FlushNeighbours implements lab.Host. A host of a network that somebody else made may not
// change its own cache: it has no capability. A container that has it joins its network
// namespace for as long as it takes.
func (h *host) FlushNeighbours(ctx context.Context) error {
	if h.user != "" {
		return h.flushOwn(ctx)
	}
	h.flushing.Lock()
	defer h.flushing.Unlock()
	s := spec{name: h.name + "-flush", args: []string{"neigh", "flush"}, image: h.image, user: root, capabilities: []string{"NET_ADMIN"}, joins: cmp.Or(h.owner, h.id), probes: true}
	said, err := h.run.runOnce(ctx, s)
	if err != nil {
		return fmt.Errorf("empty the neighbour cache of %s: %w: %s", h.name, err, said)
	}
	return nil
}

// flushOwn empties the cache of a host whose container has the capability.
func (h *host) flushOwn(ctx context.Context) error {
	var said bytes.Buffer
	asRoot := &host{run: h.run, name: h.name, id: h.id, user: root, env: h.env}
	code, err := asRoot.execute(ctx, lab.Cmd{Args: []string{"neigh", "flush"}, Stdout: &said, Stderr: &said})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	if err != nil {
		return fmt.Errorf("empty the neighbour cache of %s: %w: %s", h.name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
