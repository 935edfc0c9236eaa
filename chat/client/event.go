package client

import "wirelab/chat"

// Event is what a Session tells its user.
type Event interface{ event() }

// Waiting says that the server was not reached and is tried again.
type Waiting struct{ Cause error }

// Connected says that there is a connection.
type Connected struct {
	Name    string // as the server gave it
	Again   bool   // there was a connection before
	Resumed bool   // the lines that follow continue where that one was lost
}

// Received is a line of the room, or a Gap.
type Received struct {
	Line chat.Line
	Me   string // the user's name after this line
}

// PortUnreachable says that nothing listens at the server's UDP port: the answer to
// an earlier datagram.
type PortUnreachable struct{}

// NotSaid says that a text was not sent.
type NotSaid struct{ Err error }

// NotHeard says that a text was sent over a connection that was lost, and that the
// room has not heard it.
type NotHeard struct{ Text string }

// Unheard says how many texts were said more than two seconds ago and were not heard
// by the room yet; while the user leaves, how many were not heard at all.
type Unheard struct {
	Texts   int
	Leaving bool
}

// Lost says that there is no connection any more, and that the session connects
// again.
type Lost struct{}

func (Waiting) event()         {}
func (Connected) event()       {}
func (Received) event()        {}
func (PortUnreachable) event() {}
func (NotSaid) event()         {}
func (NotHeard) event()        {}
func (Unheard) event()         {}
func (Lost) event()            {}
