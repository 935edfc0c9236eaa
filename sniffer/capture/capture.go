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

// Config says how to capture. Its zero value captures whole frames that this machine sends
// or gets.
type Config struct {
	// SnapLen is how many bytes of a frame are kept at most. 0 keeps all.
	SnapLen int
	// BufferBytes is the size of the ring in bytes, at most 1 GiB. 0 is 64 MiB. It is
	// rounded down to whole blocks, at least two. A block has 128 KiB, or 512 KiB if
	// RetireTimeout is longer than 5 ms.
	BufferBytes int
	// RetireTimeout is how long the kernel may hold frames back to hand over several
	// at once. It is rounded up to milliseconds; 0 is 1 ms. A reader that stalls
	// loses frames after BufferBytes, or after as many timeouts as the ring
	// has blocks, however few frames come.
	RetireTimeout time.Duration
	// Promiscuous asks the interface for the frames to other machines as well.
	// AnyInterface ignores it.
	Promiscuous bool
	// Direction is the only direction to capture. Unknown captures both.
	Direction sniffer.Direction
	// EtherType is the only protocol to capture, 0 for all. With one, the kernel
	// shows only what comes in and nothing that this machine sends (packet(7)).
	EtherType uint16
	// Filter returns the BPF program by which the kernel chooses frames for a link
	// type. The program returns 0 for a frame to leave out. Open calls Filter for
	// each link type that may come, before any frame is captured. nil chooses all
	// frames.
	Filter func(sniffer.LinkType) ([]bpf.RawInstruction, error)
}

// Statistics are counts of frames since Open.
type Statistics struct {
	Received  uint64 // frames that the kernel saw and the filter chose
	Dropped   uint64 // of these, frames lost because the ring was full
	Delivered uint64 // of Received, frames that Frames has returned
}

// Any is the name of AnyInterface.
const Any = "any"

// AnyInterface returns an interface for Open that captures on all of the machine's
// interfaces whose frames are Ethernet or raw IP, the loopback interface among them.
func AnyInterface() *net.Interface { return &net.Interface{Name: Any} }

// Handle is a running capture. Only one goroutine may call Frames, Buffered and
// Interfaces; any may call the other methods.
type Handle struct{ ring *ring }

// Open begins to capture on an interface. Whatever crosses it after Open has returned is
// captured. A loopback interface sends and receives every frame; unless cfg.Direction says
// otherwise, only the one received is captured. The caller closes the Handle.
//
// The error wraps os.ErrPermission if the process lacks CAP_NET_RAW, syscall.ENETDOWN if
// the interface is down, and errors.ErrUnsupported on systems other than Linux and for an
// interface of another link type. Open returns errors of cfg.Filter as they are.
func Open(ifi *net.Interface, cfg Config) (*Handle, error) {
	r, err := open(ifi, cfg)
	if err != nil {
		return nil, err
	}
	return &Handle{r}, nil
}

// Frames appends the next frames, at most 256, to dst and returns it. It waits for a frame
// if there is none. The Data of the frames is valid until the next call of Frames or
// Close. VLAN tags that the kernel took out of frames are put back.
//
// After Stop, Frames returns the frames that the kernel had captured until then, then
// io.EOF. It does the same if the interface goes down or away, but with an error that
// wraps syscall.ENETDOWN. After Close it returns net.ErrClosed.
func (h *Handle) Frames(dst []sniffer.Frame) ([]sniffer.Frame, error) { return h.ring.frames(dst) }

// Buffered reports whether Frames would return frames without waiting.
func (h *Handle) Buffered() bool { return h.ring.buffered() }

// Interface is a network interface from which frames came.
type Interface struct {
	Name     string
	LinkType sniffer.LinkType
}

// Interfaces returns the interfaces from which frames came so far. A frame's Interface is
// an index into them. A capture on one interface has one from the beginning.
func (h *Handle) Interfaces() []Interface { return h.ring.interfaces }

// Stop ends the capture: no later frame is counted or returned. It does not
// wait, and may be called more than once.
func (h *Handle) Stop() error { return h.ring.stop() }

// Statistics returns the counts. After Frames has returned io.EOF, Delivered and Dropped
// add up to Received. Before that, Received also has the frames that wait in the ring.
func (h *Handle) Statistics() (Statistics, error) { return h.ring.statistics() }

// Close ends the capture and frees its memory. It ends a call of Frames that waits. Stop
// ends a capture without losing frames. Close may be called more than once.
func (h *Handle) Close() error { return h.ring.close() }
