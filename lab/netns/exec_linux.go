package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/creack/pty"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// exec runs a command on a host for the client of c.
func (p *process) exec(c *net.UnixConn, r request, files []*os.File) {
	cmd, terminal, err := p.start(r, files)
	unixmsg.CloseAll(files)
	if err != nil {
		unixmsg.Send(c, reply{Refusal: wire.Refuse(err)})
		return
	}
	var master []*os.File
	if terminal != nil {
		master = append(master, terminal)
	}
	sent := unixmsg.Send(c, reply{Started: true, PID: cmd.Process.Pid}, master...)
	unixmsg.CloseAll(master)
	ended := make(chan struct{})
	go func() {
		if sent == nil {
			relaySignals(c, cmd.Process.Pid)
		}
		select {
		case <-ended:
		default: // the client is gone, and what it started goes with it
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}()
	err = p.children.wait(cmd)
	close(ended)
	answer := reply{Exited: true, Exit: cmd.ProcessState.ExitCode()}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		answer.Exit = 128 + int(status.Signal()) // as a shell has it
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		answer = reply{Refusal: wire.Refuse(err)}
	}
	unixmsg.Send(c, answer)
}

// relaySignals sends the client's signals to the command's process group until
// the client is gone.
func relaySignals(c *net.UnixConn, pid int) {
	for {
		var r request
		files, err := unixmsg.Receive(c, &r)
		unixmsg.CloseAll(files)
		if err != nil {
			return
		}
		if r.Op == "signal" && r.Signal > 0 {
			syscall.Kill(-pid, syscall.Signal(r.Signal))
		}
	}
}

// start starts the command with the client's files as its standard streams, or
// on a new terminal, whose master it returns.
func (p *process) start(r request, files []*os.File) (*exec.Cmd, *os.File, error) {
	s, err := p.site()
	if err != nil {
		return nil, nil, err
	}
	h, err := s.host(r.Host)
	if err != nil {
		return nil, nil, err
	}
	if len(r.Args) == 0 {
		return nil, nil, errors.New("no command")
	}
	args := r.Args
	if !strings.Contains(args[0], "/") {
		args = append([]string{p.program}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = r.Dir
	cmd.Env = append(lab.Environment(h.Name, h.names), r.Env...)
	if r.TTY == nil {
		if len(files) != 3 {
			return nil, nil, fmt.Errorf("%d descriptors, want 3", len(files))
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd, nil, p.children.start(cmd, func() error { return h.do(cmd.Start) })
	}
	master, terminal, err := pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	defer terminal.Close()
	if err := pty.Setsize(master, r.TTY); err != nil {
		master.Close()
		return nil, nil, fmt.Errorf("size of the terminal: %w", err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.children.start(cmd, func() error { return h.do(cmd.Start) }); err != nil {
		master.Close()
		return nil, nil, err
	}
	return cmd, master, nil
}
