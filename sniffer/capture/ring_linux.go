package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"wirelab/sniffer"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// drainTimeout bounds the wait for frames that the kernel has counted. It
// hands over a block RetireTimeout after its first frame.
const drainTimeout = 5 * time.Second

// ring is the reader's side of a TPACKET_V3 ring: blocks that the kernel fills
// in turn, each with as many frames as fit, and gives to us by its status.
type ring struct {
	name string
	conn *packet.Conn
	raw  syscall.RawConn

	reading    sync.Mutex // held by frames; close waits for it
	mem        []byte     // all blocks, nil after close
	blockSize  int        // bytes
	block      int        // index of the current one
	offset     int        // of its next frame
	left       int        // frames that it still has
	held       bool       // it is ours
	interfaces []Interface
	indices    map[int32]int // of interfaces by the kernel's index; nil for one interface
	last       int32         // the kernel's index of the latest frame's, and its own
	lastNumber int
	ended      error     // what frames returns when the ring is drained
	deadline   time.Time // for draining

	stopping atomic.Bool
	closing  atomic.Bool

	delivered atomic.Uint64
	counting  sync.Mutex
	kernel    Statistics // without Delivered
}

// batch is how many frames are returned at once at most: what is described of
// them, and their headers, which were just read, are still in a core's cache
// when they are used.
const batch = 256

func (r *ring) frames(dst []sniffer.Frame) ([]sniffer.Frame, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	if err := r.await(); err != nil {
		return dst, err
	}
	n := min(r.left, batch)
	dst = slices.Grow(dst, n)
	for range n {
		dst = dst[:len(dst)+1]
		r.take(&dst[len(dst)-1])
	}
	r.deliver(n)
	return dst, nil
}

// deliver counts frames that are returned. The kernel's counters have 32
// bits: they are read long before they are full.
func (r *ring) deliver(n int) {
	before := r.delivered.Load()
	if after := r.delivered.Add(uint64(n)); before>>30 != after>>30 {
		_, _ = r.statistics()
	}
}

// await waits until the current block has frames left.
func (r *ring) await() error {
	for {
		if r.closing.Load() {
			return net.ErrClosed
		}
		if r.left > 0 {
			return nil
		}
		if r.held {
			r.release()
		}
		if r.ready() {
			r.enter()
			continue
		}
		if done, err := r.drained(); done {
			return err
		}
		r.wait()
	}
}

func (r *ring) buffered() bool {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.mem == nil {
		return false
	}
	if r.left == 0 && r.held {
		// Data of the frame before is still in use: look, do not release.
		return r.ours(r.following())
	}
	return r.left > 0 || r.ready()
}

// wait parks in the runtime's poller until a block is ready, the interface
// fails, or another goroutine stops or closes the ring.
func (r *ring) wait() {
	var failed error
	err := r.raw.Read(func(fd uintptr) bool {
		if r.ready() {
			return true
		}
		errno, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && errno != 0 {
			err = unix.Errno(errno)
		}
		failed = err
		return failed != nil
	})
	if failed == nil && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		failed = err
	}
	if failed != nil && r.ended == nil && !r.closing.Load() {
		// The interface may come up again: what follows is not of this capture.
		r.ended = errors.Join(fmt.Errorf("capture on %s: %w", r.name, failed), r.conn.SetBPF(accept(0)))
	}
}

// drained reports whether the capture has ended and all of it was delivered.
// Until then it sets the time at which to look again.
func (r *ring) drained() (bool, error) {
	if r.ended == nil && r.stopping.Load() {
		r.ended = io.EOF
	}
	if r.ended == nil {
		return false, nil
	}
	s, err := r.statistics()
	if err != nil {
		return true, err
	}
	if s.Delivered+s.Dropped >= s.Received {
		return true, r.ended
	}
	now := time.Now()
	if r.deadline.IsZero() {
		r.deadline = now.Add(drainTimeout)
	}
	if now.After(r.deadline) {
		return true, fmt.Errorf("capture on %s: %d frames received, %d delivered and %d dropped after %v",
			r.name, s.Received, s.Delivered, s.Dropped, drainTimeout)
	}
	if err := r.conn.SetReadDeadline(now.Add(20 * time.Millisecond)); err != nil {
		return true, err
	}
	return false, nil
}

func (r *ring) stop() error {
	// A closed ring cannot be stopped, and need not be.
	if r.closing.Load() || r.stopping.Load() {
		return nil
	}
	// From here on the kernel counts and queues nothing more.
	if err := r.conn.SetBPF(accept(0)); err != nil {
		return fmt.Errorf("stop capture on %s: %w", r.name, err)
	}
	r.stopping.Store(true)
	return r.conn.SetReadDeadline(time.Unix(1, 0))
}

func (r *ring) statistics() (Statistics, error) {
	r.counting.Lock()
	defer r.counting.Unlock()
	// Reading sets the kernel's counters to 0; its packets have its drops in
	// them (packet(7), PACKET_STATISTICS).
	delivered := r.delivered.Load()
	if !r.closing.Load() {
		s, err := r.conn.Stats()
		if err != nil {
			return Statistics{}, fmt.Errorf("statistics of %s: %w", r.name, err)
		}
		r.kernel.Received += uint64(s.Packets)
		r.kernel.Dropped += uint64(s.Drops)
	}
	return Statistics{Received: r.kernel.Received, Dropped: r.kernel.Dropped, Delivered: delivered}, nil
}

func (r *ring) close() error {
	if _, err := r.statistics(); err != nil { // the last moment to count
		return errors.Join(err, r.shut())
	}
	return r.shut()
}

func (r *ring) shut() error {
	r.counting.Lock()
	already := r.closing.Swap(true)
	r.counting.Unlock()
	if already {
		return nil
	}
	err := r.conn.Close() // which wakes frames
	r.reading.Lock()
	defer r.reading.Unlock()
	return errors.Join(err, r.unmap())
}

func (r *ring) unmap() error {
	if r.mem == nil {
		return nil
	}
	err := unix.Munmap(r.mem)
	r.mem, r.left, r.held = nil, 0, false
	return err
}

// The block's header is struct tpacket_block_desc of linux/if_packet.h.

func (r *ring) desc(block int) *unix.TpacketBlockDesc {
	return (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.mem[block*r.blockSize]))
}

func (r *ring) header() *unix.TpacketHdrV1 {
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&r.desc(r.block).Hdr))
}

func (r *ring) status(block int) *uint32 {
	return (*uint32)(unsafe.Pointer(&r.desc(block).Hdr))
}

// ours reports whether the kernel has filled a block and given it to us.
func (r *ring) ours(block int) bool {
	return atomic.LoadUint32(r.status(block))&unix.TP_STATUS_USER != 0
}

func (r *ring) ready() bool { return r.ours(r.block) }

func (r *ring) following() int { return (r.block + 1) % (len(r.mem) / r.blockSize) }

func (r *ring) enter() {
	h := r.header()
	r.held, r.offset, r.left = true, int(h.Offset_to_first_pkt), int(h.Num_pkts)
}

// release gives the current block back to the kernel.
func (r *ring) release() {
	atomic.StoreUint32(r.status(r.block), unix.TP_STATUS_KERNEL)
	r.block = r.following()
	r.held = false
}

// take sets f to the next frame of the current block.
func (r *ring) take(f *sniffer.Frame) {
	b := r.mem[r.block*r.blockSize : (r.block+1)*r.blockSize]
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&b[r.offset]))
	// A struct sockaddr_ll follows the header.
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&b[r.offset+unix.SizeofTpacket3Hdr]))
	start, kept, length := r.offset+int(h.Mac), int(h.Snaplen), int(h.Len)
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && kept >= 12 {
		start, kept, length = start-tagSize, kept+tagSize, length+tagSize
		tag(b[start:], h)
	}
	// Each field by itself: a literal would be made elsewhere and copied.
	f.Time = time.Unix(int64(h.Sec), int64(h.Nsec))
	f.Data = b[start : start+kept : start+kept]
	f.Length = length
	f.Direction = sniffer.In
	if from.Pkttype == unix.PACKET_OUTGOING {
		f.Direction = sniffer.Out
	}
	f.Interface = 0
	if r.indices != nil {
		f.Interface = r.number(from)
	}
	f.LinkType = r.interfaces[f.Interface].LinkType
	r.offset += int(h.Next_offset)
	r.left--
}

// tagSize is that of an 802.1Q tag. There is as much room before every frame.
const tagSize = 4

// tag puts an 802.1Q tag back that the kernel took out of the frame that
// begins tagSize bytes behind b.
func tag(b []byte, h *unix.Tpacket3Hdr) {
	tpid := uint16(sniffer.EtherTypeVLAN)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	copy(b[:12], b[tagSize:])
	binary.BigEndian.PutUint16(b[12:], tpid)
	binary.BigEndian.PutUint16(b[14:], uint16(h.Hv1.Vlan_tci))
}

// number returns the number of the interface that a frame of all came from.
func (r *ring) number(from *unix.RawSockaddrLinklayer) int {
	if from.Ifindex == r.last {
		return r.lastNumber
	}
	n, known := r.indices[from.Ifindex]
	if !known {
		n = len(r.interfaces)
		i := Interface{Name: fmt.Sprintf("interface %d", from.Ifindex), LinkType: hardware[from.Hatype]}
		if ifi, err := net.InterfaceByIndex(int(from.Ifindex)); err == nil {
			i.Name = ifi.Name
		}
		r.indices[from.Ifindex], r.interfaces = n, append(r.interfaces, i)
	}
	r.last, r.lastNumber = from.Ifindex, n
	return n
}
