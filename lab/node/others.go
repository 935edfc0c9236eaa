//go:build !linux

package node

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"time"

	"wirelab/internal/exit"
)

// errOnlyLinux is the error of what this system has no means for.
func errOnlyLinux(command string) error {
	return exit.UnableMsg("node.linux", "Command", command, "System", runtime.GOOS)
}

// echoConn cannot be opened here.
type echoConn struct{}

func openEcho(netip.Addr, int) (*echoConn, error) { return nil, errOnlyLinux("ping") }

func (*echoConn) Close() error                          { return nil }
func (*echoConn) wake()                                 {}
func (*echoConn) send(netip.Addr, uint16, []byte) error { return errOnlyLinux("ping") }
func (*echoConn) receive(context.Context, time.Time) (echoEvent, error) {
	return echoEvent{}, errOnlyLinux("ping")
}

// watch cannot be opened here.
type watch struct{}

func openWatch() (*watch, error) { return nil, errOnlyLinux("mark --stdin") }

func (*watch) Close() {}
func (*watch) awaitQuiet(context.Context, time.Duration) (string, error) {
	return "", errOnlyLinux("mark --stdin")
}

func alive(string, int) (bool, error) { return false, errOnlyLinux("mark --stdin") }

func left(string) (bool, error) { return false, errOnlyLinux("mark --stdin") }

func endPrograms(string) {}

// frameCounter cannot be opened here: a marker can be sent all the same.
type frameCounter struct{}

func openFrameCounter(string) (*frameCounter, error) { return nil, errors.ErrUnsupported }

func (*frameCounter) Close()                {}
func (*frameCounter) sent() (uint64, error) { return 0, errors.ErrUnsupported }

// FlushNeighbours is of Linux alone.
func FlushNeighbours(string) error { return errOnlyLinux("neigh") }

func showNeighbours(io.Writer, string) error                  { return errOnlyLinux("neigh") }
func addNeighbour(string, netip.Addr, net.HardwareAddr) error { return errOnlyLinux("neigh") }
func bound(string, uint16) (string, error)                    { return "", errOnlyLinux("ready") }
func packetSocketOpen() (string, error)                       { return "", errOnlyLinux("ready") }
func segmentSet(string) (string, error)                       { return "", errOnlyLinux("ready") }
func hub(context.Context, hubOptions, io.Writer) error        { return errOnlyLinux("hub") }
func join(context.Context, string, string) error              { return errOnlyLinux("hold") }
func serveWire(io.Reader, io.Writer, string) error            { return errOnlyLinux("wire") }
