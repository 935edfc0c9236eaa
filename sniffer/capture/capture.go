// Package capture reads frames live from a network interface.
//
// On Linux it is an AF_PACKET socket with a ring that the kernel fills
// (packet(7), the kernel's Documentation/networking/packet_mmap.rst), so that
// frames carry the kernel's time and every frame that was lost is counted. It
// does not know what is inside a frame.
package capture

import (
	"net"
	"time"

	"golang.org/x/net/bpf"

	"wirelab/sniffer"
)

// Config says how to capture. Its zero value captures whole frames that are
// to or from this machine.
type Config struct {
	// SnapLen is how many bytes of a frame are kept. 0 keeps all.
	SnapLen int
	// BufferBytes is the size of the ring, rounded down to whole blocks, at
	// least two: of 1 MiB, or of 128 KiB where RetireTimeout is 5 ms at most. 0 is
	// 64 MiB, and 1 GiB the most.
	BufferBytes int
	// RetireTimeout is how long the kernel may hold frames back to hand them
	// over together, rounded up to milliseconds. 0 is 1 ms. A stalled reader
	// loses frames after BufferBytes, or after as many timeouts as the ring
	// has blocks, however few frames come.
	RetireTimeout time.Duration
	// Promiscuous asks for frames to every host.
	Promiscuous bool
	// Direction leaves out what went the other way. Unknown is both.
	Direction sniffer.Direction
	// EtherType leaves out every other protocol. With one the kernel shows only
	// what comes in, nothing that this machine sends (packet(7)). 0 is all.
	EtherType uint16
	// Filter makes the program that the kernel chooses frames with, which
	// returns 0 for those to leave out. It is called before the socket sees a
	// frame, once for each link type that may come. nil chooses all.
	Filter func(sniffer.LinkType) ([]bpf.RawInstruction, error)
}

// Statistics are counts of frames since Open.
type Statistics struct {
	Received  uint64 // seen by the kernel, and chosen by the filter
	Dropped   uint64 // of these lost, the ring being full
	Delivered uint64 // of these returned by Frames
}

// Any is the name for all interfaces together.
const Any = "any"

// AnyInterface captures on all interfaces of Ethernet, loopback and raw IP.
func AnyInterface() *net.Interface { return &net.Interface{Name: Any} }

// Handle is a capture that runs. One goroutine calls Frames, Buffered and
// Interface; the other methods may be called from any.
type Handle struct{ ring *ring }

// Open begins to capture on an interface. What crosses it after Open has
// returned is captured. On a loopback interface every frame goes out and comes
// in; unless a direction is asked for, the one that comes in is captured. The
// caller closes the Handle.
//
// The error wraps os.ErrPermission where the process lacks CAP_NET_RAW,
// syscall.ENETDOWN where the interface is down, and errors.ErrUnsupported off
// Linux and for an interface of another link type. Errors of Filter are
// returned as they are.
func Open(ifi *net.Interface, cfg Config) (*Handle, error) {
	r, err := open(ifi, cfg)
	if err != nil {
		return nil, err
	}
	return &Handle{r}, nil
}

// Frames appends the next frames to dst, some hundreds at most, and waits for
// one if it must. Their Data is valid until the next call of Frames or Close.
// VLAN tags that the kernel took out are in their place again.
//
// After Stop it returns what the kernel had captured until then, then io.EOF.
// When the interface goes down or away it does the same and then returns an
// error that wraps syscall.ENETDOWN. After Close it returns net.ErrClosed.
func (h *Handle) Frames(dst []sniffer.Frame) ([]sniffer.Frame, error) { return h.ring.frames(dst) }

// Buffered reports whether Frames would return frames without waiting.
func (h *Handle) Buffered() bool { return h.ring.buffered() }

// Interface is what frames come from.
type Interface struct {
	Name     string
	LinkType sniffer.LinkType
}

// Interfaces returns where frames came from so far, in the order of the
// numbers that they have in Frame.Interface: one interface, or as many of all
// as were seen.
func (h *Handle) Interfaces() []Interface { return h.ring.interfaces }

// Stop ends the capture: no later frame is counted or returned. It does not
// wait, and may be called more than once.
func (h *Handle) Stop() error { return h.ring.stop() }

// Statistics returns the counts. After Frames has returned io.EOF, Delivered and
// Dropped add up to Received; before that Received has also what waits in the
// ring.
func (h *Handle) Statistics() (Statistics, error) { return h.ring.statistics() }

// Close gives everything back. It ends a call of Frames that waits; Stop does so
// without losing frames.
func (h *Handle) Close() error { return h.ring.close() }
