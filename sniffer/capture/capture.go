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

	"wirelab/sniffer"
)

// Config says how to capture. Its zero value captures whole frames that are
// to or from this machine.
type Config struct {
	// SnapLen is how many bytes of a frame are kept. 0 keeps all.
	SnapLen int
	// BufferBytes is the size of the ring, rounded down to whole blocks of 128
	// KiB, at least two. 0 is 32 MiB.
	BufferBytes int
	// RetireTimeout is how long the kernel may hold frames back to hand them
	// over together, rounded up to milliseconds. 0 is 1 ms. A stalled reader
	// loses frames after BufferBytes, or after as many timeouts as the ring
	// has blocks, however few frames come.
	RetireTimeout time.Duration
	// Promiscuous asks for frames to every host.
	Promiscuous bool
	// IgnoreOutgoing leaves out what this machine sends (Linux 4.20).
	IgnoreOutgoing bool
}

// Statistics are counts of frames since Open.
type Statistics struct {
	Received  uint64 // seen by the kernel
	Dropped   uint64 // of these lost, the ring being full
	Delivered uint64 // of these returned by Next
}

// Handle is a capture that runs. One goroutine calls Next and Buffered; the
// other methods may be called from any.
type Handle struct{ ring *ring }

// Open begins to capture on an interface. What crosses it after Open has
// returned is captured. The caller closes the Handle.
//
// The error wraps os.ErrPermission where the process lacks CAP_NET_RAW,
// syscall.ENETDOWN where the interface is down, and errors.ErrUnsupported off
// Linux.
func Open(ifi *net.Interface, cfg Config) (*Handle, error) {
	r, err := open(ifi, cfg)
	if err != nil {
		return nil, err
	}
	return &Handle{r}, nil
}

// Next returns the next frame and waits for it if it must. The frame's Data
// is valid until the next call of Next or Close. VLAN tags that the kernel took
// out are in their place again.
//
// After Stop it returns what the kernel had captured until then, then io.EOF.
// When the interface goes down or away it does the same and then returns an
// error that wraps syscall.ENETDOWN. After Close it returns net.ErrClosed.
func (h *Handle) Next() (sniffer.Frame, error) { return h.ring.next() }

// Buffered reports whether Next would return a frame without waiting.
func (h *Handle) Buffered() bool { return h.ring.buffered() }

// Stop ends the capture: no later frame is counted or returned. It does not
// wait, and may be called more than once.
func (h *Handle) Stop() error { return h.ring.stop() }

// Statistics returns the counts. After Next has returned io.EOF, Delivered and
// Dropped add up to Received; before that Received has also what waits in the
// ring.
func (h *Handle) Statistics() (Statistics, error) { return h.ring.statistics() }

// Close gives everything back. It ends a Next that waits; Stop does so
// without losing frames.
func (h *Handle) Close() error { return h.ring.close() }
