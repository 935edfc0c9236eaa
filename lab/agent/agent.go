// Package agent is the protocol between a lab and its hosts: what the lab asks
// a host at a barrier, and what the host answers. The host's end is `wirelab
// mark --stdin`, one a host, since starting a command costs more than asking
// one that runs; or what carries the host, where its backend can do that.
//
// A question is a line of the agent's standard input, its answer one line of
// its standard output:
//
//	quiet DURATION   quiet              nothing is under way on any socket
//	                 busy WHAT          past DURATION still, for instance
//	                                    "busy tcp 10.77.0.10:7000 > … CLOSE_WAIT unread=0 unsent=5"
//	mark LABEL [DEVICE…]
//	                 marked LABEL       a marker of LABEL was sent on each of the
//	                                    host's segments, or by these devices
//	alive ID PID     alive              the program started with ID in its environment runs
//	                 gone               it does not, or is ending; what it started is not it
//	left ID          left               something with ID in its environment runs
//	                 gone               nothing does
//	anything else    error REASON
//
// PID is the program's number in the agent's PID namespace, 0 where the lab does
// not know it.
//
// The agent begins by answering "ready" and ends with its input, and with it the
// programs that its lab has started on the host: in a lab that is attached to
// nothing else would end them, where the one who started them was killed.
//
// The package does not know how a host answers (lab/node) nor how an agent is
// started (lab).
package agent

// Variable is the environment variable that tells a host's agent which of its
// processes is which program of the lab.
const Variable = "WIRELAB_PROGRAM"

// The words of the protocol.
const (
	ready  = "ready"
	quiet  = "quiet"
	busy   = "busy"
	mark   = "mark"
	marked = "marked"
	alive  = "alive"
	gone   = "gone"
	left   = "left"
	failed = "error"
)
