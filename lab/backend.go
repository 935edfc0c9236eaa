package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
)

// Backend brings labs up. A lab is a set of hosts on one Ethernet segment.
//
// A backend only starts commands on hosts: capture, barrier and verdict are
// built on that alone and are the same for every backend.
type Backend interface {
	// Name is what --backend and the result document call it.
	Name() string
	// Check reports whether this machine can run the backend. The error is an
	// *Unavailable where the machine lacks something.
	Check(ctx context.Context) error
	// Up brings up the hosts of a topology on one segment in hub mode: every
	// port forwarding, offloads off, one CPU, silent. When ctx ends, or the
	// process however it ends, nothing of the lab is left.
	Up(ctx context.Context, topology Topology) (Network, error)
}

// Network is a lab that is up. Its methods may be called from several
// goroutines at once.
type Network interface {
	// Host returns the host of that name, nil if the topology has none.
	Host(name string) Host
	// SetMode changes the segment while it runs. A switch is one only when it
	// has learnt the port of every host; learn makes every host send a frame
	// that floods, and SetMode calls it and returns when the forwarding table
	// holds every host.
	SetMode(ctx context.Context, mode Mode, learn func(context.Context) error) error
	// Close ends every command and removes everything of the lab. It may be
	// called more than once.
	Close() error
}

// Host is one machine of a lab. Its methods may be called from several
// goroutines at once.
type Host interface {
	Name() string
	// Addr returns the addresses of eth0 as they were found, not as wished.
	Addr() (netip.Prefix, net.HardwareAddr)
	// Exec runs a command on the host and returns its exit code; the error
	// is for a command that could not be started or watched. When ctx ends the
	// command is killed, where the backend can, and Exec returns ctx's error.
	Exec(ctx context.Context, cmd Cmd) (exitCode int, err error)
	// FreshARP empties the host's neighbour cache. A backend may restart the
	// host for it, which ends the commands that run there.
	FreshARP(ctx context.Context) error
}

// Cmd is a command for a host. The zero values of its streams are an empty
// input and discarded outputs.
type Cmd struct {
	// Args is the command line. A first word that contains a slash is a
	// program of the host; any other is a wirelab command: "ping", "chat".
	Args           []string
	Env            []string  // added to the host's environment, NAME=VALUE
	Stdin          io.Reader // its end closes the command's standard input
	Stdout, Stderr io.Writer // written to by one goroutine each
}

// Mode is how the segment forwards frames.
type Mode string

// The modes.
const (
	Hub    Mode = "hub"    // every frame goes to every port
	Switch Mode = "switch" // a unicast frame goes to the port that was learnt
)

// ParseMode reads a mode's name.
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); m == Hub || m == Switch {
		return m, nil
	}
	return "", fmt.Errorf("mode %q is not known: hub or switch", s)
}

// Unavailable says that something cannot run on this machine.
type Unavailable struct {
	What   string // a backend's name, or what else is missing
	Cause  string // what was tried and what the system answered
	Advice string // what to do, alternatives a line each, that can be pasted where possible
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("%s is not available: %s", u.What, u.Cause)
}
