package client

import "wirelab/chat"

// Event is what a Session tells its user: one of the types Waiting, Connected, Received,
// PortUnreachable, NotSaid, NotHeard, Unheard and Lost.
type Event interface{ event() }

// Waiting says that the server was not reached, and is tried again.
type Waiting struct{ Cause error }

// Connected says that the session is connected.
type Connected struct {
	Name    string // as the server gave it
	Again   bool   // the session was connected before
	Resumed bool   // the next lines continue where the last connection was lost
}

// Received is a line of the room, or a Gap.
type Received struct {
	Line chat.Line
	Me   string // the user's name in the room after this line
}

// PortUnreachable says that nothing listens at the server's UDP port: the answer to
// an earlier datagram.
type PortUnreachable struct{}

// NotSaid says why a text of Session.Say was not sent.
type NotSaid struct{ Err error }

// NotHeard says that a text was sent over a connection that was lost, and that the room
// has not heard it.
type NotHeard struct{ Text string }

// Unheard says how many texts the room has not heard within two seconds. While the user
// leaves, it is how many are not heard at all.
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
