package fault

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/sniffer"
)

var (
	hostA = sniffer.MAC{2, 0, 0, 0, 0, 1}
	hostB = sniffer.MAC{2, 0, 0, 0, 0, 2}
	start = time.Unix(1000, 0)
)

// frame is one of a's to b that says something behind its header.
func frame(from, to sniffer.MAC, says string) []byte {
	return append(append(append(slices.Clone(to[:]), from[:]...), 0x88, 0xb5), says...)
}

// wire is a line whose frames a test sees.
type wire struct {
	*Line
	came []string // what says the frame that came, in order
	now  time.Time
}

func newWire(t *testing.T, rules ...string) *wire {
	t.Helper()
	w := &wire{now: start}
	w.Line = NewLine(func(frame []byte) { w.came = append(w.came, string(frame[14:])) })
	for _, text := range rules {
		r, err := Parse(strings.Fields(text))
		if err != nil {
			t.Fatal(err)
		}
		m := Matcher{Rule: r, From: map[sniffer.MAC]bool{hostA: true}, To: map[sniffer.MAC]bool{hostB: true}}
		if r.Where != "" {
			f, err := r.Filter(nil)
			if err != nil {
				t.Fatal(err)
			}
			m.Match = func(frame []byte) bool { return f.Match(frame, len(frame)) }
		}
		w.Add(m)
	}
	return w
}

// say lets a send b some frames, a millisecond apart.
func (w *wire) say(texts ...string) {
	for _, text := range texts {
		w.Pass(frame(hostA, hostB, text), w.now, w.now, strings.HasPrefix(text, "marker"))
		w.now = w.now.Add(time.Millisecond)
	}
}

func (w *wire) want(t *testing.T, texts ...string) {
	t.Helper()
	if diff := cmp.Diff(texts, w.came); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	w.came = nil
}

func (w *wire) acted(t *testing.T, want ...uint64) (r Report) {
	t.Helper()
	w.Report(&r)
	for i, s := range r.Rules {
		if s.Acted != want[i] {
			t.Errorf("%s acted %d times, want %d", s.Rule, s.Acted, want[i])
		}
	}
	return r
}

func TestDrop(t *testing.T) {
	w := newWire(t, "x a b drop nth 2,3")
	w.say("1", "2", "3", "4")
	w.want(t, "1", "4")
	r := w.acted(t, 2)
	if len(r.Acts) != 2 || r.Acts[0].Frame != SumOf(frame(hostA, hostB, "2")) || !r.Acts[1].Lost {
		t.Errorf("acts %+v", r.Acts)
	}
	w.Report(&r)
	if len(r.Acts) != 2 {
		t.Error("acts are reported twice")
	}
}

// A rule is about its hosts alone, and about what is for all.
func TestHosts(t *testing.T) {
	w := newWire(t, "x a b drop")
	for says, f := range map[string][]byte{
		"to another": frame(hostA, sniffer.MAC{2, 9}, "to another"), "from another": frame(hostB, hostA, "from another"),
	} {
		w.Pass(f, w.now, w.now, false)
		w.want(t, says)
	}
	w.Pass(frame(hostA, sniffer.Broadcast, "to all"), w.now, w.now, false)
	w.came = nil
	w.acted(t, 1)
}

// A frame of any length passes.
func TestShortFrames(t *testing.T) {
	passed := 0
	l := NewLine(func([]byte) { passed++ })
	l.Add(Matcher{Rule: Rule{Kind: Corrupt, Byte: Byte{"tcp", 60}}})
	for n := range 80 {
		b := make([]byte, n)
		if n >= 15 {
			b[12], b[13], b[14] = 8, 0, 0x4f
		}
		l.Pass(b, start, start, false)
	}
	if passed != 80 {
		t.Errorf("%d of 80 frames passed", passed)
	}
}

// The same seed loses the same frames, and about as many as asked.
func TestLoss(t *testing.T) {
	run := func(seed string) (came []string) {
		w := newWire(t, "x a b loss 20% seed "+seed)
		for i := range 1000 {
			w.say(fmt.Sprint(i))
		}
		return w.came
	}
	first := run("7")
	if !slices.Equal(first, run("7")) {
		t.Error("the same seed loses other frames")
	}
	if slices.Equal(first, run("8")) {
		t.Error("another seed loses the same frames")
	}
	if n := len(first); n < 750 || n > 850 {
		t.Errorf("of 1000 frames %d came", n)
	}
}

func TestDelay(t *testing.T) {
	w := newWire(t, "x a b delay 10ms nth 1,3")
	w.say("1", "2", "3", "4")
	w.want(t, "2", "4")
	if due, ok := w.Next(); !ok || !due.Equal(start.Add(10*time.Millisecond)) {
		t.Errorf("due at %v", due)
	}
	w.Release(start.Add(10 * time.Millisecond))
	w.want(t, "1")
	w.Release(start.Add(12 * time.Millisecond))
	w.want(t, "3")
}

// A marker stays behind what came before it, whatever holds that.
func TestMarkersKeepTheirPlace(t *testing.T) {
	w := newWire(t, "slow a b delay 10ms nth 1", "swap a b reorder nth 2", "gone a b drop")
	w.say("1", "marker one")
	w.want(t)
	w.Release(start.Add(20 * time.Millisecond))
	w.want(t, "1", "marker one")
	w.say("2", "3", "marker two") // 3 waits to be overtaken
	w.want(t)
	r := w.acted(t, 1, 0, 1)
	if r.Waits != "swap" || r.Holding != 2 {
		t.Errorf("%q waits, of %d held", r.Waits, r.Holding)
	}
	w.say("4")
	w.want(t, "4", "3", "marker two")
	w.acted(t, 1, 1, 1)
}

func TestDuplicate(t *testing.T) {
	w := newWire(t, "x a b duplicate nth 1")
	w.say("1", "2")
	w.want(t, "1", "1", "2")
	w.acted(t, 1)
}

// A frame is overtaken by the next that the rule is about, and by no other.
func TestReorder(t *testing.T) {
	w := newWire(t, "x a b reorder nth 1 where ether[14] != 35")
	w.say("1", "#", "2", "3")
	w.want(t, "#", "2", "1", "3")
	w.acted(t, 1)
}

// What a rule holds is sent when it is lifted. What nothing has overtaken until then was
// not reordered.
func TestRemove(t *testing.T) {
	w := newWire(t, "slow a b delay 1s nth 1", "swap a b reorder nth 1")
	w.say("1", "2")
	w.want(t)
	if s, ok := w.Remove("swap", w.now); !ok || s.Acted != 0 {
		t.Errorf("removed %v: %+v", ok, s)
	}
	w.want(t, "2")
	if r := w.acted(t, 1); len(r.Acts) != 1 || r.Acts[0].Rule != "slow" {
		t.Errorf("acts %+v", r.Acts)
	}
	s, ok := w.Remove("slow", w.now)
	w.Release(w.now)
	w.want(t, "1")
	if _, again := w.Remove("slow", w.now); again || !ok || !s.Mended || s.Acted != 1 {
		t.Errorf("removed %v, again %v: %+v", ok, again, s)
	}
	w.say("3")
	w.want(t, "3")
}

// A slow link sends one frame after the other, in order, and loses what its queue has no
// room for.
func TestRate(t *testing.T) {
	w := newWire(t, "x a b rate 8kbit/s") // a byte a millisecond
	w.Pass(frame(hostA, hostB, "first"), start, start, false)
	w.Pass(frame(hostA, hostB, "second"), start, start, false)
	w.Release(start.Add(18 * time.Millisecond))
	w.want(t)
	w.Release(start.Add(19 * time.Millisecond))
	w.want(t, "first")
	w.Release(start.Add(38 * time.Millisecond))
	w.want(t)
	w.Release(start.Add(39 * time.Millisecond))
	w.want(t, "second")
	for range maxHeld + 1 {
		w.Pass(frame(hostA, hostB, ""), start, start, false)
	}
	var r Report
	w.Report(&r)
	if last := r.Acts[len(r.Acts)-1]; !last.Lost || r.Holding != maxHeld {
		t.Errorf("of %d frames too many %d are held, the last %+v", maxHeld+1, r.Holding, last)
	}
}

// udp is an Ethernet frame with a datagram and right checksums.
func udp(payload string) []byte {
	b := append(frame(hostA, hostB, "")[:12], 8, 0)
	ip := []byte{0x45, 0, 0, byte(28 + len(payload)), 0, 7, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	binary.BigEndian.PutUint16(ip[10:], ^sum(ip))
	u := append([]byte{0, 5, 0x1b, 0x59, 0, byte(8 + len(payload)), 0, 0}, payload...)
	pseudo := slices.Concat(ip[12:20], []byte{0, 17, 0, byte(len(u))}, u)
	binary.BigEndian.PutUint16(u[6:], ^sum(pseudo))
	return slices.Concat(b, ip, u)
}

// sum is the one's complement sum of RFC 1071.
func sum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i]) << 8
		if i+1 < len(b) {
			word |= uint32(b[i+1])
		}
		s += word
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// right reports whether the checksums of IP and of UDP are.
func right(frame []byte) (ip, udp bool) {
	header, u := frame[14:34], frame[34:]
	pseudo := slices.Concat(header[12:20], []byte{0, header[9]}, binary.BigEndian.AppendUint16(nil, uint16(len(u))), u)
	return sum(header) == 0xffff, sum(pseudo) == 0xffff
}

// A corrupted byte makes the checksum that covers it wrong, unless it is made right again.
func TestCorrupt(t *testing.T) {
	good := udp("hello!!")
	if ip, u := right(good); !ip || !u {
		t.Fatal("the test's own frame is wrong")
	}
	for at := range len(good) - 14 {
		for _, mend := range []bool{false, true} {
			if mend && (at == 10 || at == 11 || at == 26 || at == 27 || at == 9) {
				continue // a checksum itself, and the protocol, which is then none that has one
			}
			bad, ok := corrupt(good, Byte{"ip", at}, mend)
			if !ok || bad[14+at] == good[14+at] {
				t.Fatalf("ip[%d] is not changed", at)
			}
			ip, u := right(bad)
			wantIP, wantUDP := mend || at >= 20, mend || at < 12 && at != 9
			if ip != wantIP || u != wantUDP {
				t.Errorf("ip[%d], checksum-right %v: checksum of IP %v, of UDP %v; want %v, %v", at, mend, ip, u, wantIP, wantUDP)
			}
		}
	}
	for _, b := range []Byte{{"tcp", 0}, {"icmp", 0}, {"udp", 15}, {"ether", len(good)}} {
		if _, ok := corrupt(good, b, false); ok {
			t.Errorf("the frame has no %s", b)
		}
	}
	w := newWire(t, "x a b corrupt tcp[0]")
	w.say("no TCP")
	w.want(t, "no TCP")
	w.acted(t, 0)
}

// What no checksum can be made right for is not corrupted, and not said to be.
func TestCorruptChecksumRight(t *testing.T) {
	unsummed := udp("hello!!")
	unsummed[14+26], unsummed[14+27] = 0, 0
	later := udp("the first bytes of a later fragment")
	later[14+7] = 3
	short := udp("hello!!")[:14+20+6] // a fragment that ends before the checksum
	short[14+3], short[14+6] = 26, 0x20
	for _, test := range []struct {
		name  string
		frame []byte
		b     Byte
		can   bool
	}{
		{"the checksum of IP", udp("hello!!"), Byte{"ether", 24}, false},
		{"the checksum of UDP", udp("hello!!"), Byte{"ip", 27}, false},
		{"the checksum of UDP, where there is none", unsummed, Byte{"ip", 26}, false},
		{"data without a checksum", unsummed, Byte{"udp", 8}, true},
		{"data of a later fragment", later, Byte{"ip", 30}, false},
		{"the header of a later fragment", later, Byte{"ip", 8}, true},
		{"data before a checksum that is not there", short, Byte{"udp", 0}, false},
		{"the header of Ethernet", later, Byte{"ether", 0}, true},
		{"what is not IPv4", frame(hostA, hostB, "some other protocol"), Byte{"ether", 24}, true},
	} {
		changed, ok := corrupt(test.frame, test.b, true)
		if ok != test.can || ok == (changed == nil) {
			t.Errorf("%s: corrupted %v, want %v", test.name, ok, test.can)
		}
		if !ok {
			w := newWire(t)
			w.Add(Matcher{Rule: Rule{Name: "x", Kind: Corrupt, Byte: test.b, Mend: true}})
			w.Pass(test.frame, w.now, w.now, false)
			w.want(t, string(test.frame[14:]))
			w.acted(t, 0)
		}
	}
	for layer, frame := range map[string][]byte{"tcp": transport(6, 20), "icmp": transport(1, 8)} {
		for at := range checksums[layer] + 4 {
			inside := at == checksums[layer] || at == checksums[layer]+1
			changed, ok := corrupt(frame, Byte{"ip", 20 + at}, true)
			if ok == inside || ok && slices.Equal(changed, frame) {
				t.Errorf("%s[%d]: corrupted %v", layer, at, ok)
			}
		}
	}
}

// transport is a packet of a protocol of IPv4 with an empty header of so many bytes.
func transport(protocol byte, size int) []byte {
	ip := append([]byte{0x45, 0, 0, byte(20 + size), 0, 7, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, make([]byte, size)...)
	return slices.Concat(frame(hostA, hostB, "")[:12], []byte{8, 0}, ip)
}
