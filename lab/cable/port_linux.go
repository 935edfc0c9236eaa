package cable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"wirelab/internal/poll"
	"wirelab/sniffer"
)

// port is a packet socket with a ring that the kernel fills. Its version, 2, hands each
// frame over when it comes; version 3, which captures use, would hold it back for a
// millisecond. An ordinary user's socket buffer holds some hundreds of frames, a ring
// as many as it has slots.
type port struct {
	conn    *packet.Conn
	raw     syscall.RawConn
	fd      int // valid until close
	mem     []byte
	slot    int // bytes of one
	slots   int
	next    int
	dropped atomic.Uint64 // frames that the ring had no room for, or that could not be sent
	seen    atomic.Uint64 // frames that the kernel counted
	taken   atomic.Uint64 // of these, those that were released
}

// ring is the size of a port's.
type ring struct {
	slots, slot int // number and bytes, each a power of two
	program     []bpf.Instruction
	outgoing    bool // also what is sent on the interface
}

// Sizes of a slot: the kernel puts its header and the addresses in front of the frame.
const (
	slotHead  = 128
	tagSize   = 4
	blockSize = 64 << 10
)

// openPort opens a socket on an interface; index 0 is all of them.
func openPort(ifi *net.Interface, size ring) (*port, error) {
	// Protocol 0 binds without the hook: nothing is queued anywhere but in the ring.
	conn, err := packet.Listen(ifi, packet.Raw, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("cable on %s: %w", ifi.Name, err)
	}
	p := &port{conn: conn, slot: size.slot, slots: size.slots}
	p.raw, err = conn.SyscallConn()
	if err == nil {
		var failed error
		err = p.raw.Control(func(fd uintptr) {
			p.fd = int(fd)
			failed = p.setUp(ifi, size)
		})
		err = errors.Join(err, failed)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cable on %s: %w", ifi.Name, err), p.close())
	}
	return p, nil
}

func (p *port) setUp(ifi *net.Interface, size ring) error {
	if len(size.program) > 0 {
		program, err := bpf.Assemble(size.program)
		if err != nil {
			return err
		}
		if err := p.conn.SetBPF(program); err != nil {
			return err
		}
	}
	options := []struct{ name, value int }{{unix.PACKET_VERSION, unix.TPACKET_V2}, {unix.PACKET_RESERVE, tagSize}}
	if !size.outgoing {
		options = append(options, struct{ name, value int }{unix.PACKET_IGNORE_OUTGOING, 1})
	}
	// The kernel stamps every frame as long as a socket asks for it.
	if err := unix.SetsockoptInt(p.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("SO_TIMESTAMPNS: %w", err)
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(p.fd, unix.SOL_PACKET, o.name, o.value); err != nil {
			return fmt.Errorf("packet option %d: %w", o.name, err)
		}
	}
	perBlock := blockSize / p.slot
	request := unix.TpacketReq{Block_size: blockSize, Block_nr: uint32(p.slots / perBlock), Frame_size: uint32(p.slot), Frame_nr: uint32(p.slots)}
	if err := unix.SetsockoptTpacketReq(p.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return fmt.Errorf("ring of %d frames: %w", p.slots, err)
	}
	mem, err := unix.Mmap(p.fd, 0, p.slots*p.slot, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	p.mem = mem
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(p.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifi.Index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// header is that of a slot (struct tpacket2_hdr of linux/if_packet.h).
func (p *port) header(slot int) *unix.Tpacket2Hdr {
	return (*unix.Tpacket2Hdr)(unsafe.Pointer(&p.mem[slot*p.slot]))
}

func (p *port) ready() bool {
	return atomic.LoadUint32(&p.header(p.next).Status)&unix.TP_STATUS_USER != 0
}

// arrival is a frame in the ring.
type arrival struct {
	frame  []byte // valid until release
	length int    // on the wire
	came   time.Time
	on     int  // index of the interface
	sent   bool // by this machine, on that interface
	exact  bool // came is the frame's own time, the same for every socket that sees it
}

// peek returns the next frame, which stays in the ring until release.
func (p *port) peek() (a arrival, ok bool) {
	if !p.ready() {
		return a, false
	}
	h := p.header(p.next)
	begin := p.next*p.slot + int(h.Mac)
	kept, length := int(h.Snaplen), int(h.Len)
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && kept >= 12 {
		begin, kept, length = begin-tagSize, kept+tagSize, length+tagSize
		restoreTag(p.mem[begin:], h)
	}
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p.mem[p.next*p.slot+unix.SizeofTpacket2Hdr]))
	return arrival{
		frame: p.mem[begin : begin+kept : begin+kept], length: length, came: time.Unix(int64(h.Sec), int64(h.Nsec)),
		on: int(from.Ifindex), sent: from.Pkttype == unix.PACKET_OUTGOING, exact: h.Status&unix.TP_STATUS_TS_SOFTWARE != 0,
	}, true
}

// restoreTag puts a VLAN tag back that the kernel took out of the frame that begins
// tagSize bytes behind b.
func restoreTag(b []byte, h *unix.Tpacket2Hdr) {
	tpid := uint16(sniffer.EtherTypeVLAN)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Vlan_tpid
	}
	copy(b[:12], b[tagSize:])
	binary.BigEndian.PutUint16(b[12:], tpid)
	binary.BigEndian.PutUint16(b[14:], h.Vlan_tci)
}

// release gives the slot of the frame that peek returned back to the kernel.
func (p *port) release() {
	atomic.StoreUint32(&p.header(p.next).Status, unix.TP_STATUS_KERNEL)
	p.next = (p.next + 1) % p.slots
	p.taken.Add(1)
}

// wait returns when a frame is ready, or the read deadline has passed.
func (p *port) wait() error {
	err := p.raw.Read(func(uintptr) bool { return p.ready() })
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// write sends a frame. One that cannot be sent is counted, unless the interface is
// down: so it would be lost without a cable, too.
func (p *port) write(frame []byte) {
	_, err := unix.Write(p.fd, frame)
	if errors.Is(err, unix.EAGAIN) {
		err = p.raw.Write(func(uintptr) bool {
			_, again := unix.Write(p.fd, frame)
			if errors.Is(again, unix.EAGAIN) {
				return false
			}
			if again != nil && !errors.Is(again, unix.ENETDOWN) {
				p.dropped.Add(1)
			}
			return true
		})
	}
	if err != nil && !errors.Is(err, unix.ENETDOWN) {
		p.dropped.Add(1)
	}
}

// count asks the kernel how many frames there were: reading sets its counters to 0.
func (p *port) count() error {
	s, err := p.conn.Stats()
	if err != nil {
		return fmt.Errorf("statistics of a cable: %w", err)
	}
	p.seen.Add(uint64(s.Packets) - uint64(s.Drops))
	p.dropped.Add(uint64(s.Drops))
	return nil
}

// held is how many of the frames that were counted are not released yet. The kernel counts a
// frame before it is in its slot.
func (p *port) held() int {
	seen, taken := p.seen.Load(), p.taken.Load()
	return int(max(seen, taken) - taken)
}

// room waits until half the ring is free, while someone else empties it, and forgets what
// it had no room for by then.
func (p *port) room(ctx context.Context) error {
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		err := p.count()
		return p.held() <= p.slots/2, err
	})
	if err != nil {
		return fmt.Errorf("wait for room in the ring of a cable: %w", err)
	}
	p.dropped.Store(0)
	return nil
}

func (p *port) close() error {
	err := p.conn.Close()
	if p.mem != nil {
		err = errors.Join(err, unix.Munmap(p.mem))
		p.mem = nil
	}
	return err
}

// waiting is how many frames are in the ring.
func (p *port) waiting() (n int) {
	for n < p.slots && atomic.LoadUint32(&p.header((p.next+n)%p.slots).Status)&unix.TP_STATUS_USER != 0 {
		n++
	}
	return n
}

// there is how many frames have been released when all that are in the ring are.
func (p *port) there() uint64 { return p.taken.Load() + uint64(p.waiting()) }

// clear passes over what is in the ring, and what it had no room for.
func (p *port) clear() error {
	for n := p.waiting(); n > 0; n-- {
		p.release()
	}
	err := p.count()
	p.dropped.Store(0)
	return err
}

// probed reports whether a probe has come that the kernel has stamped, and passes over
// what came before it.
func (p *port) probed() bool {
	for a, ok := p.peek(); ok; a, ok = p.peek() {
		stamped := isProbe(a.frame) && a.exact
		p.release()
		if stamped {
			return true
		}
	}
	return false
}
