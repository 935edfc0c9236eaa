package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/ownnet"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func start(t *testing.T, i *net.Interface, cfg Config) *Handle {
	t.Helper()
	h, err := Open(i, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// numbered makes a frame of so many bytes, of an EtherType for experiments
// (IEEE 802, section 9.2.4), to nobody who is there.
func numbered(n uint32, size int) []byte {
	f := append([]byte{2, 0, 0, 0, 0, 99, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, binary.BigEndian.AppendUint32(nil, n)...)
	return append(f, make([]byte, max(0, size-len(f)))...)
}

// watch fails a test whose Frames never returns, rather than leave it to hang.
func watch(t *testing.T, h *Handle) {
	t.Helper()
	timer := time.AfterFunc(20*time.Second, func() {
		s, err := h.Statistics()
		t.Errorf("no end of the capture after 20 s; statistics %+v, %v", s, err)
		_ = h.Close()
	})
	t.Cleanup(func() { timer.Stop() })
}

// drain stops h and returns all that is left in it.
func drain(t *testing.T, h *Handle) (frames []sniffer.Frame) {
	t.Helper()
	watch(t, h)
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	for {
		next, err := h.Frames(nil)
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range next {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
}

func statistics(t *testing.T, h *Handle) Statistics {
	t.Helper()
	s, err := h.Statistics()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFramesBothWays(t *testing.T) {
	near, far := ownnet.Cable(t)
	h := start(t, near, Config{Promiscuous: true})
	before := time.Now()
	in, out := numbered(1, 60), numbered(2, 60)
	ownnet.Sender(t, far)(in)
	ownnet.Sender(t, near)(out)
	frames := drain(t, h)
	if len(frames) != 2 {
		t.Fatalf("%d frames: %v, want 2", len(frames), frames)
	}
	for i, want := range []sniffer.Frame{
		{Data: in, Length: 60, Direction: sniffer.In},
		{Data: out, Length: 60, Direction: sniffer.Out},
	} {
		got := frames[i]
		if !bytes.Equal(got.Data, want.Data) || got.Length != want.Length || got.Direction != want.Direction {
			t.Errorf("frame %d: %+v, want %+v", i, got, want)
		}
		if got.Time.Before(before) || got.Time.After(time.Now()) {
			t.Errorf("frame %d at %v, sent after %v", i, got.Time, before)
		}
	}
	if got, want := statistics(t, h), (Statistics{Received: 2, Delivered: 2}); got != want {
		t.Errorf("statistics %+v, want %+v", got, want)
	}
}

func TestIgnoreOutgoing(t *testing.T) {
	near, far := ownnet.Cable(t)
	h := start(t, near, Config{Promiscuous: true, Direction: sniffer.In})
	ownnet.Sender(t, near)(numbered(1, 60))
	ownnet.Sender(t, far)(numbered(2, 60))
	frames := drain(t, h)
	if len(frames) != 1 || frames[0].Direction != sniffer.In {
		t.Errorf("frames %v, want only the one that came in", frames)
	}
}

func TestSnapLen(t *testing.T) {
	near, far := ownnet.Cable(t)
	h := start(t, near, Config{Promiscuous: true, SnapLen: 20})
	ownnet.Sender(t, far)(numbered(1, 1000))
	frames := drain(t, h)
	if len(frames) != 1 || len(frames[0].Data) != 20 || frames[0].Length != 1000 || !frames[0].Truncated() {
		t.Errorf("frames %v, want one of 20 bytes of 1000", frames)
	}
}

// The kernel takes VLAN tags out of what comes in.
func TestVLANTagIsPutBack(t *testing.T) {
	near, far := ownnet.Cable(t)
	h := start(t, near, Config{Promiscuous: true})
	frame := numbered(1, 60)
	frame = append(frame[:12:12], append([]byte{0x81, 0x00, 0x20, 0x05}, frame[12:]...)...)
	ownnet.Sender(t, far)(frame)
	frames := drain(t, h)
	if len(frames) != 1 || !bytes.Equal(frames[0].Data, frame) || frames[0].Length != len(frame) {
		t.Errorf("frames %x, want %x", frames, frame)
	}
}

// A single frame on an idle wire comes without another one behind it.
func TestSingleFrame(t *testing.T) {
	for _, retire := range []time.Duration{0, 10 * time.Millisecond} {
		t.Run(retire.String(), func(t *testing.T) {
			near, far := ownnet.Cable(t)
			h := start(t, near, Config{Promiscuous: true, RetireTimeout: retire})
			watch(t, h)
			send := ownnet.Sender(t, far)
			var took []time.Duration
			for i := range uint32(21) {
				if h.Buffered() {
					t.Fatal("frames on an idle wire")
				}
				sent := time.Now()
				send(numbered(i, 60))
				if frames, err := h.Frames(nil); err != nil || len(frames) != 1 {
					t.Fatalf("%d frames, %v", len(frames), err)
				}
				took = append(took, time.Since(sent))
			}
			slices.Sort(took)
			t.Logf("of 21: best %v, median %v, worst %v", took[0], took[10], took[20])
		})
	}
}

// What offloads hand over as one frame, 64 KiB and its headers, is captured
// whole, by blocks of either size.
func TestSuperFrames(t *testing.T) {
	for _, retire := range []time.Duration{0, 10 * time.Millisecond} {
		t.Run(retire.String(), func(t *testing.T) {
			near, far := ownnet.Cable(t)
			for _, i := range []*net.Interface{near, far} {
				link, err := netlink.LinkByName(i.Name)
				if err != nil {
					t.Fatal(err)
				}
				if err := netlink.LinkSetMTU(link, math.MaxUint16); err != nil {
					t.Fatal(err)
				}
			}
			h := start(t, near, Config{Promiscuous: true, RetireTimeout: retire})
			send := ownnet.Sender(t, far)
			const size, sent = 14 + math.MaxUint16, 40
			for i := range uint32(sent) {
				send(numbered(i, size))
			}
			frames := drain(t, h)
			if len(frames) != sent {
				t.Fatalf("%d frames of %d, %+v", len(frames), sent, statistics(t, h))
			}
			for i, f := range frames {
				if f.Truncated() || len(f.Data) != size || binary.BigEndian.Uint32(f.Data[14:]) != uint32(i) {
					t.Errorf("frame %d: %d bytes of %d, want %d", i, len(f.Data), f.Length, size)
				}
			}
		})
	}
}

// Stop loses nothing of what was sent before it, in whatever blocks it is.
func TestStopDrains(t *testing.T) {
	near, far := ownnet.Cable(t)
	send := ownnet.Sender(t, far)
	for _, n := range []uint32{0, 1, 3, 1000} {
		h := start(t, near, Config{Promiscuous: true})
		for i := range n {
			send(numbered(i, 900))
		}
		if n > 0 && n < 1000 { // some already taken
			if _, err := h.Frames(nil); err != nil {
				t.Fatal(err)
			}
		}
		frames := drain(t, h)
		send(numbered(99, 60))
		s := statistics(t, h)
		if s != (Statistics{Received: uint64(n), Delivered: uint64(n)}) {
			t.Errorf("%d sent: %+v", n, s)
		}
		for i, f := range frames {
			want := n - uint32(len(frames)) + uint32(i)
			if got := binary.BigEndian.Uint32(f.Data[14:]); got != want {
				t.Fatalf("frame %d is number %d, want %d", i, got, want)
			}
		}
		if _, err := h.Frames(nil); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	}
}

// What does not fit the ring is counted.
func TestDropsAreCounted(t *testing.T) {
	near, far := ownnet.Cable(t)
	h := start(t, near, Config{Promiscuous: true, BufferBytes: 1})
	send := ownnet.Sender(t, far)
	const sent = 3000
	for i := range uint32(sent) {
		send(numbered(i, 1000))
	}
	frames := drain(t, h)
	s := statistics(t, h)
	t.Logf("%+v", s)
	if s.Received != sent || s.Delivered != uint64(len(frames)) || s.Delivered+s.Dropped != s.Received || s.Dropped == 0 {
		t.Errorf("%+v and %d frames of %d sent; want delivered + dropped = received, and some dropped", s, len(frames), sent)
	}
}

// A capture that is stopped while frames come in still adds up.
func TestStopUnderLoad(t *testing.T) {
	near, far := ownnet.Cable(t)
	send := ownnet.Sender(t, far)
	h := start(t, near, Config{Promiscuous: true})
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		n := uint64(0)
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
				send(numbered(uint32(n), 100))
				n++
			}
		}
	}()
	taken := 0
	for taken < 500 {
		frames, err := h.Frames(nil)
		if err != nil {
			t.Fatal(err)
		}
		taken += len(frames)
	}
	frames := drain(t, h)
	close(stop)
	sent := <-done
	s := statistics(t, h)
	if s.Delivered != uint64(taken+len(frames)) || s.Delivered+s.Dropped != s.Received || s.Received > sent {
		t.Errorf("%+v, %d frames returned of %d sent", s, taken+len(frames), sent)
	}
}

func TestInterfaceGoes(t *testing.T) {
	for name, remove := range map[string]func(netlink.Link) error{
		"down": netlink.LinkSetDown, "deleted": netlink.LinkDel,
	} {
		t.Run(name, func(t *testing.T) {
			near, far := ownnet.Cable(t)
			h := start(t, near, Config{Promiscuous: true})
			watch(t, h)
			ownnet.Sender(t, far)(numbered(1, 60))
			link, err := netlink.LinkByName("near")
			if err != nil {
				t.Fatal(err)
			}
			if err := remove(link); err != nil {
				t.Fatal(err)
			}
			if f, err := h.Frames(nil); err != nil || len(f) != 1 || f[0].Length != 60 {
				t.Errorf("frames from before: %+v, %v", f, err)
			}
			if _, err := h.Frames(nil); !errors.Is(err, syscall.ENETDOWN) {
				t.Errorf("then %v, want ENETDOWN", err)
			}
			if got, want := statistics(t, h), (Statistics{Received: 1, Delivered: 1}); got != want {
				t.Errorf("statistics %+v, want %+v", got, want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	near, _ := ownnet.Cable(t)
	t.Run("no permission", func(t *testing.T) {
		done := make(chan error)
		go func() {
			// The thread without capabilities ends with its goroutine.
			runtime.LockOSThread()
			header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			var none [2]unix.CapUserData
			if err := unix.Capset(&header, &none[0]); err != nil {
				done <- err
				return
			}
			h, err := Open(near, Config{})
			if err == nil {
				err = errors.Join(errors.New("it opened"), h.Close())
			}
			done <- err
		}()
		if err := <-done; !errors.Is(err, os.ErrPermission) {
			t.Errorf("%v, want a permission error", err)
		}
	})
	t.Run("down", func(t *testing.T) {
		link, err := netlink.LinkByName("near")
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkSetDown(link); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(near, Config{}); !errors.Is(err, syscall.ENETDOWN) {
			t.Errorf("%v, want ENETDOWN", err)
		}
	})
	t.Run("not there", func(t *testing.T) {
		if _, err := Open(&net.Interface{Index: 9999, Name: "gone"}, Config{}); !errors.Is(err, syscall.ENODEV) {
			t.Errorf("%v, want ENODEV", err)
		}
	})
	t.Run("negative size", func(t *testing.T) {
		if _, err := Open(near, Config{SnapLen: -1}); err == nil {
			t.Error("no error")
		}
	})
}

func TestCloseEndsFrames(t *testing.T) {
	near, _ := ownnet.Cable(t)
	h := start(t, near, Config{})
	done := make(chan error)
	go func() {
		_, err := h.Frames(nil)
		done <- err
	}()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want net.ErrClosed", err)
	}
	if h.Buffered() {
		t.Error("frames after Close")
	}
	if err := h.Stop(); err != nil {
		t.Error(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}
