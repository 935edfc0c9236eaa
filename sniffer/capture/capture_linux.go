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

	"wirelab/sniffer"
)

// Blocks of the ring. Even the smaller ones take a frame of 64 KiB, the largest
// that offloads make by default; what is larger than a block the kernel cuts,
// and its length says so. Larger blocks wake the reader less often; where they
// are handed over soon, and thus half empty, more of them last longer. Of 1 MiB
// fewer frames would still be in a cache when they are read, and a small ring
// would be full sooner.
const (
	smallBlock    = 128 << 10
	largeBlock    = 512 << 10
	soon          = 5 * time.Millisecond // RetireTimeout of small blocks, at most
	defaultBuffer = 64 << 20
	maxBuffer     = 1 << 30
)

// open makes the socket, its ring, and only then hooks it to the interface:
// nothing is queued anywhere but in the ring.
func open(ifi *net.Interface, cfg Config) (*ring, error) {
	if cfg.SnapLen < 0 || cfg.BufferBytes < 0 || cfg.RetireTimeout < 0 {
		return nil, fmt.Errorf("capture on %s: a negative size or time", ifi.Name)
	}
	// Protocol 0 binds to the interface without the hook.
	conn, err := packet.Listen(ifi, packet.Raw, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", ifi.Name, err)
	}
	r, err := attach(conn, ifi, cfg)
	if err != nil {
		if _, filter := errors.AsType[*filterError](err); !filter {
			err = fmt.Errorf("capture on %s: %w", ifi.Name, err)
		}
		return nil, errors.Join(err, conn.Close())
	}
	return r, nil
}

// filterError is an error of Config.Filter.
type filterError struct{ error }

func (e *filterError) Unwrap() error { return e.error }

func attach(conn *packet.Conn, ifi *net.Interface, cfg Config) (*ring, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	r := &ring{name: ifi.Name, conn: conn, raw: raw, last: -1}
	if ifi.Index == 0 {
		r.indices = map[int32]int{}
	}
	if cfg.Promiscuous && ifi.Index != 0 {
		if err := conn.SetPromiscuous(true); err != nil {
			return nil, fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = r.setUp(int(fd), ifi, cfg) })
	if err := errors.Join(err, failed); err != nil {
		return nil, errors.Join(err, r.unmap())
	}
	return r, nil
}

// setUp makes the ring and hooks the socket to the interface.
func (r *ring) setUp(fd int, ifi *net.Interface, cfg Config) error {
	ignoreOutgoing, err := r.choose(fd, ifi, cfg)
	if err != nil {
		return err
	}
	for _, option := range []struct {
		name   string
		number int
		value  int
		set    bool
	}{
		{"PACKET_VERSION", unix.PACKET_VERSION, unix.TPACKET_V3, true},
		{"PACKET_RESERVE", unix.PACKET_RESERVE, tagSize, true}, // room for a tag that is put back
		{"PACKET_IGNORE_OUTGOING", unix.PACKET_IGNORE_OUTGOING, 1, ignoreOutgoing},
	} {
		if option.set {
			if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, option.number, option.value); err != nil {
				return fmt.Errorf("%s: %w", option.name, err)
			}
		}
	}
	buffer := cfg.BufferBytes
	if buffer == 0 {
		buffer = defaultBuffer
	}
	r.blockSize = largeBlock
	if cfg.RetireTimeout <= soon {
		r.blockSize = smallBlock
	}
	blocks := max(min(buffer, maxBuffer)/r.blockSize, 2)
	const frameSize = 2048 // of no meaning in version 3, but checked
	req := unix.TpacketReq3{
		Block_size: uint32(r.blockSize), Block_nr: uint32(blocks),
		Frame_size: frameSize, Frame_nr: uint32(blocks * (r.blockSize / frameSize)),
		Retire_blk_tov: milliseconds(cfg.RetireTimeout),
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("PACKET_RX_RING of %d bytes: %w", blocks*r.blockSize, err)
	}
	mem, err := unix.Mmap(fd, 0, blocks*r.blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap of %d bytes: %w", blocks*r.blockSize, err)
	}
	r.mem = mem
	protocol := cfg.EtherType
	if protocol == 0 {
		protocol = unix.ETH_P_ALL
	}
	wire := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, protocol))
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: wire, Ifindex: ifi.Index}); err != nil {
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

// choose attaches the program that says which frames are wanted, and reports
// whether the kernel is to ignore what this machine sends.
func (r *ring) choose(fd int, ifi *net.Interface, cfg Config) (ignoreOutgoing bool, err error) {
	filter := func(link sniffer.LinkType) ([]bpf.RawInstruction, error) {
		var program []bpf.RawInstruction
		if cfg.Filter != nil {
			p, err := cfg.Filter(link)
			if err != nil {
				return nil, &filterError{err}
			}
			program = p
		}
		return snapped(program, cfg.SnapLen), nil
	}
	which := chooser{onlyOutgoing: cfg.Direction == sniffer.Out}
	ignoreOutgoing = cfg.Direction == sniffer.In
	var program []bpf.RawInstruction
	if r.indices != nil {
		if cfg.Direction == sniffer.Unknown {
			if which.loopbacks, err = loopbacks(); err != nil {
				return false, err
			}
		}
		program, err = which.programOfAny(filter)
	} else {
		link, loopback, linkErr := linkOf(fd, ifi.Name)
		if linkErr != nil {
			return false, linkErr
		}
		r.interfaces = []Interface{{Name: ifi.Name, LinkType: link}}
		ignoreOutgoing = ignoreOutgoing || loopback && cfg.Direction == sniffer.Unknown
		program, err = filter(link)
		program = which.program(program)
	}
	if err != nil {
		return false, err
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: sockFilter(program)}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog); err != nil {
		return false, fmt.Errorf("SO_ATTACH_FILTER of %d instructions: %w", len(program), err)
	}
	return ignoreOutgoing, nil
}

// sockFilter returns the kernel's form of a program.
func sockFilter(program []bpf.RawInstruction) *unix.SockFilter {
	filters := make([]unix.SockFilter, len(program))
	for i, in := range program {
		filters[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return &filters[0]
}

// linkOf asks what an interface's frames begin with (netdevice(7)).
func linkOf(fd int, name string) (link sniffer.LinkType, loopback bool, err error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, false, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request); err != nil {
		return 0, false, fmt.Errorf("SIOCGIFHWADDR: %w", err)
	}
	number := request.Uint16() // sa_family
	link, ok := hardware[number]
	if !ok {
		return 0, false, fmt.Errorf("link of type %d, Ethernet, loopback and raw IP are known: %w", number, errors.ErrUnsupported)
	}
	return link, number == unix.ARPHRD_LOOPBACK, nil
}

// loopbacks returns the indices of the interfaces on which frames go out and
// come in again.
func loopbacks() (indices []int, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			indices = append(indices, i.Index)
		}
	}
	return indices, nil
}

// milliseconds rounds up. The kernel takes 0 for a time of its own choice.
func milliseconds(d time.Duration) uint32 {
	const longest = time.Hour
	return uint32(max((min(d, longest)+time.Millisecond-1)/time.Millisecond, 1))
}
