package cable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"wirelab/internal/poll"
	"wirelab/sniffer"
)

// handover tells, for the moment in which a cable is put in or taken out, which frames
// the bridge has forwarded itself. While both ways to the host are open the bridge
// sends a frame for it on both, and while neither is, a frame of the host stays in the
// cable's ring alone. A tap on all interfaces sees the frames in the order in which
// the kernel handles them, and so knows what became of each.
type handover struct {
	tap           *port
	begun         time.Time    // when the tap saw all that the kernel handled from then on
	turning       atomic.Int64 // Unix time in ns before the way was changed
	host, in, out int          // interface indices: the host's port, and the two ends of the cable's
	// Of the two ways to the host the bridge sends a frame first on that which became its
	// port last (br_add_if puts it at the head of the list).
	latest, earlier int

	idle []*port // rings of which it passes over what the bridge forwards itself

	round  uint64 // of probes; the first is random, so that no host knows it
	probes int    // of this round, that have come

	open     map[key]*forwarding   // what the latest frame of these bytes has become so far
	crossing map[key][]*forwarding // sent on in and not yet come on out
	arrived  map[arrivalKey]*forwarding
}

// forwarding is what the bridge has done with a frame.
type forwarding struct {
	own bool  // the host sent it
	on  []int // interfaces on which it was sent
}

func (f *forwarding) sentOn(index int) bool { return slices.Contains(f.on, index) }

// key tells frames apart: by the headers, and so by the checksums of the rest.
type key struct {
	sum    uint64
	length int
}

var seed = maphash.MakeSeed()

// tapBytes of each frame are compared.
const tapBytes = 160

func (a arrival) key() key {
	return key{maphash.Bytes(seed, a.frame[:min(len(a.frame), tapBytes)]), a.length}
}

// arrivalKey is one frame that came: the kernel's time is the same for all who see it.
type arrivalKey struct {
	key
	on   int
	came int64
}

func (a arrival) arrivalKey() arrivalKey { return arrivalKey{a.key(), a.on, a.came.UnixNano()} }

// openHandover takes a moment, since the kernel waits for all CPUs when a ring is made.
// Nothing is seen until begin.
func openHandover() (*handover, error) {
	tap, err := openPort(&net.Interface{Name: "all interfaces"}, ring{slots: 65536, slot: 256, outgoing: true, program: []bpf.Instruction{bpf.RetConstant{}}})
	if err != nil {
		return nil, err
	}
	return &handover{tap: tap, round: rand.Uint64(), open: map[key]*forwarding{}, crossing: map[key][]*forwarding{}, arrived: map[arrivalKey]*forwarding{}}, nil
}

// begin begins to see what is sent on all interfaces, and what comes on the host's port
// and on out. It returns when the kernel has ended what it was at with frames that were
// not seen: what becomes of one after the way has changed could not be told. From then on it
// passes over what is in idle rings and forwarded by the bridge itself.
func (h *handover) begin(ctx context.Context, host, in, out, latest, earlier int, idle ...*port) error {
	h.host, h.in, h.out, h.latest, h.earlier, h.idle = host, in, out, latest, earlier, idle
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 3},
		bpf.LoadExtension{Num: bpf.ExtInterfaceIndex},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(host), SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(out), SkipFalse: 1},
		bpf.RetConstant{Val: tapBytes},
		bpf.RetConstant{},
	})
	if err != nil {
		return err
	}
	if err := h.tap.conn.SetBPF(program); err != nil {
		return err
	}
	for range 10 {
		for _, p := range append(idle, h.tap) {
			if err := p.clear(); err != nil {
				return err
			}
		}
		clear(h.open)
		clear(h.crossing)
		clear(h.arrived)
		h.begun = time.Now()
		h.turn()
		if err := h.await(ctx); err != nil {
			return err
		}
		if err := h.missed(idle...); !errors.Is(err, errTooFast) {
			return err
		}
		// On a busy machine it took too long, and nothing has happened yet: once more.
	}
	return errTooFast
}

func (h *handover) close() error { return h.tap.close() }

// read takes in what the tap has seen by now, and makes room in idle rings.
func (h *handover) read() error {
	for until := h.tap.there(); h.tap.taken.Load() < until; {
		a, ok := h.tap.peek()
		if !ok {
			break
		}
		if !a.sent {
			if err := h.came(a); err != nil {
				return err
			}
		} else if !isProbe(a.frame) {
			h.sent(a.key(), a.on)
		}
		h.tap.release()
	}
	for _, p := range h.idle {
		for a, ok := p.peek(); ok && (isProbe(a.frame) || h.done(a)); a, ok = p.peek() {
			p.release()
		}
	}
	return nil
}

// change changes the way, and returns when the kernel has ended what it was at with frames.
// It takes in meanwhile what the tap sees: on a busy machine the kernel may take longer than
// the tap has room for.
func (h *handover) change(ctx context.Context, do func() error) error {
	reading, done := context.WithCancel(ctx)
	read := make(chan error, 1)
	go func() {
		err := poll.Until(reading, poll.Kernel, func() (bool, error) { return false, h.read() })
		if reading.Err() != nil {
			err = nil
		}
		read <- err
	}()
	err := do()
	done()
	if err := errors.Join(err, <-read); err != nil {
		return err
	}
	if err := h.missed(); err != nil {
		return err
	}
	return h.await(ctx)
}

// turn is called before the way is changed.
func (h *handover) turn() { h.turning.Store(time.Now().UnixNano()) }

var errTooFast = errors.New("frames crossed too fast to know which the cable has to carry")

// missed returns errTooFast if the tap, or one of some rings, had no room for a frame. When
// the way has been changed that does not matter any more: no frame goes both ways, or none.
func (h *handover) missed(rings ...*port) error {
	for _, p := range append(rings, h.tap) {
		if err := p.count(); err != nil {
			return err
		}
		if p.dropped.Load() > 0 {
			return errTooFast
		}
	}
	return nil
}

func (h *handover) sent(k key, on int) {
	f := h.open[k]
	if f == nil || f.sentOn(on) || on == h.latest && f.sentOn(h.earlier) {
		f = &forwarding{}
		h.open[k] = f
	}
	f.on = append(f.on, on)
	if on == h.in {
		h.crossing[k] = append(h.crossing[k], f)
	}
}

func (h *handover) came(a arrival) error {
	if !a.exact {
		return fmt.Errorf("the kernel does not stamp frames")
	}
	if isProbe(a.frame) && a.on == h.out {
		if number := a.frame[len(probe):]; len(number) >= 8 && binary.BigEndian.Uint64(number) == h.round {
			h.probes++
		}
		return nil
	}
	k := a.key()
	if a.on == h.host {
		f := &forwarding{own: true}
		h.open[k], h.arrived[a.arrivalKey()] = f, f
		return nil
	}
	if c := h.crossing[k]; len(c) > 0 {
		h.arrived[a.arrivalKey()] = c[0]
		if h.crossing[k] = c[1:]; len(c) == 1 {
			delete(h.crossing, k)
		}
	}
	return nil
}

// done reports whether a frame that came on one of the cable's ends is not the cable's
// to carry: the bridge has forwarded it, or the host itself has sent it.
func (h *handover) done(a arrival) bool {
	f := h.arrived[a.arrivalKey()]
	switch {
	case f == nil && a.on == h.host:
		// It came before the tap began, and the way was as it had been; or it came when the
		// tap had no room, and the way has changed.
		return h.latest == h.in && !a.came.After(h.begun)
	case f == nil:
		// So here, but the kernel stamps a frame when it is sent to the cable.
		return h.latest == h.in && a.came.UnixNano() <= h.turning.Load()
	case a.on == h.host:
		return len(f.on) > 0
	}
	return f.own || f.sentOn(h.host)
}

// drain lets a half carry its frames up to a number, but for those that are done. The tap
// has seen what became of them.
func (h *handover) drain(of *half, until uint64) {
	h.each(of, until, func(a arrival) bool { return !h.done(a) })
}

// drainLate lets a half carry, up to a number, the frames that came after the way had changed
// and that the bridge had not forwarded to or from the host itself. Should the tap have missed
// some since then, those are carried that had been sent to the cable before, and no frame
// twice.
func (h *handover) drainLate(of *half, until uint64) {
	missed := h.missed() != nil
	h.each(of, until, func(a arrival) bool {
		return a.on == h.out && a.came.UnixNano() < h.turning.Load() || !missed && !h.done(a)
	})
}

// each lets a half carry its frames up to a number for which carry is true.
func (h *handover) each(of *half, until uint64, carry func(arrival) bool) {
	for of.in.taken.Load() < until {
		a, ok := of.in.peek()
		if !ok {
			return
		}
		if carry(a) {
			of.pass(a)
		}
		of.in.release()
	}
}

// A probe crosses the cable's own pair of interfaces alone, to see whether it carries
// frames and whether the kernel stamps them, and that a CPU has handled what came before it.
// Its EtherType is for experiments (IEEE 802, local experimental EtherType 1). Its round's
// number of eight bytes is behind it.
const probeType = 0x88b5

var probe = append(append(append([]byte{}, probeAddress[:]...), probeAddress[:]...), probeType>>8, probeType&0xff, 'w', 'i', 'r', 'e', 'l', 'a', 'b', 0)

// probeAddress is locally administered, and no host's.
var probeAddress = sniffer.MAC{0xfe, 0xff, 0xff, 'l', 'a', 'b'}

func isProbe(frame []byte) bool { return string(frame[:min(len(frame), len(probe))]) == string(probe) }

// sendProbe sends a probe with a number on an interface, which is the cable's end at the
// bridge.
func (h *handover) sendProbe(in int, number uint64) error {
	frame := binary.BigEndian.AppendUint64(slices.Clone(probe), number)
	return unix.Sendto(h.tap.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: in, Protocol: probeType, Halen: 6})
}

// await returns when the kernel has ended what it was at with frames when it was called:
// the bridge has forwarded them, and those that it sent to the cable have come to it.
//
// A frame that is sent on an interface waits in its CPU's queue for the other end, until the
// CPU is at it or, on a busy machine, a thread of the kernel is. What is behind it in that
// queue comes after it. So a probe on every CPU comes when what waited for the bridge has
// been forwarded, and is in the queue for the cable; a second one when that has come, too.
func (h *handover) await(ctx context.Context) error {
	for range 2 {
		if err := h.awaitProbes(ctx); err != nil {
			return fmt.Errorf("wait for what crosses: %w", err)
		}
	}
	return nil
}

// probeTime is how long the probes of a round may take until others are sent: a full queue
// drops them, and so does a tap that has no room.
const probeTime = time.Second

// awaitProbes sends a probe on every CPU and returns when all have come.
func (h *handover) awaitProbes(ctx context.Context) error {
	for {
		h.round, h.probes = h.round+1, 0
		due, done := context.WithTimeout(ctx, probeTime)
		sending, sent := h.probeEveryCPU(h.round), -1
		err := poll.Until(due, poll.Kernel, func() (bool, error) {
			err := h.read()
			select {
			case sent = <-sending:
			default:
			}
			return sent >= 0 && h.probes >= sent, err
		})
		done()
		if sent < 0 {
			sent = <-sending // it uses the tap's socket
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%d of %d CPUs have handled their frames: %w", h.probes, sent, err)
		}
	}
}

// probeEveryCPU sends a probe with a number on every CPU on which this process may run, and
// tells then how many it sent. A CPU that forwards a frame does so to the end before a thread
// runs there. (To wait for the kernel's own grace period takes a hundred times as long.)
func (h *handover) probeEveryCPU(number uint64) <-chan int {
	sent := make(chan int, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		n := 0
		for cpu := range 1024 {
			var one unix.CPUSet
			one.Set(cpu)
			if unix.SchedSetaffinity(0, &one) != nil {
				continue // there is none, or it is not for us
			}
			n++
			_ = h.sendProbe(h.in, number) // of a full queue: others are sent
		}
		sent <- n
	}()
	return sent
}
