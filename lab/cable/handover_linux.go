package cable

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net"
	"runtime"
	"slices"
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
	begun         time.Time
	host, in, out int // interface indices: the host's port, and the two ends of the cable's
	// Of the two ways to the host the bridge sends a frame first on that which became its
	// port last (br_add_if puts it at the head of the list).
	latest, earlier int

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
	return &handover{tap: tap, open: map[key]*forwarding{}, crossing: map[key][]*forwarding{}, arrived: map[arrivalKey]*forwarding{}}, nil
}

// begin begins to see what is sent on all interfaces, and what comes on the host's port
// and on out. It returns when the kernel has ended what it was at with frames that were
// not seen: what becomes of one after the way has changed could not be told.
func (h *handover) begin(ctx context.Context, host, in, out, latest, earlier int) error {
	h.host, h.in, h.out, h.latest, h.earlier = host, in, out, latest, earlier
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
	h.begun = time.Now()
	return h.await(ctx)
}

func (h *handover) close() error { return h.tap.close() }

// read takes in what the tap has seen by now.
func (h *handover) read() error {
	for until := h.tap.there(); h.tap.taken.Load() < until; {
		a, ok := h.tap.peek()
		if !ok {
			break
		}
		if a.sent {
			h.sent(a.key(), a.on)
		} else if err := h.came(a); err != nil {
			return err
		}
		h.tap.release()
	}
	return nil
}

// along does something and takes in meanwhile what the tap sees: on a busy machine the
// kernel may take longer for it than the tap has room for.
func (h *handover) along(ctx context.Context, do func() error) error {
	ctx, done := context.WithCancel(ctx)
	read := make(chan error, 1)
	go func() {
		err := poll.Until(ctx, poll.Kernel, func() (bool, error) { return false, h.read() })
		if ctx.Err() != nil {
			err = nil
		}
		read <- err
	}()
	err := do()
	done()
	return errors.Join(err, <-read)
}

// turned is called when the way has been changed. What the tap has no room for after that
// does not matter: no frame goes both ways any more, or none.
func (h *handover) turned() error {
	if err := h.tap.count(); err != nil {
		return err
	}
	if n := h.tap.dropped.Load(); n > 0 {
		return fmt.Errorf("%d frames crossed too fast to know which the cable has to carry", n)
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
	case f == nil:
		// It was on its way when the tap began, and the way as it had been; or it came
		// when the tap had no room, and the way has changed.
		return h.latest == h.in && !a.came.After(h.begun)
	case a.on == h.host:
		return len(f.on) > 0
	}
	return f.own || f.sentOn(h.host)
}

// drain lets a half carry its frames up to a number, but for those that are done.
func (h *handover) drain(of *half, until uint64) {
	for of.in.taken.Load() < until {
		a, ok := of.in.peek()
		if !ok {
			return
		}
		if !h.done(a) && !isProbe(a.frame) {
			of.pass(a)
		}
		of.in.release()
	}
}

// A probe crosses the cable's own pair of interfaces alone, to see whether it carries
// frames and whether the kernel stamps them. Its EtherType is for experiments (IEEE 802,
// local experimental EtherType 1).
const probeType = 0x88b5

var probe = append(append(append([]byte{}, probeAddress[:]...), probeAddress[:]...), probeType>>8, probeType&0xff, 'w', 'i', 'r', 'e', 'l', 'a', 'b', 0)

// probeAddress is locally administered, and no host's.
var probeAddress = sniffer.MAC{0xfe, 0xff, 0xff, 'l', 'a', 'b'}

func isProbe(frame []byte) bool { return string(frame[:min(len(frame), len(probe))]) == string(probe) }

// sendProbe sends a probe on an interface.
func (h *handover) sendProbe(on int) error {
	return unix.Sendto(h.tap.fd, probe, 0, &unix.SockaddrLinklayer{Ifindex: on, Protocol: probeType, Halen: 6})
}

// await returns when the kernel has ended what it was at with frames.
func (h *handover) await(ctx context.Context) error {
	settled := everyCPU()
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		err := h.read()
		select {
		case <-settled:
			return true, errors.Join(err, h.read())
		default:
			return false, err
		}
	})
	if err != nil {
		return fmt.Errorf("wait for what crosses: %w", err)
	}
	return nil
}

// settle is await, and waits until what was sent both ways has come to the cable, too.
func (h *handover) settle(ctx context.Context) error {
	if err := h.await(ctx); err != nil {
		return err
	}
	return poll.Until(ctx, poll.Kernel, func() (bool, error) {
		for _, forwarded := range h.crossing {
			if slices.ContainsFunc(forwarded, func(f *forwarding) bool { return f.sentOn(h.host) }) {
				return false, h.read()
			}
		}
		return true, nil
	})
}

// everyCPU closes what it returns when a thread of this process has run on every CPU that
// it may run on. A CPU that forwards a frame does so to the end before a thread runs there:
// what was being forwarded is forwarded then. (To wait for the kernel's own grace period
// takes a hundred times as long.)
func everyCPU() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		defer close(done)
		for cpu := range 1024 {
			var one unix.CPUSet
			one.Set(cpu)
			_ = unix.SchedSetaffinity(0, &one) // of a CPU that there is not, or not for us
		}
	}()
	return done
}
