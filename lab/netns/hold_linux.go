package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/pattern"
	"wirelab/internal/poll"
	"wirelab/lab"
)

// labName is what a lab may be called.
var labName = pattern.New(`^[a-z0-9][a-z0-9-]{0,30}$`)

func checkName(name string) error {
	if !labName().MatchString(name) {
		return exit.UsageMsg("held.name", "Lab", name)
	}
	return nil
}

// socketAddr is where the lab of a name is held: an abstract unix socket
// (unix(7)), which the kernel removes with its process, kill -9 included. It
// has no file mode, so both ends look at who the other is.
func socketAddr(name string) *net.UnixAddr {
	return &net.UnixAddr{Name: fmt.Sprintf("@wirelab/%d/%s", os.Geteuid(), name), Net: "unixpacket"}
}

// samePeer checks that the process at the other end is this user's.
func samePeer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) { peer, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = errors.Join(err, credErr); err != nil {
		return fmt.Errorf("who is at the other end: %w", err)
	}
	if int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("the process at the other end is user %d's", peer.Uid)
	}
	return nil
}

// Hold brings the lab of a name up, calls serve and takes commands from other
// processes of the user (Exec) until serve returns, ctx ends or Down is called.
func Hold(ctx context.Context, name string, t lab.Topology, serve func(context.Context, lab.Network) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	listener, err := net.ListenUnix("unixpacket", socketAddr(name))
	if errors.Is(err, unix.EADDRINUSE) {
		c, err := dial(name)
		if err != nil {
			return i18n.Errmsg("held.taken", "Lab", name, "Cause", err)
		}
		c.Close()
		return i18n.Errmsg("held.already", "Lab", name, "Flag", labFlag(name))
	}
	if err != nil {
		return err
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	up, err := Backend{}.Up(ctx, t)
	if err != nil {
		return err
	}
	n := up.(*network)
	defer n.Close()
	go n.acceptAll(listener)
	go func() { // Down ended the lab process
		<-n.ended
		cancel()
	}()
	err = serve(ctx, n)
	if errors.Is(err, errEnded) || ctx.Err() != nil {
		return nil // Down, or the caller, wanted it so
	}
	return err
}

// acceptAll hands every connection to the lab process, which serves it, until
// the listener is closed.
func (n *network) acceptAll(listener *net.UnixListener) {
	for {
		c, err := listener.AcceptUnix()
		if err != nil {
			return
		}
		if samePeer(c) == nil {
			if f, err := c.File(); err == nil {
				n.handOver(f) // if the lab has ended, so will this loop
				f.Close()
			}
		}
		c.Close()
	}
}

// dial connects to the lab of a name.
func dial(name string) (*net.UnixConn, error) {
	c, err := net.DialUnix("unixpacket", nil, socketAddr(name))
	if err != nil {
		return nil, notUp(name)
	}
	if err := samePeer(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// notUp says that a lab of this name is not up, or that none can be seen from a host of
// a lab, whose network holds no socket of the machine's.
func notUp(name string) error {
	if host := os.Getenv(hostnames.OwnVariable); host != "" {
		return i18n.Errmsg("held.inside", "Host", host)
	}
	if up := held(); len(up) > 0 {
		return i18n.Errmsg("held.another", "Lab", name, "Labs", up)
	}
	return i18n.Errmsg("held.none", "Lab", name, "Flag", labFlag(name))
}

// Labs returns the interactive labs of this user that are up, by name. One that
// ends meanwhile is not among them; one that does not answer is an error beside
// the others.
func Labs(ctx context.Context) ([]*Held, error) {
	var labs []*Held
	var errs []error
	for _, name := range held() {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		l, err := Open(ctx, name)
		cancel()
		switch {
		case err == nil:
			labs = append(labs, l)
		case slices.Contains(held(), name):
			errs = append(errs, fmt.Errorf("lab %q: %w", name, err))
		}
	}
	return labs, errors.Join(errs...)
}

// answerTimeout bounds the wait for a lab of several.
const answerTimeout = 5 * time.Second

// labFlag is what stands behind a command that is for the lab of a name.
func labFlag(name string) string {
	if name == "default" {
		return ""
	}
	return " --lab " + name
}

// held lists the names of the labs of this user that are up.
func held() []string {
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil
	}
	prefix := socketAddr("").Name
	var names []string
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		name, ours := strings.CutPrefix(fields[len(fields)-1], prefix)
		if ours && labName().MatchString(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Down ends the lab of that name and returns when its name is free.
func Down(ctx context.Context, name string) error {
	_, err := callVia(ctx, heldLab(name), request{Op: "down"})
	if err != nil && !errors.Is(err, errEnded) { // its holder may be faster than the answer
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	err = poll.Until(ctx, poll.Kernel, func() (bool, error) { return !slices.Contains(held(), name), nil })
	if err != nil {
		return fmt.Errorf("lab %q has ended, and the process that held it has not: %w", name, err)
	}
	return nil
}
