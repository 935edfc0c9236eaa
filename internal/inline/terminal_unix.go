//go:build unix

package inline

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

func makeRaw(f *os.File) (*term.State, error) { return term.MakeRaw(int(f.Fd())) }

// notifyResize tells when the size of the controlling terminal has been set,
// be it to what it was. Signals that are not taken in time are lost.
func notifyResize() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, unix.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
