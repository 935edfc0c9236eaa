package netns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"

	"wirelab/internal/i18n"
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
	Error    string         `json:"error,omitempty"`
	Told     i18n.Message   `json:"told,omitzero"`     // Error for people, where it is of the catalogue
	Errno    int            `json:"errno,omitempty"`   // of the system call behind Error
	Timeout  bool           `json:"timeout,omitempty"` // a deadline is behind Error
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

// maxMessage bounds a message in bytes: the environment of an exec is the
// largest thing in it. It stays below the kernel's default socket buffer.
const maxMessage = 160 << 10

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

// remoteError is an error of the lab process. It unwraps to the system's, and to what
// people are told.
type remoteError struct{ r reply }

func (e *remoteError) Error() string { return e.r.Error }

func (e *remoteError) Unwrap() []error {
	var inner []error
	if !e.r.Told.IsZero() {
		inner = append(inner, e.r.Told.Err())
	}
	switch {
	case e.r.Timeout:
		inner = append(inner, context.DeadlineExceeded)
	case e.r.Errno != 0:
		inner = append(inner, syscall.Errno(e.r.Errno))
	}
	return inner
}

func errorReply(err error) reply {
	r := reply{Error: err.Error(), Timeout: errors.Is(err, context.DeadlineExceeded)}
	if _, ok := errors.AsType[*i18n.Error](err); ok {
		r.Told = i18n.FromError(err)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		r.Errno = int(errno)
	}
	return r
}

// send writes a message with the descriptors of files.
func send(c *net.UnixConn, message any, files ...*os.File) error {
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(b) > maxMessage {
		return fmt.Errorf("a request of %d bytes; the environment and arguments may have %d", len(b), maxMessage)
	}
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(b, rights, nil)
	return err
}

// maxFiles is the number of descriptors that a message may bring.
const maxFiles = 3

// messages are buffers for messages: several requests of each host come when a lab does.
var messages = sync.Pool{New: func() any { return new([maxMessage]byte) }}

// receive reads a message and the files that came with it, which are the
// caller's to close. The end of the socket is io.EOF.
func receive(c *net.UnixConn, message any) ([]*os.File, error) {
	buffer := messages.Get().(*[maxMessage]byte)
	defer messages.Put(buffer)
	b, rights := buffer[:], make([]byte, syscall.CmsgSpace(4*maxFiles))
	n, m, flags, _, err := c.ReadMsgUnix(b, rights)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	controls, err := syscall.ParseSocketControlMessage(rights[:m])
	if err != nil {
		return nil, err
	}
	for _, control := range controls {
		fds, err := syscall.ParseUnixRights(&control)
		if err != nil {
			continue // another kind of control message
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	switch {
	case n == 0:
		err = io.EOF // of a SOCK_SEQPACKET socket
	case flags&(syscall.MSG_TRUNC|syscall.MSG_CTRUNC) != 0:
		err = errors.New("a message was cut")
	default:
		err = json.Unmarshal(b[:n], message)
	}
	if err != nil {
		closeAll(files)
		return nil, err
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// call sends a request over a socket of its own and reads the reply.
func call(c *net.UnixConn, r request, files ...*os.File) (reply, error) {
	if err := send(c, r, files...); err != nil {
		return reply{}, noAnswer(err)
	}
	var answer reply
	received, err := receive(c, &answer)
	closeAll(received)
	if err != nil {
		return reply{}, noAnswer(err)
	}
	if answer.Error != "" {
		return answer, &remoteError{answer}
	}
	return answer, nil
}
