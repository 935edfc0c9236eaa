package netns

import (
	"net"
	"os"
	"strings"
	"testing"

	"wirelab/internal/unixmsg"
)

// keeper is the link to a lab process that hands a socket out and says more, in place
// of closing its own descriptor and the connection.
type keeper struct{ t *testing.T }

func (k keeper) connect() (*net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	c, err := net.FileConn(theirs)
	if err != nil {
		return nil, err
	}
	k.t.Cleanup(func() { c.Close() })
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	for _, files := range [][]*os.File{{null}, nil} {
		if err := unixmsg.Send(c.(*net.UnixConn), reply{}, files...); err != nil {
			return nil, err
		}
	}
	return ours, nil
}

func (keeper) ending(err error) error { return err }

// A socket that the lab process has, too, would stay open when it is closed here, and
// its FIN would come at any time. So it is one's own alone before one gets it.
func TestSocketIsNotShared(t *testing.T) {
	h := &remoteHost{to: keeper{t}, name: "client"}
	_, err := socketOf(t.Context(), h, request{Op: "dial", Network: "tcp"}, func(f *os.File) (string, error) { return f.Name(), nil })
	if err == nil || !strings.Contains(err.Error(), "keeps the socket") {
		t.Errorf("the lab process has not closed its descriptor, and yet: %v", err)
	}
}
