package docker

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"wirelab/lab"
)

// program is the only file in the image.
const program = "/wirelab"

// host is a container in which commands are executed.
type host struct {
	segment *segment
	name    string
	id      string // of the container

	mu   sync.Mutex
	addr netip.Prefix
	mac  net.HardwareAddr
}

var _ lab.Host = &host{}

// Name returns the host's name.
func (h *host) Name() string { return h.name }

// Addr returns the addresses of eth0.
func (h *host) Addr() (netip.Prefix, net.HardwareAddr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.addr, h.mac
}

// readAddress asks the daemon: it may give a container other addresses than
// were wished for, and since Docker 28 another MAC at each start.
func (h *host) readAddress(ctx context.Context) error {
	r := h.segment.run
	c, err := r.cli.ContainerInspect(ctx, h.id, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("inspect %s: %w", h.name, err)
	}
	if c.Container.NetworkSettings == nil || c.Container.NetworkSettings.Networks[r.network()] == nil {
		return fmt.Errorf("inspect %s: it is not on network %s", h.name, r.network())
	}
	lan := c.Container.NetworkSettings.Networks[r.network()]
	addr := netip.PrefixFrom(lan.IPAddress, lan.IPPrefixLen)
	if !addr.IsValid() || len(lan.MacAddress) != 6 {
		return fmt.Errorf("inspect %s: address %v, MAC %v", h.name, addr, lan.MacAddress)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addr, h.mac = addr, net.HardwareAddr(lan.MacAddress)
	return nil
}

// Exec runs a command in the container. When ctx ends Exec stops waiting and
// the command's standard input ends; Docker has no way to kill it, so that a
// command that does not heed that lives until its container ends. If the
// command ends first, the goroutine that feeds it ends with its next read of
// cmd.Stdin.
func (h *host) Exec(ctx context.Context, cmd lab.Cmd) (int, error) {
	if len(cmd.Args) == 0 {
		return 0, fmt.Errorf("exec on %s: no command", h.name)
	}
	args := cmd.Args
	if !strings.Contains(args[0], "/") {
		args = append([]string{program}, args...)
	}
	code, err := h.exec(ctx, args, cmd)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("exec %s on %s: %w", args[0], h.name, err)
	}
	return code, nil
}

func (h *host) exec(ctx context.Context, args []string, cmd lab.Cmd) (int, error) {
	cli := h.segment.run.cli
	if args[0] != program {
		// A program that is not there is an exit code and a text on standard
		// output to the daemon: ask first.
		_, err := cli.ContainerStatPath(ctx, h.id, client.ContainerStatPathOptions{Path: args[0]})
		if cerrdefs.IsNotFound(err) {
			return 0, fmt.Errorf("no such program: the image holds %s alone", program)
		} else if err != nil {
			return 0, err
		}
	}
	created, err := cli.ExecCreate(ctx, h.id, client.ExecCreateOptions{
		Cmd: args, Env: cmd.Env, AttachStdin: cmd.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, err
	}
	attached, err := cli.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, err
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	if cmd.Stdin != nil {
		go func() {
			// An error is the command's end, of which Exec learns otherwise.
			io.Copy(attached.Conn, cmd.Stdin)
			attached.CloseWrite()
		}()
	}
	stdout := cmp.Or[io.Writer](cmd.Stdout, io.Discard)
	stderr := cmp.Or[io.Writer](cmd.Stderr, io.Discard)
	if _, err := stdcopy.StdCopy(stdout, stderr, attached.Reader); err != nil {
		return 0, err
	}
	return h.exitCode(ctx, created.ID)
}

// exitCode returns the exit code of a command whose outputs have ended. The
// daemon learns of the command's end by another way, a little later.
func (h *host) exitCode(ctx context.Context, execID string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, pollEvery) {
		state, err := h.segment.run.cli.ExecInspect(ctx, execID, client.ExecInspectOptions{})
		if err != nil {
			return 0, fmt.Errorf("await its exit code: %w", err)
		}
		if !state.Running {
			return state.ExitCode, nil
		}
		if err := pause(ctx, wait); err != nil {
			return 0, fmt.Errorf("await its exit code: outputs closed, still running: %w", err)
		}
	}
}

// FreshARP restarts the container: the neighbour cache belongs to its network
// namespace. Its address stays, its port on the bridge is a new one.
func (h *host) FreshARP(ctx context.Context) error {
	grace := 5 // seconds
	if _, err := h.segment.run.cli.ContainerRestart(ctx, h.id, client.ContainerRestartOptions{Timeout: &grace}); err != nil {
		return fmt.Errorf("restart %s: %w", h.name, err)
	}
	if err := h.readAddress(ctx); err != nil {
		return err
	}
	return h.segment.govern(ctx)
}
