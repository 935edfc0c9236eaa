package netns

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/creack/pty"

	"wirelab/internal/i18n"
	"wirelab/internal/unixmsg"
	"wirelab/lab"
	"wirelab/lab/fault"
	"wirelab/lab/wire"
)

// The lab process takes requests over unix sockets of type SOCK_SEQPACKET, a
// JSON message each. The first socket (descriptor 3) carries nothing but other
// sockets, each for one request; its end is the end of the lab.
//
//	up     topology, program     -> hosts, and the machine's ports
//	hosts                        -> the same of a lab that is up, its modes, and since when
//	mode   segment, mode         -> done: its bridge is set
//	learnt segment               -> done: it has learnt every host on it
//	flush  host                  -> done: its neighbour cache is empty
//	impair rule                  -> done: it is in force
//	mend   rule (its name, or "") -> done: it is lifted, or all are
//	faults after                 -> what the cables do, and some acts
//	agent  host, programs         -> done: its agent reads questions from the first
//	                                of two files and answers on the second
//	exec   host, args, env       -> started, then exit; with tty a pty's master
//	                                comes back, without it stdin, stdout and
//	                                stderr go along. A request "signal" may
//	                                follow, and the socket's end kills.
//	listen, listen-packet, dial
//	       host, network, address -> done; the socket comes along
//	down                         -> done: every program was told to end; then the
//	                                lab process ends
type request struct {
	Op       string       `json:"op"`
	Topology lab.Topology `json:"topology,omitzero"`
	Program  string       `json:"program,omitempty"` // path of wirelab for the hosts
	Segment  string       `json:"segment,omitempty"`
	Mode     lab.Mode     `json:"mode,omitempty"`
	Host     string       `json:"host,omitempty"`
	Args     []string     `json:"args,omitempty"`
	Env      []string     `json:"env,omitempty"`
	Dir      string       `json:"dir,omitempty"`
	TTY      *pty.Winsize `json:"tty,omitempty"` // the size of the terminal that is wanted
	Signal   int          `json:"signal,omitempty"`
	Network  string       `json:"network,omitempty"` // of a socket, as package net has it
	Address  string       `json:"address,omitempty"`
	Programs string       `json:"programs,omitempty"` // prefix of the ids of an agent's programs
	Rule     fault.Rule   `json:"rule,omitzero"`
	After    int          `json:"after,omitempty"` // so many acts
}

type reply struct {
	wire.Refusal
	Hosts    []hostInfo     `json:"hosts,omitempty"`
	Segments []wire.Segment `json:"segments,omitempty"`
	Since    time.Time      `json:"since,omitzero"` // when the lab came up
	Started  bool           `json:"started,omitempty"`
	PID      int            `json:"pid,omitempty"` // of what was started, in the lab process's namespace
	Exited   bool           `json:"exited,omitempty"`
	Exit     int            `json:"exit,omitempty"`
	Faults   fault.Report   `json:"faults,omitzero"`
}

// hostInfo is a host as found.
type hostInfo struct {
	Name  string     `json:"name"`
	Ports []lab.Port `json:"ports"`
}

// errEnded is what a request gets whose lab ends meanwhile.
var errEnded = i18n.Errmsg("lab.ended")

// noAnswer says why a reply did not come. A socket whose other end goes with
// its process is at its end, or reset if the process had not read the request.
func noAnswer(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return errEnded
	}
	return i18n.Errmsg("lab.silent", "Cause", err)
}

// call sends a request over a socket of its own and reads the reply.
func call(c *net.UnixConn, r request, files ...*os.File) (reply, error) {
	if err := unixmsg.Send(c, r, files...); err != nil {
		return reply{}, noAnswer(err)
	}
	var answer reply
	received, err := unixmsg.Receive(c, &answer)
	unixmsg.CloseAll(received)
	if err != nil {
		return reply{}, noAnswer(err)
	}
	if answer.Refused() {
		return answer, &answer.Refusal
	}
	return answer, nil
}
