package lab

import (
	"context"
	"io"
	"net"
	"net/netip"

	"wirelab/internal/i18n"
	"wirelab/message"
	"wirelab/sniffer"
)

// Backend brings labs up. A lab is a set of hosts on one or more Ethernet segments.
//
// A backend sets up the network and starts commands on hosts. Capture, barriers and
// verdicts are built on that alone and are the same for every backend.
type Backend interface {
	// Name returns the backend's name in --backend and in the result document.
	Name() string
	// Check returns an error if this machine cannot run the backend. It is an
	// *Unavailable if the machine lacks something.
	Check(ctx context.Context) error
	// Up brings up the hosts and segments of a valid topology. Every segment is a hub
	// with all its ports forwarding. The hosts have no offloads, share one CPU, and
	// send nothing by themselves. When ctx ends, or the process ends in whatever way,
	// nothing of the lab is left.
	Up(ctx context.Context, topology Topology) (Network, error)
}

// Network is a lab that is up. Its methods may be called from several goroutines at once.
type Network interface {
	// Host returns the host of that name, nil if there is none.
	Host(name string) Host
	// Segment returns the segment of that name, nil if there is none.
	Segment(name string) Segment
	// Close ends every command and removes everything of the lab. It may be
	// called more than once.
	Close() error
}

// Segment is one Ethernet segment as a backend made it. Its methods may be
// called from several goroutines at once.
type Segment interface {
	// SetMode changes how the segment forwards frames. For Hub it returns when the
	// bridge has forgotten the addresses that it had learnt. A Switch learns from the
	// frames that hosts send; AwaitLearnt waits for that.
	SetMode(ctx context.Context, mode Mode) error
	// AwaitLearnt returns when the forwarding table of the switch has the port of
	// every host.
	AwaitLearnt(ctx context.Context) error
	// MachinePorts returns the hardware addresses of the machine's own ports on
	// the segment: of the bridge itself, and of its ends of the hosts' cables. Frames
	// from them are no host's.
	MachinePorts() []sniffer.MAC
}

// Host is one machine of a lab. Its methods may be called from several
// goroutines at once.
type Host interface {
	// Name returns the host's name.
	Name() string
	// Ports returns the host's network devices as the backend found them, which may
	// differ from Topology.Ports.
	Ports() []Port
	// Start starts a command. An error means that it did not start: there is no such
	// program, it is not executable, or the host has gone. The end of ctx does not end
	// a command that has started.
	Start(ctx context.Context, cmd Cmd) (Process, error)
	// FlushNeighbours empties the neighbour cache of ARP and NDP. It does not restart
	// the host, and commands that run keep running.
	FlushNeighbours(ctx context.Context) error
}

// AgentHost is a Host whose backend runs the lab's agent itself. The agent answers the
// lab's questions about the host (lab/agent). On other hosts it is a command.
type AgentHost interface {
	// StartAgent starts the agent. It reads questions from in and writes answers to
	// out until in is closed. At its end it ends the programs whose id begins with
	// programs.
	StartAgent(ctx context.Context, programs string) (in io.WriteCloser, out io.ReadCloser, err error)
}

// SocketHost is a Host on which this process can open sockets. The methods are those of
// package net. network is tcp, tcp4, tcp6, udp, udp4 or udp6, and the host part of an
// address is an IP address, not a name. Dial takes "unix" as well, with an abstract
// address ("@name"), which belongs to the host as its ports do.
type SocketHost interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Process is a command that was started on a host. Its methods may be called
// from several goroutines at once.
type Process interface {
	// Wait returns the exit code when the process has ended and its output is
	// copied. An error means that the process could not be watched to its end. If ctx
	// ends first, Wait returns the error of ctx and the process runs on.
	Wait(ctx context.Context) (exitCode int, err error)
	// Kill ends the process as far as the backend can: in a container its
	// input ends and nobody waits for it any more. It may be called at any time
	// and more than once.
	Kill() error
}

// Numbered is a Process whose process ID on its host is known. Without it the agent finds
// a program by a variable in its environment, which not every program keeps.
type Numbered interface {
	// PID returns the process ID in the PID namespace of the host's agent.
	PID() int
}

// Port is a network device of a host.
type Port struct {
	Device  string // "eth0"
	Segment string // name of the segment, "lan"
	MAC     sniffer.MAC
	Addrs   []netip.Prefix // its addresses, each with the prefix length of its subnet
}

// Cmd is a command for a host. A stream that is nil is an empty input or a discarded
// output.
type Cmd struct {
	// Args is the command line. A first word with a slash in it is a program of the
	// host; any other is a wirelab command: "ping", "chat".
	Args           []string
	Env            []string  // added to the lab's Environment, NAME=VALUE
	Stdin          io.Reader // its end closes the command's standard input
	Stdout, Stderr io.Writer // written to by one goroutine each
}

// Mode is how a segment forwards frames.
type Mode string

// The modes.
const (
	Hub    Mode = "hub"    // every frame goes to every port
	Switch Mode = "switch" // a unicast frame goes only to the port that leads to its receiver
)

// ParseMode returns the mode that s names: "hub" or "switch".
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); m == Hub || m == Switch {
		return m, nil
	}
	return "", i18n.Errmsg("lab.mode", "Mode", s)
}

// Unavailable says that something cannot run on this machine.
type Unavailable struct {
	What   message.Message   // what cannot run: the name of a backend, or something else
	Cause  message.Message   // what was tried, and what the system answered
	Advice []message.Message // what to do: alternatives, if possible commands to paste

	Passing bool // another try may succeed: the machine is short of processes or memory now
}

func (u *Unavailable) Error() string { return u.Unwrap().Error() }

// Unwrap returns the error, without the advice, as a message that can be translated.
func (u *Unavailable) Unwrap() error {
	return i18n.Errmsg("lab.unavailable", "What", u.What, "Cause", u.Cause)
}
