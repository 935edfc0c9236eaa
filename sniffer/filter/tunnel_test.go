package filter

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// carrier makes a frame that carries another, or might.
func (g generated) carrier() []byte {
	f := []byte(someMACs[0] + someMACs[1])
	if g.IntN(5) == 0 {
		f = append(f, 0x81, 0, 0, 5)
	}
	switch g.IntN(6) {
	case 0:
		f = append(f, 0x88, 0x47)
		for n := g.IntN(3); n >= 0; n-- {
			f = binary.BigEndian.AppendUint32(f, pick[uint32](g, 16, 17, 1000)<<12|pick[uint32](g, 0, 0x100)|64)
		}
		f[len(f)-2] |= byte(min(g.IntN(5), 1))
		return append(f, pick(g, g.ipv4, g.ipv6)()...)
	case 1:
		f = append(f, 0x88, pick[byte](g, 0x64, 0x64, 0x63), 0x11, 0, 0, pick[byte](g, 17, 18), 0, 60)
		f = append(f, 0, pick[byte](g, 0x21, 0x57, 0x21, 0xc0))
		return append(f, pick(g, g.ipv4, g.ipv6)()...)
	case 2:
		f = append(f, g.llc()...)
		at := len(f) - 33
		f[at] = pick[byte](g, f[at], 0xff)
		f[at+1] = pick[byte](g, f[at+1], 0xff)
		f[at+2] = pick[byte](g, 0x03, 0x13, 0xe3, 0xaf, 0x7f, 0x01, 0x05, 0x09, 0x00, 0x63, 0x43, 0x0f, 0x87)
		return f
	}
	inner := g.frame()
	port, header := uint16(portVXLAN), []byte{pick[byte](g, 8, 8, 0), 0, 0, 0, 0, 0, pick[byte](g, 42, 43), 0}
	if g.IntN(2) == 0 {
		port, header = portGeneve, []byte{pick[byte](g, 0, 1, 2, 0x41), 0, 0x65, 0x58, 0, 0, pick[byte](g, 42, 43), 0}
		header = append(header, g.fill(4*int(header[0]&3))...)
	}
	payload := append(header, inner...)
	udp := binary.BigEndian.AppendUint16(nil, 50000)
	udp = binary.BigEndian.AppendUint16(udp, pick(g, port, port, port, 53))
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(payload)))
	udp = append(append(udp, 0, 0), payload...)
	if g.IntN(3) == 0 {
		h := binary.BigEndian.AppendUint32(nil, 0x60000000)
		h = binary.BigEndian.AppendUint16(h, uint16(len(udp)))
		h = append(append(append(h, 17, 64), g.address6()...), g.address6()...)
		return append(append(append(f, 0x86, 0xdd), h...), udp...)
	}
	options := g.fill(4 * pick(g, 0, 0, 1, 10))
	h := []byte{0x40 | byte(5+len(options)/4), 0}
	h = binary.BigEndian.AppendUint16(h, uint16(20+len(options)+len(udp)))
	h = append(h, 0, 1, pick[byte](g, 0x40, 0x40, 0), pick[byte](g, 0, 0, 0, 1), 64, 17, 0, 0)
	h = append(append(append(h, g.address4()...), g.address4()...), options...)
	return append(append(append(f, 0x08, 0), h...), udp...)
}

func (g generated) carriers(n int) (all [][]byte) {
	for len(all) < n {
		f := g.carrier()
		if all = append(all, f); g.IntN(6) == 0 {
			all = append(all, f[:g.IntN(len(f)+1)])
		}
	}
	return all
}

// carried are expressions on what carries frames.
var carried = []string{
	"mpls", "mpls 17", "mpls and mpls", "mpls 16 and mpls 1000", "mpls and ip", "mpls and ip6", "mpls and tcp port 80", "mpls and mpls and host 10.0.0.1", "not mpls",
	"mpls or ip", "vlan and mpls and udp", "vlan 5 and mpls 17", "mpls and tcp[13] & 2 != 0", "mpls and ip[8] < 100", "mpls and ether host 2:0:0:0:0:1",
	"pppoes", "pppoed", "pppoes 17", "pppoes 17 and ip", "pppoes and tcp port 80", "pppoes and ip6", "not pppoes and ip", "vlan and pppoes and ip6", "pppoes and icmp[0] = 8",
	"pppoes and src host 10.0.0.1", "pppoed or pppoes", "pppoes and arp", "pppoes and ip[-2:2] = 0x21", "pppoes and ether[0:2] = 0x21", "mpls or llc ui",
	"llc", "llc i", "llc s", "llc u", "llc rr", "llc rnr", "llc rej", "llc ui", "llc ua", "llc disc", "llc dm", "llc sabme", "llc test", "llc xid", "llc frmr", "not llc", "vlan and llc ui", "llc and stp", "stp",
	"ip[10 - 20] = 0", "ip[-2:2] = 0x800",
}

// tunnels are those that tcpdump here does not know, or knows in a program for files
// alone.
var tunnels = append([]string{
	"vxlan", "vxlan 42 and tcp port 80", "vxlan and vlan 5", "vxlan and ether src 2:0:0:0:0:1", "not vxlan and udp", "geneve and ip", "geneve 42 and host 10.0.0.1", "vlan 5 and vxlan and arp",
	"ip protochain 6", "ip6 protochain 58", "protochain 17", "vlan and ip6 protochain 6",
}, carried...)

// What carries frames is told, and looked into, as tcpdump does.
func TestTunnelsLikeTcpdump(t *testing.T) {
	needTcpdump(t)
	frames := newGenerated().carriers(20000)
	for _, expr := range sampled(carried, 3) {
		t.Run(expr, func(t *testing.T) { compareWithTcpdump(t, sniffer.LinkEthernet, "EN10MB", expr, frames) })
	}
	// Whole ones: tcpdump also wants the two bytes that say what Geneve carries.
	var whole [][]byte
	for g := newGenerated(); len(whole) < 10000; {
		whole = append(whole, g.carrier())
	}
	for _, expr := range []string{"geneve", "geneve 42", "not geneve", "vlan and geneve 42", "geneve and ip", "geneve 42 and tcp port 80", "geneve and host 10.0.0.1", "geneve and ether host 2:0:0:0:0:1", "geneve and arp"} {
		t.Run(expr, func(t *testing.T) { compareWithTcpdump(t, sniffer.LinkEthernet, "EN10MB", expr, whole) })
	}
	ethernet := newGenerated().frames(6000)
	for _, link := range []struct {
		kind   sniffer.LinkType
		name   string
		header func(etherType []byte) []byte
	}{
		{sniffer.LinkPPP, "PPP", func(e []byte) []byte {
			if number, ok := pppNumbers[uint32(binary.BigEndian.Uint16(e))]; ok {
				e = binary.BigEndian.AppendUint16(nil, uint16(number))
			}
			return append([]byte{0xff, 3}, e...)
		}},
		{sniffer.LinkHDLC, "C_HDLC", func(e []byte) []byte { return append([]byte{0x0f, 0}, e...) }},
	} {
		var frames [][]byte
		for _, f := range ethernet {
			if len(f) >= 14 {
				frames = append(frames, append(link.header(f[12:14]), f[14:]...))
			}
		}
		for _, expr := range []string{"ip", "ip6", "arp", "tcp port 80", "host 10.0.0.1", "net 10", "udp and not port 53", "ip6 proto 6", "decnet", "icmp6[0] = 128", "iso", "mpls", "len > 80"} {
			t.Run(link.name+"/"+expr, func(t *testing.T) { compareWithTcpdump(t, link.kind, link.name, expr, frames) })
		}
	}
}

// Behind vxlan and geneve an expression means what it means of the inner frame.
func TestInnerFrames(t *testing.T) {
	frames := newGenerated().carriers(25000)
	for _, tunnel := range []struct {
		word  string
		layer sniffer.Layers
	}{{"vxlan", sniffer.VXLAN}, {"geneve", sniffer.Geneve}, {"vxlan 42", sniffer.VXLAN}, {"geneve 43", sniffer.Geneve}} {
		for _, inner := range []string{
			"", "ip", "ip6", "arp", "tcp port 80", "host 10.0.0.1", "src net 10", "ether host 2:0:0:0:0:1", "ether dst 2:0:0:0:0:2", "multicast", "broadcast", "vlan", "vlan 5 and ip",
			"tcp[13] & 2 != 0", "ip[8] < 100", "icmp6[0] = 128", "ether[12:2] = 0x0806", "portrange 7000-8100", "ip6 proto 6", "ip broadcast", "llc",
		} {
			expr := tunnel.word
			if inner != "" {
				expr += " and " + inner
			}
			f, err := Compile(expr, sniffer.LinkEthernet, nil)
			if err != nil {
				t.Fatal(err)
			}
			in, err := Compile(inner, sniffer.LinkEthernet, nil)
			if err != nil {
				t.Fatal(err)
			}
			matched := 0
			for _, frame := range frames {
				p := sniffer.Packet{Frame: sniffer.Frame{Data: frame, Length: len(frame), LinkType: sniffer.LinkEthernet}}
				if bytes.HasPrefix(frame[min(12, len(frame)):], []byte{0x81}) {
					continue // outside, which the word looks for without vlan
				}
				p.Decode()
				if p.Inner == nil || p.Inner.LinkType != sniffer.LinkEthernet {
					continue
				}
				want := p.Has(tunnel.layer) && in.Match(p.Inner.Data, len(p.Inner.Data))
				if id, ok := strings.CutPrefix(tunnel.word, strings.Fields(tunnel.word)[0]+" "); ok && want {
					vni, _ := strconv.Atoi(id)
					want = int(frame[p.PayloadOffset+6]) == vni
				}
				if got := f.Match(frame, len(frame)); got != want {
					t.Fatalf("%s: %v, want %v of %x", expr, got, want, frame)
				}
				if want {
					matched++
				}
			}
			if matched == 0 {
				t.Errorf("%s matches nothing", expr)
			}
		}
	}
}

// looping runs programs that jump back, which bpf.VM does not, for the instructions
// that libpcap uses in a chain of protocols. ended is false for one that runs for
// ever: libpcap 1.10 takes AH's length for where the next header begins.
func looping(t *testing.T, program []bpf.Instruction, frame []byte) (accepted, ended bool) {
	var a, x uint32
	var memory [16]uint32
	load := func(offset uint32, size int) (ok bool) {
		if uint64(offset)+uint64(size) > uint64(len(frame)) {
			return false
		}
		a = 0
		for _, b := range frame[offset : offset+uint32(size)] {
			a = a<<8 | uint32(b)
		}
		return true
	}
	at := 0
	for range 10000 {
		i := program[at]
		at++
		switch i := i.(type) {
		case bpf.RetConstant:
			return i.Val != 0, true
		case bpf.LoadAbsolute:
			if !load(i.Off, i.Size) {
				return false, true
			}
		case bpf.LoadIndirect:
			if !load(x+i.Off, i.Size) {
				return false, true
			}
		case bpf.LoadMemShift:
			if int(i.Off) >= len(frame) {
				return false, true
			}
			x = uint32(frame[i.Off]&15) * 4
		case bpf.LoadConstant:
			if i.Dst == bpf.RegA {
				a = i.Val
			} else {
				x = i.Val
			}
		case bpf.LoadScratch:
			if i.Dst == bpf.RegA {
				a = memory[i.N]
			} else {
				x = memory[i.N]
			}
		case bpf.StoreScratch:
			if memory[i.N] = a; i.Src == bpf.RegX {
				memory[i.N] = x
			}
		case bpf.TAX:
			x = a
		case bpf.TXA:
			a = x
		case bpf.ALUOpConstant:
			a = compute(i.Op, a, i.Val)
		case bpf.ALUOpX:
			a = compute(i.Op, a, x)
		case bpf.Jump:
			at += int(int32(i.Skip))
		case bpf.JumpIf:
			holds, ok := map[bpf.JumpTest]bool{bpf.JumpEqual: a == i.Val, bpf.JumpNotEqual: a != i.Val}[i.Cond]
			if !ok {
				t.Fatalf("no jump %v", i)
			}
			if holds {
				at += int(i.SkipTrue)
			} else {
				at += int(i.SkipFalse)
			}
		default:
			t.Fatalf("no instruction %T", i)
		}
	}
	return false, false
}

// protochain chooses what tcpdump chooses.
func TestProtochainLikeTcpdump(t *testing.T) {
	needTcpdump(t)
	frames := newGenerated().frames(8000)
	for _, expr := range []string{"ip protochain 6", "ip protochain 51", "ip6 protochain 6", "ip6 protochain 58", "ip6 protochain 44", "ip6 protochain 59", "protochain 17", `ip6 protochain \tcp`, "not ip6 protochain 6 and ip6"} {
		program := tcpdump(t, "EN10MB", expr)
		f, err := Compile(expr, sniffer.LinkEthernet, nil)
		if err != nil {
			t.Fatal(err)
		}
		matched := 0
		for _, frame := range frames {
			got := f.Match(frame, len(frame))
			want, ended := looping(t, program, frame)
			if ended && got != want {
				t.Fatalf("%s: %v, tcpdump says %v of %x", expr, got, want, frame)
			}
			if got {
				matched++
			}
		}
		if matched < 10 {
			t.Errorf("%s: %d frames", expr, matched)
		}
	}
	// AH's length is added to where it begins.
	chain := append([]byte(someMACs[0]+someMACs[1]), 0x86, 0xdd, 0x60, 0, 0, 0, 0, 28, 51, 64)
	chain = append(chain, make([]byte, 32)...)
	chain = append(chain, 60, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // AH of 24 bytes
	chain = append(chain, 17, 0, 1, 4, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0, 0)
	f, err := Compile("ip6 protochain 17", sniffer.LinkEthernet, nil)
	if err != nil || !f.Match(chain, len(chain)) {
		t.Errorf("UDP behind AH and destination options is not found: %v", err)
	}
}

// Where a frame went is told by what the capture says of it, or its own header.
func TestInboundAndOutbound(t *testing.T) {
	cooked := func(kind byte) []byte { return append([]byte{0, kind, 0, 1}, make([]byte, 30)...) }
	for _, test := range []struct {
		link sniffer.LinkType
		sniffer.Frame
		in, out bool
	}{
		{sniffer.LinkEthernet, sniffer.Frame{Direction: sniffer.In, Data: make([]byte, 60)}, true, false},
		{sniffer.LinkEthernet, sniffer.Frame{Direction: sniffer.Out, Data: make([]byte, 60)}, false, true},
		{sniffer.LinkEthernet, sniffer.Frame{Data: make([]byte, 60)}, false, false},
		{sniffer.LinkLinuxSLL, sniffer.Frame{Data: cooked(0)}, true, false},
		{sniffer.LinkLinuxSLL, sniffer.Frame{Data: cooked(4)}, false, true},
	} {
		for expr, want := range map[string]bool{"inbound": test.in, "outbound": test.out, "not inbound": test.out, "outbound and outbound": test.out} {
			f, err := Compile(expr, test.link, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.MatchFrame(&test.Frame); got != want {
				t.Errorf("%s of link type %d, direction %d: %v", expr, test.link, test.Direction, got)
			}
		}
	}
	needTcpdump(t)
	for _, expr := range []string{"inbound", "outbound", "outbound and ip"} {
		compareWithTcpdump(t, sniffer.LinkLinuxSLL, "LINUX_SLL", expr, [][]byte{cooked(0), cooked(4), cooked(1), cooked(3), {0}, nil})
	}
}
