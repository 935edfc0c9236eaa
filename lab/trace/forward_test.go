package trace_test

import (
	"slices"
	"strings"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// handed sends a packet to web by way of the router's port on lan; sent sends one from its
// port on dmz.
func handed(w *tracetest.Wire, send func()) {
	w.On, w.To = tracetest.LAN, "gateway.lan"
	send()
	w.To = ""
}

func sent(w *tracetest.Wire, send func()) {
	w.On, w.As, w.TTL = tracetest.DMZ, "gateway.dmz", 63
	send()
	w.As, w.On, w.TTL = "", tracetest.LAN, 0
}

// What a router sends in another's name it has forwarded if it was handed it before. Any
// other it has made up.
func TestForwarded(t *testing.T) {
	udp := func(w *tracetest.Wire) { w.UDP("client1", "web", 5, 6, "hello") }
	tcp := func(w *tracetest.Wire) { w.Segment("client1", "web", 5, 80, sniffer.SYN, 7, 0, "") }
	long := tracetest.Datagram(5, 6, strings.Repeat("hello", 20))
	parts := func(size int) func(*tracetest.Wire) {
		return func(w *tracetest.Wire) { w.Fragments("client1", "web", 17, long, size, false) }
	}
	whole := func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0, long) }
	// With "don't fragment", as Linux sends.
	unfragmented := func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0x4000, long) }
	lengthless := func(text string) func(*tracetest.Wire) { // as offloading makes segments
		return func(w *tracetest.Wire) {
			b := []byte{0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, 17, 0, 0}
			b = append(append(b, tracetest.Addr("client1").AsSlice()...), tracetest.Addr("web").AsSlice()...)
			w.Frame("client1", "web", sniffer.EtherTypeIPv4, append(b, tracetest.Datagram(5, 6, text)...))
		}
	}
	behindIP := func(trailer string, send func(*tracetest.Wire)) func(*tracetest.Wire) {
		return func(w *tracetest.Wire) { w.Trailer = trailer; send(w); w.Trailer = "" }
	}
	for _, test := range []struct {
		name             string
		handed, sent     func(*tracetest.Wire)
		between          func(*tracetest.Wire)
		believed         bool
		only4            bool // IPv6 has no such thing
		sentFirst, twice bool
	}{
		{name: "udp", handed: udp, sent: udp, believed: true},
		{name: "tcp", handed: tcp, sent: tcp, believed: true},
		{name: "an echo", handed: func(w *tracetest.Wire) { w.Echo("client1", "web", 8) }, sent: func(w *tracetest.Wire) { w.Echo("client1", "web", 8) }, believed: true},
		{name: "in fragments", handed: parts(16), sent: parts(16), believed: true},
		{name: "twice, as an impairment may have it", handed: udp, sent: udp, twice: true, believed: true},
		{name: "with another class, or marked as congested", handed: unfragmented, sent: func(w *tracetest.Wire) { w.Class = 0xbb; unfragmented(w); w.Class = 0 }, believed: true},
		{name: "fragments with another class", handed: parts(16), sent: func(w *tracetest.Wire) { w.Class = 3; parts(16)(w); w.Class = 0 }, believed: true},
		{name: "behind others", handed: udp, sent: udp, believed: true, between: func(w *tracetest.Wire) { handed(w, func() { tcp(w) }) }},
		{name: "a datagram that the router cuts", handed: whole, sent: parts(16), believed: true, only4: true},
		{name: "fragments that it cuts again", handed: parts(32), sent: parts(24), believed: true},
		{name: "fragments that it puts together", handed: parts(16), sent: whole, believed: true, only4: true},
		{name: "a byte that an impairment has changed", handed: udp, believed: true, only4: true,
			between: func(w *tracetest.Wire) { w.Impair("bad client1 gateway corrupt udp[8] nth 1") },
			sent:    func(w *tracetest.Wire) { w.UDP("client1", "web", 5, 6, "\x97ello") }},

		{name: "nothing was handed", handed: func(*tracetest.Wire) {}, sent: udp},
		{name: "later", handed: udp, sent: udp, sentFirst: true},
		{name: "other bytes", handed: udp, sent: func(w *tracetest.Wire) { w.UDP("client1", "web", 5, 6, "hullo") }},
		{name: "other ports", handed: udp, sent: func(w *tracetest.Wire) { w.UDP("client1", "web", 5, 7, "hello") }},
		{name: "other flags", handed: tcp, sent: func(w *tracetest.Wire) { w.Segment("client1", "web", 5, 80, sniffer.RST, 7, 0, "") }},
		{name: "another's", handed: func(w *tracetest.Wire) { w.UDP("client2", "web", 5, 6, "hello") }, sent: udp},
		{name: "to another host", handed: func(w *tracetest.Wire) { w.To = "client2"; udp(w) }, sent: udp},
		{name: "a fragment of which it was handed another part", handed: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0x2000, long[:16]) },
			sent: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 2, long[16:]) }},
		{name: "fragments with other bytes", handed: whole, only4: true, sent: func(w *tracetest.Wire) {
			w.IP("client1", "web", 17, 0x2000, []byte(strings.ToUpper(string(long[:48]))))
		}},
		{name: "the beginning of a datagram, as if it were all", handed: whole, only4: true, sent: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0, long[:48]) }},
		{name: "the beginning of a datagram in fragments", handed: parts(32), only4: true, sent: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0, long[:64]) }},
		{name: "a last fragment that is not the last", handed: whole, only4: true, sent: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 2, long[16:48]) }},
		{name: "the end of a datagram, as if more came", handed: whole, only4: true, sent: func(w *tracetest.Wire) { w.IP("client1", "web", 17, 0x2002, long[16:]) }},
		{name: "padded with zeros", handed: udp, sent: behindIP("\x00\x00\x00\x00", udp), believed: true},
		{name: "with something behind it", handed: udp, sent: behindIP("\x00secret", udp)},
		{name: "a fragment with something behind it", handed: parts(16), sent: behindIP("secret", func(w *tracetest.Wire) { w.IP("client1", "web", 17, 2, long[16:]) }), only4: true},
		{name: "with a length of 0 and other bytes", handed: lengthless("hello"), sent: lengthless("hullo"), only4: true},
		{name: "with a length of 0", handed: lengthless("hello"), sent: lengthless("hello"), only4: true, believed: true},
		{name: "a byte that no impairment has changed", handed: udp, sent: func(w *tracetest.Wire) { w.UDP("client1", "web", 5, 6, "\x97ello") }},
	} {
		for _, v6 := range []bool{false, true} {
			if v6 && test.only4 {
				continue
			}
			t.Run(test.name+map[bool]string{true: " v6"}[v6], func(t *testing.T) {
				w := tracetest.NewRouted(t)
				w.RoutedBarrier("start")
				if v6 {
					w = tracetest.NewRouted6(t)
				}
				hand := func() { handed(w, func() { test.handed(w) }) }
				if !test.sentFirst {
					hand()
				}
				if test.between != nil {
					test.between(w)
				}
				before := w.Len()
				sent(w, func() { test.sent(w) })
				if test.twice {
					sent(w, func() { test.sent(w) })
				}
				want := map[bool]string{true: "client1", false: "client1@gateway"}[test.believed]
				for n := before + 1; n <= w.Len(); n++ {
					if from, _ := w.LineEnds(w.Packet(n)); from != want {
						t.Errorf("packet %d is from %s, want %s", n, from, want)
					}
				}
				if test.sentFirst {
					hand()
					if from, _ := w.LineEnds(w.Packet(before + 1)); from != want {
						t.Errorf("afterwards it is from %s, want %s", from, want)
					}
				}
			})
		}
	}
}

// Somebody sends any number of fragments of one datagram, and others in their place behind
// the router: they are not compared for ever, and nothing is claimed then.
func TestForwardedTooMany(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.RoutedBarrier("start")
	const each = 800 // squared and halved they are more than are compared
	for i := range each {
		handed(w, func() { w.IP("client1", "web", 17, 0x2000, []byte{byte(i), byte(i >> 8), 0, 0, 0, 0, 0, 0}) })
	}
	before := w.Len()
	for range each {
		sent(w, func() { w.IP("client1", "web", 17, 0x2000, []byte("forged!!")) })
	}
	if from, _ := w.LineEnds(w.Packet(before + 1)); from != "client1@gateway" || !w.Gap().IsZero() {
		t.Errorf("the first is from %s, and %v, want that the router has forged it", from, w.Gap())
	}
	for n := before + 1; n <= w.Len(); n++ {
		w.LineEnds(w.Packet(n))
	}
	if w.Gap().Code != "claim.parts" {
		t.Errorf("%v, want that nobody can tell", w.Gap())
	}
}

// What a router sends back to the segment from which it comes, it has not forwarded because
// another segment has the same later.
func TestForwardedBeforeHanded(t *testing.T) {
	w := tracetest.NewRouted(t)
	hand := func(on int, port string) {
		w.On, w.To = on, port
		w.UDP("client1", "web", 5, 6, "hello")
		w.To = ""
	}
	hand(tracetest.DMZ, "gateway.dmz")
	sent(w, func() { w.UDP("client1", "web", 5, 6, "hello") })
	forged := w.Len()
	hand(tracetest.LAN, "gateway.lan")
	sent(w, func() { w.UDP("client1", "web", 5, 6, "hello") })
	for n, want := range map[int]string{forged: "client1@gateway", w.Len(): "client1"} {
		if from, _ := w.LineEnds(w.Packet(n)); from != want {
			t.Errorf("packet %d is from %s, want %s", n, from, want)
		}
	}
}

// A router writes its address into the option that records the route, as ping -R asks (RFC
// 791, section 3.1).
func TestForwardedWithOptions(t *testing.T) {
	w := tracetest.NewRouted(t)
	datagram := func(ttl byte, route ...byte) {
		b := []byte{0x47, 0, 0, 36, 0, 7, 0x40, 0, ttl, 17, 0, 0}
		b = append(append(b, tracetest.Addr("client1").AsSlice()...), tracetest.Addr("web").AsSlice()...)
		w.Frame("client1", "web", sniffer.EtherTypeIPv4, slices.Concat(b, route, tracetest.Datagram(5, 6, "")))
	}
	handed(w, func() { datagram(64, 7, 7, 4, 0, 0, 0, 0, 0) })
	sent(w, func() { datagram(63, 7, 7, 8, 10, 0, 1, 9, 0) })
	if from, _ := w.LineEnds(w.Packet(w.Len())); from != "client1" {
		t.Errorf("it is from %s, want client1", from)
	}
}

// Segments that become switches, and hubs again, any number of times are looked up once a
// frame: the test would take minutes.
func TestForwardedManyModes(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.RoutedBarrier("start")
	const each = 200_000
	for i := range each {
		w.MarkAs([]string{trace.LearnLabel, trace.FloodLabel}[i%2], tracetest.LAN, "client1", "client1")
	}
	for range each {
		sent(w, func() { w.UDP("client1", "web", 5, 6, "forged") })
	}
	for n := w.Len() - each + 1; n <= w.Len(); n++ {
		if from, _ := w.LineEnds(w.Packet(n)); from != "client1@gateway" {
			t.Fatalf("packet %d is from %s", n, from)
		}
	}
}

// What the other segment hides, as a switch does, may have been handed to the router: until
// that is a hub again.
func TestForwardedFromSwitch(t *testing.T) {
	w := tracetest.NewRouted(t)
	check := func(want string) {
		t.Helper()
		sent(w, func() { w.UDP("client1", "web", 5, 6, want) })
		if from, _ := w.LineEnds(w.Packet(w.Len())); from != want {
			t.Errorf("packet %d is from %s, want %s", w.Len(), from, want)
		}
	}
	check("client1@gateway")
	w.MarkAs(trace.LearnLabel, tracetest.DMZ, "web", "web")
	check("client1@gateway")
	w.MarkAs(trace.LearnLabel, tracetest.LAN, "client2", "client1") // it is not client1
	check("client1@gateway")
	w.MarkAs(trace.LearnLabel, tracetest.LAN, "client1", "client1")
	check("client1")
	w.MarkAs(trace.FloodLabel, tracetest.LAN, "client1", "client1")
	check("client1@gateway")
}

// Lengths that cannot be are no end of the judgement: a router may be handed, and may send,
// anything.
func TestForwardedMalformed(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.RoutedBarrier("start")
	for _, header := range []byte{0x40, 0x44, 0x45, 0x4f, 0x60} {
		for size := range byte(60) {
			frame := func() {
				b := []byte{header, 0, 0, size, 0, size, 0, 0, 64, 17, 0, 0}
				b = append(append(b, tracetest.Addr("client1").AsSlice()...), tracetest.Addr("web").AsSlice()...)
				etherType := uint16(sniffer.EtherTypeIPv4)
				if header == 0x60 {
					etherType = sniffer.EtherTypeIPv6
				}
				w.Frame("client1", "web", etherType, append(b, make([]byte, 24)...))
			}
			handed(w, frame)
			sent(w, frame)
			w.LineEnds(w.Packet(w.Len()))
		}
	}
}
