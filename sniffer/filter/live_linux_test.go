package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"
	"unsafe"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/ownnet"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// What the kernel accepts with the live program, with the tag put back, is
// what the program for files accepts. The frames come through
//
//	near ===== far
//
// where the kernel takes the outer tag of what near receives.
func TestLiveIsLikeFile(t *testing.T) {
	near, far := ownnet.Cable(t)
	send := ownnet.Sender(t, far)
	all := listen(t, near, nil)
	var frames [][]byte
	tagged := 0
	for _, f := range append(newGenerated().frames(600), newGenerated().carriers(300)...) {
		if len(f) < 20 { // the kernel drops a tag with less than a type behind it
			continue
		}
		frames = append(frames, f)
		if typ := binary.BigEndian.Uint16(f[12:]); typ == 0x8100 || typ == 0x88a8 {
			tagged++
		}
	}
	if tagged < 100 || len(frames)-tagged < 100 {
		t.Fatalf("%d of %d frames have a tag: too few or too many", tagged, len(frames))
	}
	matched := 0
	asked := append(slices.Clone(expressions), tunnels...)
	step := require.Many(4, 1)
	for i := 0; i < len(asked); i += step {
		expr := asked[i]
		f, err := Compile(expr, sniffer.LinkEthernet, nil)
		if err != nil {
			t.Fatal(err)
		}
		some := listen(t, near, f.Live())
		for start := 0; start < len(frames); start += 50 { // which a socket's buffer holds
			batch := frames[start:min(start+50, len(frames))]
			for _, frame := range batch {
				send(frame)
			}
			// Seen by one socket, they have been offered to the other.
			if got := receive(t, all, len(batch)); !equalFrames(got, batch) {
				t.Fatalf("sent %x\nreceived %x", batch, got)
			}
			var want [][]byte
			for _, frame := range batch {
				if f.Match(frame, len(frame)) {
					want = append(want, frame)
				}
			}
			if got := receive(t, some, 0); !equalFrames(got, want) {
				t.Errorf("%s: the kernel accepts\n%x\nwant\n%x\nfor files:\n%slive:\n%s", expr, got, want, text(f.file), text(f.Live()))
				break
			}
			matched += len(want)
		}
		if err := unix.Close(some); err != nil {
			t.Error(err)
		}
	}
	if err := unix.Close(all); err != nil {
		t.Error(err)
	}
	t.Logf("%d expressions, %d frames, %d of them tagged: %d matches", len(asked)/step, len(frames), tagged, matched)
}

func text(raw []bpf.RawInstruction) string {
	program, _ := bpf.Disassemble(raw)
	return listing(program)
}

func equalFrames(a, b [][]byte) bool {
	return bytes.Equal(bytes.Join(a, []byte("|")), bytes.Join(b, []byte("|")))
}

// listen opens a packet(7) socket that shows where tags were.
func listen(t *testing.T, i *net.Interface, filter []bpf.RawInstruction) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(filter) > 0 {
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: (*unix.SockFilter)(unsafe.Pointer(&filter[0]))}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
			t.Fatalf("the kernel refuses\n%s%v", text(filter), err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		t.Fatal(err)
	}
	everything := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: i.Index}); err != nil {
		t.Fatal(err)
	}
	return fd
}

// receive awaits n frames, or with 0 takes those that are there, and puts
// their tags back.
func receive(t *testing.T, fd, n int) (frames [][]byte) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for n == 0 || len(frames) < n {
		if n > 0 {
			left := int(time.Until(deadline).Milliseconds())
			if got, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, max(left, 0)); errors.Is(err, unix.EINTR) {
				continue
			} else if err != nil || got == 0 {
				t.Fatalf("%d frames of %d within 10 s, %v", len(frames), n, err)
			}
		}
		data, control := make([]byte, 2048), make([]byte, 256)
		size, controlSize, _, _, err := unix.Recvmsg(fd, data, control, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) && n == 0 {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frame, err := withTag(data[:size], control[:controlSize])
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	return frames
}

// withTag inserts the tag that struct tpacket_auxdata (packet(7)) has.
func withTag(frame, control []byte) ([]byte, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 || len(messages[0].Data) < 20 {
		return nil, fmt.Errorf("auxiliary data %v, %w", messages, err)
	}
	aux := messages[0].Data
	if binary.NativeEndian.Uint32(aux)&unix.TP_STATUS_VLAN_VALID == 0 {
		return frame, nil
	}
	tag := binary.BigEndian.AppendUint16(nil, binary.NativeEndian.Uint16(aux[18:]))
	tag = binary.BigEndian.AppendUint16(tag, binary.NativeEndian.Uint16(aux[16:]))
	return append(append(bytes.Clone(frame[:12]), tag...), frame[12:]...), nil
}
