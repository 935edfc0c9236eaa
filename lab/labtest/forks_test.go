package labtest_test

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/lab/labtest"
)

// A child that is being started has a copy of every descriptor until it executes its
// program: what the test has closed then is still open. A barrier waits for that.
func TestClosedWhileAChildStarts(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	listener := l.Listen("server", "tcp", ":80")
	conn := l.Dial("client", "tcp", "server:80")
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	copied, err := conn.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	settled := make(chan error, 1)
	func() {
		syscall.ForkLock.Lock() // as package syscall does while it starts a child
		defer syscall.ForkLock.Unlock()
		conn.Close()
		go func() { settled <- l.TrySettle("closed") }()
		select {
		case err := <-settled:
			t.Errorf("the barrier is reached while a child has the connection: %v", err)
			settled <- err
		case <-time.After(300 * time.Millisecond): // in which it would be reached
		}
		copied.Close() // as it does when it executes its program
	}()
	// A FIN that the server does not answer is a teardown under way.
	if err := <-settled; err == nil || !strings.Contains(err.Error(), "CLOSE_WAIT") && !strings.Contains(err.Error(), "FIN_WAIT") {
		t.Errorf("the connection is half closed, and the barrier is reached: %v", err)
	}
}
