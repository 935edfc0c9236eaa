package experiments

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/server"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/docker"
	"wirelab/lab/netns"
)

// abortingServer as the first argument makes this test binary a chat server
// that aborts its connections: what a claim about a teardown must not pass.
const abortingServer = "aborting-server"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == abortingServer {
		fmt.Fprintln(os.Stderr, serveAborting())
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == busyLoop {
		spin()
		return
	}
	if len(os.Args) > 1 && programs[os.Args[1]] != nil {
		if err := programs[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	require.Parallel(4) // labs are waited for: each has one CPU
	checkBackends()
	code := m.Run()
	for _, b := range found {
		if b.err == nil {
			fmt.Printf("backend %s: ran\n", b.Name())
		} else {
			fmt.Printf("backend %s: skipped: %v\n", b.Name(), b.err)
		}
	}
	os.Exit(code)
}

// programs are what this test binary is on a host, by its first argument.
var programs = map[string]func(args []string) error{}

// found are the backends and why this machine cannot run them.
var found []struct {
	lab.Backend
	err error
}

func checkBackends() {
	for _, b := range []lab.Backend{netns.Backend{}, &docker.Backend{}} {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		found = append(found, struct {
			lab.Backend
			err error
		}{b, b.Check(ctx)})
		cancel()
	}
}

func advice(err error) string {
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		return i18n.Lines(lang.English, u.Advice)
	}
	return ""
}

// onEveryBackend runs a test on each backend that this machine has. One that
// it has not is skipped with its cause; it is a failure if WIRELAB_REQUIRE
// names it.
func onEveryBackend(t *testing.T, test func(*testing.T, lab.Backend)) {
	for _, b := range found {
		t.Run(b.Name(), func(t *testing.T) {
			if b.err != nil {
				require.Missing(t, b.Name(), fmt.Sprintf("%v (%s)", b.err, advice(b.err)))
			}
			test(t, b.Backend)
		})
	}
}

// pair is full while two labs of containers are up.
var pair = make(chan struct{}, 2)

// inTurn waits until another lab of containers may be up, if the test's is one. Who waits
// may keep others from running: the test is to have no parallel subtests.
func inTurn(t *testing.T, b lab.Backend) {
	if b.Name() != netns.Name {
		pair <- struct{}{}
		t.Cleanup(func() { <-pair })
	}
}

// besideOthers has a test of one lab run beside others: in containers, beside one other.
func besideOthers(t *testing.T, b lab.Backend) {
	t.Parallel()
	inTurn(t, b)
}

// longInContainers skips what takes a minute in containers, unless long is required: what
// is shown there is the same, and TestExperiments carries out the first lessons in them.
func longInContainers(t *testing.T, b lab.Backend) {
	t.Helper()
	if b.Name() != netns.Name {
		require.Long(t, "it takes long in containers")
	}
}

// TestSomeBackend fails where nothing can be verified: a green run that
// verified nothing is worse than a red one.
func TestSomeBackend(t *testing.T) {
	for _, b := range found {
		if b.err == nil {
			return
		}
	}
	for _, b := range found {
		t.Errorf("%v\ndo this: %s", b.err, advice(b.err))
	}
}

// serveAborting is the chat's own server on a listener whose connections are
// closed by a reset in place of a FIN (RFC 9293, section 3.10.4, abort).
func serveAborting() error {
	listener, err := net.Listen("tcp", ":7000")
	if err != nil {
		return err
	}
	room := chat.NewRoom(nil)
	fmt.Println("listening")
	return (&server.Server{Room: room, TCP: abortListener{listener}}).Serve(context.Background())
}

type abortListener struct{ net.Listener }

func (l abortListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.(*net.TCPConn).SetLinger(0) // tcp(7): discard and reset at close
	return abortConn{c}, nil
}

// abortConn hides CloseWrite, so that nothing but the abort closes it.
type abortConn struct{ net.Conn }
