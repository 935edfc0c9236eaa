package capture

import (
	"fmt"
	"math"

	"golang.org/x/net/bpf"

	"wirelab/sniffer"
)

// The loads of the kernel's own data (linux/filter.h, SKF_AD_).
const (
	loadWord = 0x20 // BPF_LD | BPF_W | BPF_ABS
	jumpEq   = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	jump     = 0x05 // BPF_JMP | BPF_JA
	ret      = 0x06 // BPF_RET | BPF_K

	ancillary      = 0xfffff000
	loadPacketType = ancillary + 4
	loadInterface  = ancillary + 8
	loadHardware   = ancillary + 28
)

// outgoing is PACKET_OUTGOING (linux/if_packet.h).
const outgoing = 4

// hardware are the link types of the kernel's ARPHRD_ numbers (linux/if_arp.h)
// for frames of a SOCK_RAW socket.
var hardware = map[uint16]sniffer.LinkType{
	1:     sniffer.LinkEthernet,
	772:   sniffer.LinkEthernet, // loopback, with addresses of zeros
	519:   sniffer.LinkRaw,
	65534: sniffer.LinkRaw, // no header: tun, WireGuard
}

// accept is the program that keeps n bytes of every frame.
func accept(n uint32) []bpf.RawInstruction { return []bpf.RawInstruction{{Op: ret, K: n}} }

// snapped is a program that keeps n bytes of what it chooses, 0 for all.
func snapped(program []bpf.RawInstruction, n int) []bpf.RawInstruction {
	keep := uint32(math.MaxUint32)
	if n > 0 {
		keep = uint32(min(n, math.MaxInt32))
	}
	if len(program) == 0 {
		return accept(keep)
	}
	program = append([]bpf.RawInstruction(nil), program...)
	for i := range program {
		if program[i].Op == ret && program[i].K != 0 {
			program[i].K = keep
		}
	}
	return program
}

// chooser is what comes before a filter.
type chooser struct {
	onlyOutgoing bool
	loopbacks    []int // interfaces of whose frames only those that come in are wanted
}

// program makes the program of a capture on one interface.
func (c chooser) program(filter []bpf.RawInstruction) []bpf.RawInstruction {
	return append(c.prelude(), filter...)
}

func (c chooser) prelude() (p []bpf.RawInstruction) {
	add := func(op uint16, k uint32, jt, jf uint8) {
		p = append(p, bpf.RawInstruction{Op: op, K: k, Jt: jt, Jf: jf})
	}
	if c.onlyOutgoing {
		add(loadWord, loadPacketType, 0, 0)
		add(jumpEq, outgoing, 1, 0)
		add(ret, 0, 0, 0)
	}
	for _, index := range c.loopbacks {
		add(loadWord, loadPacketType, 0, 0)
		add(jumpEq, outgoing, 0, 3)
		add(loadWord, loadInterface, 0, 0)
		add(jumpEq, uint32(index), 0, 1)
		add(ret, 0, 0, 0)
	}
	return p
}

// programOfAny makes the program of a capture on all interfaces: a filter for
// Ethernet and one for raw IP. Other link types are left out.
func (c chooser) programOfAny(filter func(sniffer.LinkType) ([]bpf.RawInstruction, error)) ([]bpf.RawInstruction, error) {
	ethernet, err := filter(sniffer.LinkEthernet)
	if err != nil {
		return nil, err
	}
	raw, err := filter(sniffer.LinkRaw)
	if err != nil {
		// An expression on Ethernet's own fields chooses no frame without them.
		raw = accept(0)
	}
	p := append(c.prelude(), bpf.RawInstruction{Op: loadWord, K: loadHardware})
	for _, types := range []struct {
		link    sniffer.LinkType
		program []bpf.RawInstruction
	}{{sniffer.LinkEthernet, ethernet}, {sniffer.LinkRaw, raw}} {
		var of []uint16
		for number, link := range hardware {
			if link == types.link {
				of = append(of, number)
			}
		}
		for i, number := range of { // a match jumps behind the jump over the program
			p = append(p, bpf.RawInstruction{Op: jumpEq, K: uint32(number), Jt: uint8(len(of) - i)})
		}
		p = append(p, bpf.RawInstruction{Op: jump, K: uint32(len(types.program))})
		p = append(p, types.program...)
	}
	p = append(p, accept(0)...)
	if len(p) > maxProgram {
		return nil, fmt.Errorf("filter of %d instructions on all interfaces, at most %d", len(p), maxProgram)
	}
	return p, nil
}

// maxProgram is BPF_MAXINSNS.
const maxProgram = 4096
