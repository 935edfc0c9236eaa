package server

import (
	"syscall"
	"time"
)

// messageGap is the pause between two messages to client.py, so that one recv does
// not return both.
const messageGap = 40 * time.Millisecond

// pacer waits until the next message may be written.
type pacer func(raw syscall.RawConn, over <-chan struct{})

// paceClientPy waits until the client's machine has acknowledged the last message
// and its program has had time to read it.
func paceClientPy(raw syscall.RawConn, over <-chan struct{}) {
	limit := time.Now().Add(writeTimeout)
	for unacknowledged(raw) > 0 && time.Now().Before(limit) {
		select {
		case <-over:
			limit = time.Now().Add(drainTimeout)
			over = nil
		case <-time.After(5 * time.Millisecond):
		}
	}
	<-time.After(messageGap)
}
