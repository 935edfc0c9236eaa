package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/moby/moby/client"
)

// A reaper is this program once more, as a process that waits for the end of
// its standard input, of which this process holds the other end. However this
// process ends, the kernel closes it, and the reaper removes the run.

// reaperVariable is the environment variable that makes a process the reaper
// of the run that it names.
const reaperVariable = "WIRELAB_DOCKER_REAPER"

const (
	// A request may have been under way when the owner died, and the daemon
	// finishes it: the reaper leaves only after it has seen nothing for this
	// long, or for as long as the daemon takes for ten questions.
	reaperQuiet = 2 * time.Second
	// And at the latest after this, the daemon being gone or out of order.
	reaperLimit = 2 * time.Minute
)

// The re-executed process must never get to main: it may be a test binary or
// any program that imports this package.
func init() {
	if id := os.Getenv(reaperVariable); validID(id) {
		os.Exit(reap(id))
	}
}

// reap is the reaper's whole life; it returns its exit code.
func reap(id string) int {
	// One byte says that the run was closed and that nothing is left.
	if n, _ := os.Stdin.Read(make([]byte, 1)); n == 1 {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), reaperLimit)
	defer cancel()
	cli, err := client.New(client.FromEnv)
	if err != nil {
		return 1
	}
	quiet := reaperQuiet
	for empty := time.Now(); time.Since(empty) < quiet; {
		began := time.Now()
		found, err := removePass(ctx, cli, id)
		if found > 0 || err != nil {
			empty = time.Now()
		} else {
			quiet = max(quiet, 10*time.Since(began)) // a daemon that is busy
		}
		if pause(ctx, pollEvery) != nil {
			return 1
		}
	}
	return 0
}

// reaper is the owner's end of it.
type reaper struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func startReaper(id string, daemon endpoint) (*reaper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), daemon.environment()...), reaperVariable+"="+id)
	cmd.Dir = os.TempDir() // any folder that is not the user's to unmount
	cmd.SysProcAttr = ownSession()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	return &reaper{cmd, stdin}, nil
}

// release ends the reaper and waits for it: nothing of the run is left.
func (r *reaper) release() error {
	_, err := r.stdin.Write([]byte{1})
	if waitErr := r.reap(closeWithin); err == nil {
		err = waitErr
	}
	return err
}

// reap lets the reaper remove the run and waits for it, within limits: it
// works on when this process no longer waits.
func (r *reaper) reap(within time.Duration) error {
	r.stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("reaper: %w", err)
		}
		return nil
	case <-time.After(within):
		return errors.New("the lab is not all removed yet: its reaper still tries")
	}
}
