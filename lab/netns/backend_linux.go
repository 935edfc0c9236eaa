package netns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"wirelab/lab"
)

// Check implements lab.Backend: it makes a small lab and takes it down, since
// a system may refuse at any step of it.
func (b Backend) Check(ctx context.Context) error {
	n, err := b.up(ctx, lab.Topology{Hosts: []string{lab.SnifferHost}}, "/proc/self/exe")
	if err != nil {
		return err
	}
	return n.Close()
}

// Up implements lab.Backend.
func (b Backend) Up(ctx context.Context, t lab.Topology) (lab.Network, error) {
	program, err := lab.Program(ctx)
	if err != nil {
		return nil, err
	}
	n, err := b.up(ctx, t, program)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (Backend) up(ctx context.Context, t lab.Topology, program string) (*network, error) {
	n, err := startProcess(ctx, true, t, program)
	// Root may be refused a user namespace and not need one.
	if os.Geteuid() == 0 && ctx.Err() == nil && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC)) {
		if n2, err2 := startProcess(ctx, false, t, program); err2 == nil {
			n, err = n2, nil
		}
	}
	if ctx.Err() != nil {
		if err == nil {
			n.Close()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, explain(err)
	}
	return n, nil
}

// startProcess starts the lab process and returns when its lab is up. When ctx
// ends, then or later, the lab process does.
func startProcess(ctx context.Context, userNamespace bool, t lab.Topology, program string) (*network, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = "wirelab-lab"
	cmd.Env = append(os.Environ(), processVariable+"=1")
	words := &lastWords{forward: os.Stderr}
	cmd.Stderr = words
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		Setsid:     true, // a Ctrl-C is the caller's to handle
	}
	if userNamespace {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	err = onOneCPU(cmd.Start)
	// Only the lab process may hold its end: what waits for an answer learns
	// by the end of the socket that the process has died.
	theirs.Close()
	if err != nil {
		ours.Close()
		return nil, err
	}
	n := newNetwork(cmd, ours, words)
	stop := context.AfterFunc(ctx, n.end)
	go func() {
		<-n.ended
		stop()
	}()
	answer, err := callVia(ctx, n, request{Op: "up", Topology: t, Program: program})
	if err != nil {
		n.Close()
		return nil, err
	}
	words.isUp()
	n.lan = newLAN(n, answer)
	return n, nil
}

// onOneCPU starts the lab process on one CPU, and so all that it starts:
// across two, frames of one connection can be captured in another order than
// they were sent. Labs of one machine spread over its CPUs.
func onOneCPU(start func() error) error {
	return onOwnThread(func() error {
		var allowed, one unix.CPUSet
		if err := unix.SchedGetaffinity(0, &allowed); err != nil {
			return fmt.Errorf("read CPU affinity: %w", err)
		}
		nth := rand.IntN(max(1, allowed.Count()))
		for cpu := range 64 * len(allowed) {
			if allowed.IsSet(cpu) {
				if nth == 0 {
					one.Set(cpu)
					break
				}
				nth--
			}
		}
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			return fmt.Errorf("set CPU affinity: %w", err)
		}
		return start()
	})
}

// socketPair returns two ends of a SOCK_SEQPACKET socket: ours, and a file for
// another process.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	ourFile, theirs := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control")
	defer ourFile.Close()
	conn, err := net.FileConn(ourFile)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}
