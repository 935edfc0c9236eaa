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
	// Segment returns the segment of that name, nil if the topology has none.
	Segment(name string) Segment
	// Close ends every command and removes everything of the lab. It may be
	// called more than once.
	Close() error
}

// Segment is one Ethernet segment as a backend made it. Its methods may be
// called from several goroutines at once.
type Segment interface {
	// SetMode changes the segment while it runs. For Hub it returns when the
	// bridge has forgotten what it had learnt. A Switch learns from the frames
	// that hosts send: AwaitLearnt.
	SetMode(ctx context.Context, mode Mode) error
	// AwaitLearnt returns when the switch's forwarding table holds the port of
	// every host.
	AwaitLearnt(ctx context.Context) error
	// MachinePorts returns the hardware addresses of the machine's own ports on
	// the segment: the bridge itself and its ends of the hosts' cables. Frames
	// from them are the machine's and no host's.
	MachinePorts() []sniffer.MAC
}

// Host is one machine of a lab. Its methods may be called from several
// goroutines at once.
type Host interface {
	Name() string
	// Ports returns the host's network devices as they were found, not as
	// wished.
	Ports() []Port
	// Start starts a command. The error means that it did not start: no such
	// program, not executable, no such host any more. ctx bounds the start
	// alone.
	Start(ctx context.Context, cmd Cmd) (Process, error)
	// FlushNeighbours empties the neighbour (ARP) cache. It never restarts the
	// host, and commands that run keep running.
	FlushNeighbours(ctx context.Context) error
}

// AgentHost is a Host whose backend answers the lab's questions (lab/agent)
// without a command of the host's own.
type AgentHost interface {
	// StartAgent starts the agent, which reads questions from in and answers
	// on out until in is closed. At its end it ends the programs whose id
	// begins with a prefix.
	StartAgent(ctx context.Context, programs string) (in io.WriteCloser, out io.ReadCloser, err error)
}

// SocketHost is a Host on which this process can have sockets of its own. The
// methods are those of package net for the address family and protocols of the
// lab; addresses have no names. Dial takes "unix", too: an abstract address ("@name")
// is of a host as its ports are.
type SocketHost interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Process is a command that was started on a host. Its methods may be called
// from several goroutines at once.
type Process interface {
	// Wait returns the exit code when the process has ended and its outputs are
	// copied. The error is for a process that could not be watched to its end.
	// A ctx that ends first returns its error and does not end the process.
	Wait(ctx context.Context) (exitCode int, err error)
	// Kill ends the process, as far as the backend can: in a container its
	// input ends and nobody waits for it any more. It may be called at any time
	// and more than once.
	Kill() error
}

// Numbered is a Process whose number on its host is known. Without it the agent
// finds a program by its environment, which not every program keeps.
type Numbered interface {
	// PID returns the number in the PID namespace of the host's agent.
	PID() int
}

// Port is one network device of a host, as found.
type Port struct {
	Device  string // "eth0"
	Segment string // "lan"
	MAC     sniffer.MAC
	Addrs   []netip.Prefix
}

// Cmd is a command for a host. The zero values of its streams are an empty
// input and discarded outputs.
type Cmd struct {
	// Args is the command line. A first word that contains a slash is a
	// program of the host; any other is a wirelab command: "ping", "chat".
	Args           []string
	Env            []string  // added to the lab's Environment, NAME=VALUE
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
	return "", i18n.Errmsg("lab.mode", "Mode", s)
}

// Unavailable says that something cannot run on this machine.
type Unavailable struct {
	What   message.Message   // a backend's name, or what else is missing
	Cause  message.Message   // what was tried and what the system answered
	Advice []message.Message // what to do: alternatives, that can be pasted where possible

	Passing bool // what is missing now may be there at the next try: processes, memory
}

func (u *Unavailable) Error() string { return u.Unwrap().Error() }

// Unwrap returns the error in people's languages. The advice is not in it.
func (u *Unavailable) Unwrap() error {
	return i18n.Errmsg("lab.unavailable", "What", u.What, "Cause", u.Cause)
}
