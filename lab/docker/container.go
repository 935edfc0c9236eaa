package docker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	netapi "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/wire"
)

const (
	nobody = "65534:65534"
	// A capability that cap_add grants to another user than 0 fills only the
	// bounding set: who needs one is user 0, with that one alone.
	root = "0:0"
)

// spec is what one container of the lab differs in from the others.
type spec struct {
	name         string
	args         []string
	image        string // empty: the run's
	user         string
	capabilities []string
	cpu          string
	alone        bool              // it has a network namespace without a network of Docker's
	wire         string            // alone: id of the container whose common memory it has; empty: it is that
	sysctls      map[string]string // alone
	names        []string          // alone: lines of /etc/hosts, NAME:ADDRESS
	lan          string            // name of the network that it is on
	joins        string            // id of the container whose network namespace it is in; without any of these it is in the machine's own
	restores     bool              // it restores something when it is told to end
	probes       bool              // the kernel may ask again for addresses that it knows
}

// wireContainer has the segments, and the cables between them and the hosts.
func (r *run) wireContainer() spec {
	return spec{name: "wire", args: []string{"wire", joinSocket}, alone: true,
		user: root, capabilities: []string{"NET_ADMIN", "NET_RAW"}}
}

// hostContainer holds a host of the lab: commands are executed in it. Its first process
// makes the host's devices, for which it has the capability to.
func (r *run) hostContainer(t lab.Topology, name, wireID, cpu string) spec {
	s := spec{name: name, args: []string{"hold", "--join", joinSocket, "--host", name}, alone: true, wire: wireID, cpu: cpu,
		user: root, capabilities: []string{"NET_ADMIN"}, sysctls: map[string]string{}}
	if name == lab.SnifferHost {
		s.capabilities = append(s.capabilities, "NET_RAW") // packet(7)
	}
	for _, setting := range wire.Settings(t, name) {
		s.sysctls[setting.Sysctl()] = setting.Value
	}
	known := t.Names(name)
	for _, other := range t.Hosts {
		for _, addr := range known[other] {
			s.names = append(s.names, other+":"+addr.String())
		}
	}
	return s
}

// hubContainer governs a bridge, which is in the machine's own network.
func (r *run) hubContainer(bridge string) spec {
	return spec{name: "hub", args: []string{"hub", bridge, "--watch"},
		user: root, capabilities: []string{"NET_ADMIN"}, restores: true}
}

// containerName is the name of the run's container of a role.
func (r *run) containerName(s spec) string {
	if s.lan != "" || s.wire != "" {
		return r.network() + "-" + s.name
	}
	return r.network() + "--" + s.name // no host can have this name
}

// create makes a container, which does not run yet, and returns its id.
func (r *run) create(ctx context.Context, s spec) (string, error) {
	config := &container.Config{Image: cmp.Or(s.image, r.image()), Cmd: s.args, User: s.user, Labels: maps.Clone(r.labels)}
	if s.restores {
		config.Labels[restoresLabel] = "yes"
	}
	if s.alone && s.wire == "" {
		config.OpenStdin, config.StdinOnce, config.AttachStdin = true, true, true
	}
	networks := &netapi.NetworkingConfig{}
	if s.wire != "" {
		config.Hostname = s.name
	}
	if s.lan != "" {
		config.Hostname = s.name
		endpoint := &netapi.EndpointSettings{Aliases: []string{s.name}}
		if !s.probes && !r.cli.sysctlsOfDevices() {
			endpoint.DriverOpts = map[string]string{"com.docker.network.endpoint.sysctls": probeSysctl("IFNAME") + "=" + seldom}
		}
		networks.EndpointsConfig = map[string]*netapi.EndpointSettings{s.lan: endpoint}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	uncut, cancel := r.uncut(ctx)
	defer cancel()
	created, err := r.cli.ContainerCreate(uncut, client.ContainerCreateOptions{
		Name: r.containerName(s), Config: config, HostConfig: s.confined(r.cli.sysctlsOfDevices()), NetworkingConfig: networks,
	})
	if err != nil {
		return "", fmt.Errorf("create %s: %w", s.name, err)
	}
	return created.ID, ctx.Err()
}

// start starts a container and returns when it has said `ready`.
func (r *run) start(ctx context.Context, s spec, id string) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience())
	defer cancel()
	// Attached before the start, so that the first word is heard.
	attached, err := r.cli.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return fmt.Errorf("attach to %s: %w", s.name, err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	if _, err := r.cli.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	var said firstWord
	copied := make(chan error, 1)
	go func() {
		_, err := stdcopy.StdCopy(&said, &said, attached.Reader)
		copied <- err
	}()
	select {
	case err := <-copied:
		if errors.Is(err, errReady) {
			return nil
		}
		return i18n.Errmsg("docker.notready", "Name", s.name, "Said", cmp.Or(strings.TrimSpace(said.text.String()), "nothing"))
	case <-ctx.Done():
		return i18n.Errmsg("docker.late", "Name", s.name, "Cause", ctx.Err())
	}
}

// runOnce runs a container to its end and removes it. It returns what the
// container said; an exit code other than 0 is an error.
func (r *run) runOnce(ctx context.Context, s spec) (said string, err error) {
	id, err := r.create(ctx, s)
	if err != nil {
		return "", err
	}
	defer func() {
		// Removed even when ctx has ended; the run's end removes it otherwise.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		_, removeErr := r.cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true})
		err = errors.Join(err, remains("container", id, removeErr))
	}()
	attached, err := r.cli.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return "", err
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	end := r.cli.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := r.cli.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return "", err
	}
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, attached.Reader); err != nil {
		return out.String(), cmp.Or(ctx.Err(), err)
	}
	select {
	case state := <-end.Result:
		if state.StatusCode != 0 {
			err = fmt.Errorf("exit code %d", state.StatusCode)
		}
	case err = <-end.Error:
	}
	return strings.TrimSpace(out.String()), err
}

// firstWord is written what a container says until it says that it is ready.
type firstWord struct{ text strings.Builder }

// errReady ends the copy of a container's output.
var errReady = errors.New("ready")

// Write implements io.Writer.
func (f *firstWord) Write(b []byte) (int, error) {
	f.text.Write(b)
	if strings.Contains(f.text.String(), "ready\n") {
		return 0, errReady
	}
	return len(b), nil
}

// confined gives the container no more than it needs.
func (s spec) confined(sysctlsOfDevices bool) *container.HostConfig {
	h := &container.HostConfig{
		CapDrop: []string{"ALL"}, CapAdd: s.capabilities,
		SecurityOpt:    []string{"no-new-privileges:true"},
		ReadonlyRootfs: true,
		Resources:      container.Resources{CpusetCpus: s.cpu},
		LogConfig:      container.LogConfig{Type: "none"}, // who attaches hears it
	}
	switch {
	case s.joins != "":
		h.NetworkMode = container.NetworkMode("container:" + s.joins)
		if !s.probes && sysctlsOfDevices {
			h.Sysctls = map[string]string{probeSysctl(device): seldom} // of the other's network
		}
		return h
	case s.alone:
		h.NetworkMode, h.IpcMode = "none", container.IPCModeShareable
		if s.wire != "" {
			h.IpcMode = container.IpcMode("container:" + s.wire)
		}
		h.Sysctls, h.ExtraHosts = s.sysctls, s.names
		h.DNS, h.DNSSearch = []netip.Addr{netip.MustParseAddr("127.0.0.1")}, []string{"."} // nobody is asked
		return h
	case s.lan == "":
		h.NetworkMode = "host"
		return h
	}
	h.NetworkMode = container.NetworkMode(s.lan)
	// Docker's resolver knows the lab's names. What it does not know it would
	// ask outside, over the very bridge that is captured: so it asks nobody.
	h.DNS = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	h.DNSSearch = []string{"."}                        // none
	h.DNSOptions = []string{"timeout:1", "attempts:1"} // some daemons answer nothing then
	h.Sysctls = map[string]string{
		"net.ipv6.conf.all.disable_ipv6":     "1",
		"net.ipv6.conf.default.disable_ipv6": "1",
		"net.ipv4.ip_forward":                "0", // a new namespace may copy the machine's
	}
	if !s.probes && sysctlsOfDevices {
		h.Sysctls[probeSysctl(device)] = seldom
	}
	return h
}

// seldom is so long, in seconds, that no lab lives to see it.
const seldom = "3600"

// probeSysctl is how long after the last use of a neighbour's address the kernel
// asks that neighbour whether it still has it. The one that is asked learns the
// address of the other, and would know it again right after its cache was
// emptied (arp(7)).
func probeSysctl(device string) string { return "net.ipv4.neigh." + device + ".delay_first_probe_time" }
