package claim

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// ip4 is a datagram of client1's to the server, or a fragment, as a tunnel carries it.
func ip4(protocol byte, fragment uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(payload)))
	b = binary.BigEndian.AppendUint16(append(b, 0, 9), fragment)
	b = append(b, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	return append(b, payload...)
}

// segmentOf is a segment of TCP with data.
func segmentOf(seq uint32, data string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{156, 64, 27, 88}, seq)
	return append(append(b, 0, 0, 3, 133, 5<<4, byte(psh), 16, 0, 0, 0, 0, 0), data...)
}

// synOf is a datagram with a SYN, and with data that it may have.
func synOf(seq uint32, data ...string) []byte {
	b := segmentOf(seq, strings.Join(data, ""))
	b[13] = byte(sniffer.SYN)
	return ip4(6, 0, b)
}

// padded is a datagram with what its host has put behind it in the frame.
func padded(w *tracetest.Wire, datagram []byte, padding string) {
	w.Frame("client1", "server", sniffer.EtherTypeIPv4, append(slices.Clone(datagram), padding...))
}

// That bytes never cross the wire is of all bytes of a frame, and of what TCP and IP cut,
// whatever a frame has ahead of them and behind them.
func TestNeverBytes(t *testing.T) {
	const zeros = "\x00\x00\x00\x00\x00\x00"
	long := tracetest.Datagram(5, 6, "0123456open sesame, and more of it")
	whole := tracetest.Datagram(5, 6, "nothing")
	inFragments := func(w *tracetest.Wire) { w.Fragments("client1", "server", 17, long, 24, false) }
	inTunnel := func(wrap func(w *tracetest.Wire, inner []byte), inner ...[]byte) func(*tracetest.Wire) {
		return func(w *tracetest.Wire) {
			for _, b := range inner {
				wrap(w, b)
			}
		}
	}
	ipip := func(w *tracetest.Wire, inner []byte) { w.IP("client1", "server", 4, 0, inner) }
	gre := func(w *tracetest.Wire, inner []byte) {
		w.IP("client1", "server", 47, 0, append([]byte{0, 0, 8, 0}, inner...))
	}
	vxlan := func(w *tracetest.Wire, inner []byte) {
		frame := append([]byte{8, 0, 0, 0, 0, 0, 7, 0, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0}, inner...)
		w.UDP("client1", "server", 5, 4789, string(frame))
	}
	snap := func(w *tracetest.Wire, inner []byte) {
		b := append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, inner...)
		w.Frame("client1", "server", uint16(len(b)), b)
	}
	pppoe := func(w *tracetest.Wire, inner []byte) {
		b := append([]byte{0x11, 0, 0, 1, 0, byte(2 + len(inner)), 0, 0x21}, inner...)
		w.Frame("client1", "server", 0x8864, b)
	}
	cutSegments := [][]byte{ip4(6, 0, segmentOf(101, "open ses")), ip4(6, 0, segmentOf(109, "ame!"))}
	cutFragments := [][]byte{ip4(17, 0x2000, long[:24]), ip4(17, 3, long[24:])}
	for _, test := range []struct {
		name    string
		build   func(*tracetest.Wire)
		packets []int // nil: it passes
	}{
		{"behind IP", func(w *tracetest.Wire) { padded(w, ip4(17, 0, whole), "sesame") }, []int{3}},
		{"behind a fragment", func(w *tracetest.Wire) {
			padded(w, ip4(17, 0x2000, whole[:8]), "sesame")
			padded(w, ip4(17, 1, whole[8:]), "")
		}, []int{3}},
		{"behind an ARP request", func(w *tracetest.Wire) { w.AskWith("client1", "server", "*", sniffer.MAC{}, []byte("sesame")) }, []int{3}},
		{"behind an ARP probe", func(w *tracetest.Wire) {
			w.AskWith("client1", "server", "server", sniffer.MAC{}, []byte("sesame"))
		}, []int{3}},
		{"in a frame of no known type", func(w *tracetest.Wire) { w.Frame("client1", "server", 0x88b5, []byte("sesame")) }, []int{3}},
		{"segments", said("open ses", "ame!"), []int{6, 7}},
		{"segments, and each is padded", func(w *tracetest.Wire) {
			connect(w)
			padded(w, ip4(6, 0, segmentOf(101, "open ses")), zeros)
			padded(w, ip4(6, 0, segmentOf(109, "ame!")), zeros)
		}, []int{6, 7}},
		{"fragments", inFragments, []int{3, 4}},
		{"fragments in the other order", func(w *tracetest.Wire) { w.Fragments("client1", "server", 17, long, 24, true) }, []int{3, 4}},
		{"fragments, and each is padded", func(w *tracetest.Wire) {
			padded(w, ip4(17, 0x2000, long[:24]), zeros)
			padded(w, ip4(17, 3, long[24:]), zeros)
		}, []int{3, 4}},
		{"fragments of no known protocol", func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 253, []byte("01234sesame, and more"), 8, false)
		}, []int{3, 4, 5}},
		{"a header and what is behind it", func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 17, []byte("01234sesame, and more"), 8, false)
		}, []int{3, 4, 5}},
		{"fragments of a segment, and the next", func(w *tracetest.Wire) {
			connect(w)
			w.Fragments("client1", "server", 6, segmentOf(101, "open ses"), 24, false)
			w.TCP("client1", "server", psh, 109, 901, "ame!")
		}, []int{6, 7, 8}},
		{"segments in a tunnel", inTunnel(ipip, cutSegments...), []int{3, 4}},
		{"segments in GRE", inTunnel(gre, cutSegments...), []int{3, 4}},
		{"segments in VXLAN", inTunnel(vxlan, cutSegments...), []int{3, 4}},
		{"segments in SNAP", inTunnel(snap, cutSegments...), []int{3, 4}},
		{"segments in PPPoE", inTunnel(pppoe, cutSegments...), []int{3, 4}},
		{"segments in a tunnel in fragments", func(w *tracetest.Wire) {
			for _, b := range cutSegments {
				w.Fragments("client1", "server", 4, b, 24, false)
			}
		}, []int{3, 4, 5, 6}},
		{"segments in fragments in a tunnel", inTunnel(ipip, ip4(6, 0x2000, cutSegments[0][20:44]), ip4(6, 3, cutSegments[0][44:]), cutSegments[1]), []int{3, 4, 5}},
		{"segments in a tunnel, out of order", inTunnel(ipip, cutSegments[1], cutSegments[0]), []int{3, 4}},
		{"segments in a tunnel, and one again", inTunnel(ipip, cutSegments[0], cutSegments[0], cutSegments[1]), []int{3, 5}},
		{"segments in a tunnel in a tunnel", inTunnel(vxlan, ip4(4, 0, cutSegments[0]), ip4(4, 0, cutSegments[1])), []int{3, 4}},
		{"segments in a tunnel, whose numbers begin again at 0", inTunnel(ipip, ip4(6, 0, segmentOf(1<<32-4, "open ses")), ip4(6, 0, segmentOf(4, "ame!"))), []int{3, 4}},
		{"segments in a tunnel, and between them a SYN that nobody heeds", inTunnel(ipip, synOf(100), cutSegments[0], synOf(7000), cutSegments[1]), []int{4, 6}},
		{"data of a SYN in a tunnel, and the next", inTunnel(ipip, synOf(100, "open ses"), cutSegments[1]), []int{3, 4}},
		{"fragments in a tunnel", inTunnel(ipip, cutFragments...), []int{3, 4}},
		{"fragments in VXLAN", inTunnel(vxlan, cutFragments...), []int{3, 4}},
		{"a tunnel in fragments", func(w *tracetest.Wire) { w.Fragments("client1", "server", 4, ip4(17, 0, long), 48, false) }, []int{3, 4}},
		{"not at all", func(w *tracetest.Wire) {
			said("open", "close")(w)
			inTunnel(ipip, ip4(6, 0, segmentOf(101, "open ses")), ip4(6, 0, segmentOf(109, "!")))(w)
		}, nil},
	} {
		for _, tagged := range []uint16{0, 7} {
			name, status := test.name, Fail
			if tagged > 0 {
				name += ", in a VLAN"
			}
			if test.packets == nil {
				status = Pass
			}
			t.Run(name, matched{
				kind: Never, what: []string{`bytes "sesame"`}, status: status, packets: test.packets,
				build: func(w *tracetest.Wire) {
					w.VLAN = tagged
					test.build(w)
					w.VLAN = 0
				},
			}.check)
		}
	}
}

// What a tunnel's receiver may have put together otherwise is no proof, and neither is more
// than there is room for.
func TestNeverBytesUnsure(t *testing.T) {
	segment := func(w *tracetest.Wire, seq uint32, data string) {
		w.IP("client1", "server", 4, 0, ip4(6, 0, segmentOf(seq, data)))
	}
	for _, test := range []struct {
		name, reason string
		packet       int
		build        func(*tracetest.Wire)
	}{
		{"a fragment in a tunnel is missing", "do not fit together", 3, func(w *tracetest.Wire) {
			w.IP("client1", "server", 4, 0, ip4(17, 0x2000, tracetest.Datagram(5, 6, "open ses")))
		}},
		{"a fragment in a tunnel comes twice", "do not fit together", 4, func(w *tracetest.Wire) {
			long := tracetest.Datagram(5, 6, "open sesame, open")
			w.IP("client1", "server", 4, 0, ip4(17, 0x2000, append(slices.Clone(long[:8]), "XXXXXXXX"...)))
			w.IP("client1", "server", 4, 0, ip4(17, 0x2000, long[:16]))
			w.IP("client1", "server", 4, 0, ip4(17, 2, long[16:]))
		}},
		{"a segment in a tunnel overlaps another", "overlaps another", 5, func(w *tracetest.Wire) {
			segment(w, 101, "sesXXX")
			segment(w, 107, "!")
			segment(w, 104, "ame")
		}},
		{"a segment in a tunnel is of another half of all numbers", "overlaps another", 3, func(w *tracetest.Wire) {
			segment(w, 101, "open ses")
			segment(w, 101+1<<31, "x")
			segment(w, 109, "ame!")
		}},
		{"numbers of segments in a tunnel go round", "overlaps another", 3, func(w *tracetest.Wire) {
			segment(w, 101, "open ses")
			for i := range uint32(7) {
				segment(w, 101+(i+1)<<29, "x")
			}
			segment(w, 109, "ame!")
		}},
		{"numbers of segments go round", "overlaps another", 6, func(w *tracetest.Wire) {
			connect(w)
			w.TCP("client1", "server", psh, 101, 901, "open ses")
			for i := range uint32(7) {
				w.TCP("client1", "server", psh, 101+(i+1)<<29, 901, "x")
			}
			w.TCP("client1", "server", psh, 109, 901, "ame!")
		}},
		{"segments in a tunnel have an option of no length", "malformed: TCP: option 8", 3, func(w *tracetest.Wire) {
			for i, data := range []string{"open ses", "ame!"} {
				b := segmentOf(101+uint32(i)*8, "\x08\x01\x00\x00"+data)
				b[12] = 6 << 4
				w.IP("client1", "server", 4, 0, ip4(6, 0, b))
			}
		}},
		{"a copy of a fragment has other bytes", "do not fit together", 3, func(w *tracetest.Wire) {
			long := tracetest.Datagram(5, 6, "open sesame, open")
			w.IP("client1", "server", 17, 0x2001, []byte("XXXXXXXX"))
			w.IP("client1", "server", 17, 0x2001, long[8:16])
			w.IP("client1", "server", 17, 2, long[16:])
			w.IP("client1", "server", 17, 0x2000, long[:8])
		}},
		{"a copy of a fragment is longer", "do not fit together", 3, func(w *tracetest.Wire) {
			long := tracetest.Datagram(5, 6, "01234567open sesame, open")
			w.IP("client1", "server", 17, 0x2001, []byte("XXXXXXXX"))
			w.IP("client1", "server", 17, 0x2001, long[8:24])
			w.IP("client1", "server", 17, 0x2002, []byte("XXXXXXXX"))
			w.IP("client1", "server", 17, 3, long[24:])
			w.IP("client1", "server", 17, 0x2000, long[:8])
		}},
		{"a fragment is missing, and another datagram has others", "do not fit together", 5, func(w *tracetest.Wire) {
			w.Fragments("client1", "server", 17, tracetest.Datagram(5, 6, "01234567 nothing"), 16, false)
			w.IP("client1", "server", 17, 0x2000, tracetest.Datagram(5, 6, "open ses"))
		}},
		{"there is no room", "tunnels carry more", 0, func(w *tracetest.Wire) {
			data := strings.Repeat("x", 60_000)
			for n := range uint32(1200) {
				segment(w, 101+n*60_000, data)
			}
		}},
	} {
		var packets []int
		if test.packet > 0 {
			packets = []int{test.packet}
		}
		t.Run(test.name, matched{
			kind: Never, what: []string{`bytes "sesame"`}, status: Inconclusive, reason: test.reason, packets: packets, build: test.build,
		}.check)
	}
	// A port that is used again is another connection.
	t.Run("a port is used again", matched{
		kind: Never, what: []string{`bytes "sesame"`}, status: Pass,
		build: func(w *tracetest.Wire) {
			for seq, text := range map[uint32]string{100: "open", 90: "a tree"} {
				w.IP("client1", "server", 4, 0, synOf(seq))
				segment(w, seq+1, text)
			}
		},
	}.check)
}

// What comes again is no doubt, if it is the same.
func TestNeverBytesAgain(t *testing.T) {
	long := tracetest.Datagram(5, 6, "01234567 open sesame")
	outside := func(w *tracetest.Wire, fragment uint16, payload []byte) {
		w.IP("client1", "server", 17, fragment, payload)
	}
	inside := func(w *tracetest.Wire, fragment uint16, payload []byte) {
		w.IP("client1", "server", 4, 0, ip4(17, fragment, payload))
	}
	for name, send := range map[string]func(*tracetest.Wire, uint16, []byte){"": outside, " in a tunnel": inside} {
		begin := func(w *tracetest.Wire) { send(w, 0x2000, long[:24]) }
		end := func(w *tracetest.Wire) { send(w, 3, long[24:]) }
		for order, parts := range map[string][]func(*tracetest.Wire){
			"each":                     {begin, begin, end, end},
			"each, the last first":     {end, end, begin, begin},
			"all":                      {begin, end, begin, end},
			"the first":                {begin, end, begin},
			"the last":                 {begin, end, end},
			"the last, and any number": {begin, end, end, end, end},
		} {
			build := func(w *tracetest.Wire) {
				for _, part := range parts {
					part(w)
				}
			}
			t.Run(order+name, func(t *testing.T) {
				matched{kind: Never, what: []string{`bytes "secret"`}, build: build, status: Pass}.check(t)
				matched{kind: Never, what: []string{`bytes "sesame"`}, build: build, status: Fail}.check(t)
			})
		}
	}
	t.Run("overlapping segments", matched{
		kind: Never, what: []string{`bytes "secret"`}, status: Pass,
		build: func(w *tracetest.Wire) {
			connect(w)
			for _, s := range []struct {
				at   uint32
				data string
			}{{0, "open ses"}, {4, " sesame!"}, {0, "open sesame!"}, {8, "ame"}} {
				w.TCP("client1", "server", psh, 101+s.at, 901, s.data)
				w.IP("client1", "server", 4, 0, ip4(6, 0, segmentOf(101+s.at, s.data)))
			}
			w.TCP("server", "client1", ack, 901, 113, "")
		},
	}.check)
}
