package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	// blockSize takes a frame of 64 KiB, the largest that offloads make
	// without IPv6 jumbograms.
	blockSize     = 128 << 10
	defaultBuffer = 32 << 20
	maxBlocks     = 16 << 10 // 2 GiB
)

// open makes the socket, its ring, and only then hooks it to the interface:
// nothing is queued anywhere but in the ring.
func open(ifi *net.Interface, cfg Config) (*ring, error) {
	if cfg.SnapLen < 0 || cfg.BufferBytes < 0 || cfg.RetireTimeout < 0 {
		return nil, fmt.Errorf("capture on %s: a negative size or time", ifi.Name)
	}
	var filter []bpf.RawInstruction
	if cfg.SnapLen > 0 {
		filter = accept(uint32(min(cfg.SnapLen, 1<<31-1)))
	}
	// Protocol 0 binds to the interface without the hook.
	conn, err := packet.Listen(ifi, packet.Raw, 0, &packet.Config{Filter: filter})
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", ifi.Name, err)
	}
	r, err := attach(conn, ifi, cfg)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("capture on %s: %w", ifi.Name, err), conn.Close())
	}
	return r, nil
}

func attach(conn *packet.Conn, ifi *net.Interface, cfg Config) (*ring, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if cfg.Promiscuous {
		if err := conn.SetPromiscuous(true); err != nil {
			return nil, fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	r := &ring{name: ifi.Name, conn: conn, raw: raw}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = r.setUp(int(fd), ifi.Index, cfg) })
	if err := errors.Join(err, failed); err != nil {
		return nil, errors.Join(err, r.unmap())
	}
	return r, nil
}

// setUp makes the ring and hooks the socket to the interface.
func (r *ring) setUp(fd, ifindex int, cfg Config) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("PACKET_VERSION: %w", err)
	}
	if cfg.IgnoreOutgoing {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return fmt.Errorf("PACKET_IGNORE_OUTGOING: %w", err)
		}
	}
	buffer := cfg.BufferBytes
	if buffer == 0 {
		buffer = defaultBuffer
	}
	blocks := min(max(buffer/blockSize, 2), maxBlocks)
	const frameSize = 2048 // of no meaning in version 3, but checked
	req := unix.TpacketReq3{
		Block_size: blockSize, Block_nr: uint32(blocks),
		Frame_size: frameSize, Frame_nr: uint32(blocks * (blockSize / frameSize)),
		Retire_blk_tov: milliseconds(cfg.RetireTimeout),
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("PACKET_RX_RING of %d bytes: %w", blocks*blockSize, err)
	}
	mem, err := unix.Mmap(fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap of %d bytes: %w", blocks*blockSize, err)
	}
	r.mem = mem
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifindex}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	// Binding to an interface that is down succeeds and leaves an error.
	if errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil {
		return fmt.Errorf("SO_ERROR: %w", err)
	} else if errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}

// milliseconds rounds up. The kernel takes 0 for a time of its own choice.
func milliseconds(d time.Duration) uint32 {
	const longest = time.Hour
	return uint32(max((min(d, longest)+time.Millisecond-1)/time.Millisecond, 1))
}

// accept is the filter program that keeps n bytes of every frame.
func accept(n uint32) []bpf.RawInstruction {
	return []bpf.RawInstruction{{Op: unix.BPF_RET | unix.BPF_K, K: n}}
}
