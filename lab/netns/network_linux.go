package netns

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
)

// network is a lab process as its caller sees it.
type network struct {
	process *exec.Cmd
	words   *lastWords // of the process
	control *net.UnixConn
	mu      sync.Mutex // of control's writes
	*lan               // once it is up

	ended chan struct{} // closed when the lab process is gone
}

var _ lab.Network = &network{}

func newNetwork(process *exec.Cmd, control *net.UnixConn, words *lastWords) *network {
	n := &network{process: process, words: words, control: control, ended: make(chan struct{})}
	go func() {
		process.Wait()
		close(n.ended)
	}()
	return n
}

// connect hands the lab process a socket for one request.
func (n *network) connect() (*net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if err := n.handOver(theirs); err != nil {
		ours.Close()
		return nil, err
	}
	return ours, nil
}

func (n *network) handOver(socket *os.File) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if unixmsg.Send(n.control, struct{}{}, socket) != nil {
		return n.ending(errEnded)
	}
	return nil
}

// ending returns err, or how the lab process died where that is behind it: with
// an exit code, and not because Close or Down ended it.
func (n *network) ending(err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	select {
	case <-n.ended:
	case <-time.After(closeTimeout):
		return err
	}
	if n.process.ProcessState.Success() || n.process.ProcessState.String() == "signal: killed" && n.words.String() == "" {
		return err
	}
	return &diedError{n.process.ProcessState.String(), n.words.String()}
}

// closeTimeout bounds the wait for the lab process after its socket is closed;
// then it is killed.
const closeTimeout = 5 * time.Second

// Close implements lab.Network. The kernel ends every process of the lab with
// the lab process, and frees the namespaces with their last process.
func (n *network) Close() error {
	n.end()
	<-n.ended
	return nil
}

// end makes the lab process end and does not wait for it.
func (n *network) end() {
	n.control.Close()
	go func() {
		select {
		case <-n.ended:
		case <-time.After(closeTimeout):
			n.process.Process.Kill()
		}
	}()
}
