package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"

	"github.com/google/go-cmp/cmp"
)

// segment is a TCP segment between a port of 10.0.0.1 and 10.0.0.2:80.
type segment struct {
	server   bool // it comes from the server
	flags    sniffer.TCPFlags
	seq, ack uint32
	data     string
	cut      int // bytes of data that the capture lacks
}

func (s segment) frame(port uint16, at int) sniffer.Frame {
	b := fixture.Segment{
		Client: port, FromServer: s.server, Flags: byte(s.flags), Seq: s.seq, Ack: s.ack, Window: 1024, Payload: []byte(s.data),
	}.Frame()
	return sniffer.Frame{
		Time: time.Unix(1000, int64(at)*int64(time.Millisecond)), LinkType: sniffer.LinkEthernet,
		Data: b[:len(b)-s.cut], Length: len(b),
	}
}

// conversations are those of frames.
func conversations(frames ...sniffer.Frame) *Conversations {
	var c Conversations
	for i, f := range frames {
		p := sniffer.Packet{Frame: f, Number: i + 1}
		p.Decode()
		c.Add(&p)
		clear(f.Data) // nothing of it is kept
	}
	return &c
}

// words are what was said: "1 a hello", "3 b [5]".
func words(c *Conversation) (all []string) {
	for _, s := range c.Said() {
		text := string(s.Data)
		if s.Missing > 0 {
			text += fmt.Sprintf("[%d]", s.Missing)
		}
		all = append(all, fmt.Sprintf("%d %c %s", s.Packet, 'a'+s.From, text))
	}
	return all
}

const (
	syn    = sniffer.SYN
	synAck = sniffer.SYN | sniffer.ACK
	ack    = sniffer.ACK
	psh    = sniffer.PSH | sniffer.ACK
	fin    = sniffer.FIN | sniffer.ACK
)

func TestTCP(t *testing.T) {
	open := []segment{{flags: syn, seq: 99}, {server: true, flags: synAck, seq: 499, ack: 100}}
	for name, test := range map[string]struct {
		segments []segment // behind the handshake
		want     []string
	}{
		"in order":       {[]segment{{flags: psh, seq: 100, data: "one "}, {server: true, flags: psh, seq: 500, data: "two "}, {flags: psh, seq: 104, data: "three"}}, []string{"3 a one ", "4 b two ", "5 a three"}},
		"out of order":   {[]segment{{flags: psh, seq: 104, data: "three"}, {server: true, flags: psh, seq: 500, data: "two "}, {flags: psh, seq: 100, data: "one "}}, []string{"4 b two ", "5 a one ", "5 a three"}},
		"again":          {[]segment{{flags: psh, seq: 100, data: "one"}, {flags: psh, seq: 100, data: "one"}, {flags: psh, seq: 101, data: "ne two"}}, []string{"3 a one", "5 a  two"}},
		"a hole":         {[]segment{{flags: psh, seq: 100, data: "one"}, {flags: psh, seq: 113, data: "two"}}, []string{"3 a one", "3 a [10]", "4 a two"}},
		"at the begin":   {[]segment{{flags: psh, seq: 105, data: "one"}}, []string{"1 a [5]", "3 a one"}},
		"at the end":     {[]segment{{flags: psh, seq: 100, data: "one"}, {flags: fin, seq: 107}}, []string{"3 a one", "3 a [4]"}},
		"closed":         {[]segment{{flags: fin, seq: 100, data: "one"}, {server: true, flags: fin, seq: 500}}, []string{"3 a one"}},
		"cut":            {[]segment{{flags: psh, seq: 100, data: "one two", cut: 4}, {flags: psh, seq: 107, data: " three"}}, []string{"3 a one", "3 a [4]", "4 a  three"}},
		"cut and last":   {[]segment{{flags: psh, seq: 100, data: "one two", cut: 4}}, []string{"3 a one", "3 a [4]"}},
		"keep-alive":     {[]segment{{flags: psh, seq: 100, data: "one"}, {flags: ack, seq: 102, data: "\x00"}, {flags: psh, seq: 103, data: "two"}}, []string{"3 a one", "5 a two"}},
		"of a dead one":  {[]segment{{flags: psh, seq: 90, data: "old stuff!new"}}, []string{"3 a new"}},
		"a reset's text": {[]segment{{flags: psh, seq: 100, data: "one"}, {flags: sniffer.RST, seq: 103, data: "port closed"}}, []string{"3 a one"}},
		"again, opened":  {[]segment{{flags: syn, seq: 99}, {flags: psh, seq: 100, data: "one"}}, []string{"4 a one"}},
		"nothing":        {[]segment{{flags: ack, seq: 100}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var frames []sniffer.Frame
			for i, s := range append(slices.Clone(open), test.segments...) {
				frames = append(frames, s.frame(1024, i))
			}
			all := conversations(frames...).All()
			if len(all) != 1 || all[0].Ends[0].Port() != 1024 || all[0].Ends[1].Port() != 80 {
				t.Fatalf("conversations %+v", all)
			}
			if d := cmp.Diff(test.want, words(all[0])); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// Ports that are used again are another conversation, and so is each pair of ports.
func TestConversations(t *testing.T) {
	frames := []sniffer.Frame{
		segment{flags: syn, seq: 99}.frame(1024, 0),
		segment{flags: psh, seq: 100, data: "first"}.frame(1024, 1),
		segment{flags: psh, seq: 7, data: "other"}.frame(1025, 2),
		segment{flags: syn, seq: 5000}.frame(1024, 3),
		segment{server: true, flags: synAck, seq: 900, ack: 5001}.frame(1024, 4),
		segment{flags: psh, seq: 5001, data: "second"}.frame(1024, 5),
	}
	var got [][]string
	for _, c := range conversations(frames...).All() {
		got = append(got, words(c))
	}
	if d := cmp.Diff([][]string{{"2 a first"}, {"3 a other"}, {"6 a second"}}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A stream may be longer than sequence numbers are.
func TestLongStream(t *testing.T) {
	c := Conversations{}
	const step, steps = 1 << 30, 10
	for i := range steps {
		p := sniffer.Packet{Frame: segment{flags: psh, seq: uint32(i) * step, data: "x"}.frame(1024, i), Number: i + 1}
		p.Decode()
		c.Add(&p)
	}
	got := words(c.All()[0])
	if len(got) != 2*steps-1 || got[0] != "1 a x" || got[1] != fmt.Sprintf("1 a [%d]", step-1) || got[2*steps-2] != "10 a x" {
		t.Errorf("%q", got)
	}
}

// udp is a datagram from 10.0.0.1:5000 to 10.0.0.2:7001, whole or its part [from:to].
func udp(payload string, id uint16, from, to int, more bool) sniffer.Frame {
	whole := []byte{0x13, 0x88, 0x1b, 0x59, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(whole[4:], uint16(8+len(payload)))
	whole = append(whole, payload...)[from:min(to, 8+len(payload))]
	b := []byte{0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(whole)))
	b = binary.BigEndian.AppendUint16(b, id)
	field := uint16(from / 8)
	if more {
		field |= 0x2000
	}
	b = append(binary.BigEndian.AppendUint16(b, field), 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	b = append(b, whole...)
	return sniffer.Frame{Data: b, Length: len(b), LinkType: sniffer.LinkIPv4}
}

// Datagrams are told one by one; fragments are one datagram in whatever order they come.
func TestUDP(t *testing.T) {
	const long = "0123456789abcdefghijklmnopqrstuvwxyz"
	cut := udp("hello, server", 1, 0, 100, false)
	cut.Data = cut.Data[:33:33]
	parts := []sniffer.Frame{udp(long, 7, 0, 16, true), udp(long, 7, 16, 32, true), udp(long, 7, 32, 100, false)}
	for name, test := range map[string]struct {
		frames []sniffer.Frame
		want   []string
	}{
		"two":        {[]sniffer.Frame{udp("a\n", 1, 0, 100, false), udp("a\n", 2, 0, 100, false)}, []string{"1 a a\n", "2 a a\n"}},
		"empty":      {[]sniffer.Frame{udp("", 1, 0, 100, false)}, []string{"1 a "}},
		"cut":        {[]sniffer.Frame{cut}, []string{"1 a hello[8]"}},
		"fragments":  {parts, []string{"1 a " + long}},
		"last first": {[]sniffer.Frame{parts[2], parts[1], parts[0]}, []string{"3 a " + long}},
		"one twice":  {[]sniffer.Frame{parts[0], parts[1], parts[1], parts[2]}, []string{"1 a " + long}},
		"one lost":   {[]sniffer.Frame{parts[0], parts[2]}, []string{"1 a 01234567[28]"}},
		"no first":   {parts[1:], nil},
		"id again":   {[]sniffer.Frame{parts[0], parts[0], parts[1], parts[2]}, []string{"1 a 01234567[28]", "2 a " + long}},
	} {
		t.Run(name, func(t *testing.T) {
			var frames []sniffer.Frame
			for _, f := range test.frames {
				f.Data = bytes.Clone(f.Data)
				frames = append(frames, f)
			}
			var got []string
			for _, c := range conversations(frames...).All() {
				got = append(got, words(c)...)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// Fragments that overlap are not put together, and not looked through again with each that
// follows: of 8,191 without data, or that each say to be the last, every one would be.
func TestFragmentsThatOverlap(t *testing.T) {
	data := make([]byte, 16)
	for name, next := range map[string]func(f *Fragments, offset int) []byte{
		"empty": func(f *Fragments, offset int) []byte { return f.Add(offset, nil, true) },
		"last":  func(f *Fragments, offset int) []byte { return f.Add(offset, data[:8], false) },
	} {
		var f Fragments
		f.Add(0, data, true)
		f.Add(24, data[:8], false)
		offset, whole := 32, f.Add(8, data[:8], true)
		allocated := testing.AllocsPerRun(2000, func() {
			whole = append(whole, next(&f, offset)...)
			offset += 8
		})
		if whole != nil || allocated > 1 {
			t.Errorf("%s: %d bytes, %v allocations with each", name, len(whole), allocated)
		}
	}
}

// What is kept ends at the limit, and what came later is counted.
func TestLimit(t *testing.T) {
	c := Conversations{}
	payload := strings.Repeat("x", 1<<15)
	const packets = Limit >> 15
	for i := range packets {
		p := sniffer.Packet{Frame: segment{flags: psh, seq: uint32(i << 15), data: payload}.frame(1024, i), Number: i + 1}
		p.Decode()
		c.Add(&p)
	}
	said := len(c.All()[0].Said())
	if c.held < Limit || c.held > Limit+1<<16 || said+int(c.Left) != packets || c.Left == 0 || c.Left > packets/50 {
		t.Errorf("%d bytes held, %d packets told, %d left", c.held, said, c.Left)
	}
}

// However packets come, no byte is told that no packet has, and what each end says is
// told in the order of its stream.
func FuzzConversations(f *testing.F) {
	f.Add(uint64(1), 20)
	f.Add(uint64(2), 200)
	f.Fuzz(func(t *testing.T, seed uint64, n int) {
		r := rand.New(rand.NewPCG(seed, 1))
		carried := 0
		var frames []sniffer.Frame
		for i := range min(max(n, 0), 500) {
			s := segment{server: r.IntN(2) == 0, flags: sniffer.TCPFlags(r.Uint32()), seq: r.Uint32() >> r.IntN(32), data: strings.Repeat("y", r.IntN(20))}
			carried += len(s.data)
			frames = append(frames, s.frame(uint16(1024+r.IntN(2)), i))
		}
		for _, c := range conversations(frames...).All() {
			packet := 0
			for _, s := range c.Said() {
				if s.Missing < 0 || s.Packet < packet {
					t.Fatalf("packet %d behind %d, %d missing", s.Packet, packet, s.Missing)
				}
				packet = s.Packet
				carried -= len(s.Data)
			}
		}
		if carried < 0 {
			t.Fatalf("%d bytes more than were carried", -carried)
		}
	})
}
