package docker

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/lab"
)

// process is a command that is executed in a container.
type process struct {
	cli      *engine
	execID   string
	attached client.ExecAttachResult

	ctx    context.Context // ends with Kill
	cancel context.CancelFunc
	ended  chan struct{} // closed at the end; then code and err are final
	code   int
	err    error
}

var _ lab.Process = &process{}

// errKilled is the end of a process after Kill.
var errKilled = i18n.Errmsg("docker.killed")

// start executes a command and returns when the daemon has taken it.
func (h *host) start(ctx context.Context, args []string, cmd lab.Cmd) (*process, error) {
	cli := h.run.cli
	if args[0] != program {
		// A program that is not there is an exit code and a text on standard
		// output to the daemon: ask first.
		if err := h.executable(ctx, args[0]); err != nil {
			return nil, err
		}
	}
	created, err := cli.ExecCreate(ctx, h.id, client.ExecCreateOptions{
		User: h.user, Cmd: args, Env: slices.Concat(h.env, cmd.Env), AttachStdin: cmd.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return nil, err
	}
	attached, err := cli.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, err
	}
	p := &process{cli: cli, execID: created.ID, attached: attached, ended: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if cmd.Stdin != nil {
		go func() {
			// An error is the command's end, which watch sees.
			_, _ = io.Copy(attached.Conn, cmd.Stdin)
			_ = attached.CloseWrite()
		}()
	}
	go p.watch(cmp.Or[io.Writer](cmd.Stdout, io.Discard), cmp.Or[io.Writer](cmd.Stderr, io.Discard))
	return p, nil
}

// executable reports why a file of the container cannot be executed.
func (h *host) executable(ctx context.Context, path string) error {
	file, err := h.run.cli.ContainerStatPath(ctx, h.id, client.ContainerStatPathOptions{Path: path})
	switch {
	case cerrdefs.IsNotFound(err):
		return i18n.Errmsg("docker.program.missing", "Path", program)
	case err != nil:
		return err
	case !file.Stat.Mode.IsRegular() || file.Stat.Mode&0o111 == 0:
		return i18n.Errmsg("docker.program.mode")
	}
	return nil
}

// watch copies the outputs until they end and asks for the exit code.
func (p *process) watch(stdout, stderr io.Writer) {
	defer close(p.ended)
	defer p.attached.Close()
	_, err := stdcopy.StdCopy(stdout, stderr, p.attached.Reader)
	if err == nil {
		p.code, err = p.exitCode()
	}
	if p.ctx.Err() != nil {
		err = errKilled
	}
	p.err = err
}

// exitCode returns the exit code of a command whose outputs have ended. The
// daemon learns of the command's end by another way, a little later.
func (p *process) exitCode() (int, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	code, running := 0, false
	err := poll.Until(ctx, pollEvery, func() (bool, error) {
		state, err := p.cli.ExecInspect(ctx, p.execID, client.ExecInspectOptions{})
		code, running = state.ExitCode, err == nil && state.Running
		return err == nil && !running, err
	})
	switch {
	case err == nil:
		return code, nil
	case running:
		err = fmt.Errorf("outputs closed, still running: %w", err)
	}
	return 0, fmt.Errorf("await its exit code: %w", err)
}

// Wait implements lab.Process.
func (p *process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.code, p.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Kill implements lab.Process. Docker has no way to kill a command that it
// executes: its standard input ends and nobody reads its outputs any more. One
// that does not heed that lives until its container ends.
func (p *process) Kill() error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	p.cancel()
	p.attached.Close()
	return nil
}
