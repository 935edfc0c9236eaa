package trace_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// forward sends a packet of client1 to web and lets the router forward it.
func forward(w *tracetest.Wire, send func()) {
	w.On, w.To = tracetest.LAN, "gateway.lan"
	send()
	w.On, w.To, w.As = tracetest.DMZ, "", "gateway.dmz"
	send()
	w.As, w.On = "", tracetest.LAN
}

// What crosses a router is a packet on each segment, and neither a copy nor a forgery.
func TestSegmentsAreApart(t *testing.T) {
	for _, test := range []struct {
		name, projection string
		build            func(*tracetest.Wire)
		want             string
	}{
		{"an echo is of its segment", "icmp", func(w *tracetest.Wire) {
			forward(w, func() { w.Echo("client1", "web", 8) })
			w.On = tracetest.DMZ
			w.To = "gateway.dmz"
			w.Echo("web", "client1", 0)
			w.On, w.To, w.As = tracetest.LAN, "", "gateway.lan"
			w.Echo("web", "client1", 0)
			w.As = ""
		}, "lan client1 > web echo-request seq=1|dmz client1 > web echo-request seq=1|dmz web > client1 echo-reply seq=1|lan web > client1 echo-reply seq=1"},
		{"a reply on one segment answers no request on the other", "icmp", func(w *tracetest.Wire) {
			w.To = "gateway.lan"
			w.Echo("client1", "web", 8)
			w.On, w.To = tracetest.DMZ, "gateway.dmz"
			w.Echo("web", "client1", 0)
			w.On, w.To = tracetest.LAN, ""
		}, "lan client1 > web echo-request seq=1|dmz web > client1 echo-reply seq=1 unasked"},
		{"a connection, too, and its segments are no copies", "tcp", func(w *tracetest.Wire) {
			forward(w, func() { w.Segment("client1", "web", 5, 80, sniffer.SYN, 7, 0, "") })
			w.On, w.To = tracetest.DMZ, "gateway.dmz"
			w.Segment("web", "client1", 80, 5, sniffer.SYN|sniffer.ACK, 1, 8, "")
			w.On, w.To = tracetest.LAN, ""
		}, "lan client1 > web SYN|dmz client1 > web SYN acked|dmz web > client1 SYN ACK"},
		{"fragments are put together on each", "udp", func(w *tracetest.Wire) {
			forward(w, func() {
				w.Fragments("client1", "web", 17, tracetest.Datagram(5, 6, strings.Repeat("x", 24)), 16, false)
			})
		}, "lan client1 > web udp|dmz client1 > web udp"},
		{"a part of one completes nothing on the other", "udp", func(w *tracetest.Wire) {
			b := tracetest.Datagram(5, 6, strings.Repeat("x", 24))
			w.To = "gateway.lan"
			w.IP("client1", "web", 17, 0x2000, b[:16])
			w.On, w.To, w.As = tracetest.DMZ, "", "gateway.dmz"
			w.IP("client1", "web", 17, 2, b[16:])
			w.On, w.As = tracetest.LAN, ""
		}, "lan client1 > web udp fragment|dmz client1@gateway > web udp fragment"},
		{"a router that forges an address of the segment on which it sends", "udp", func(w *tracetest.Wire) {
			w.As = "gateway.lan"
			w.UDP("client1", "client2", 5, 6, "")
			w.As = ""
		}, "lan client1@gateway > client2 udp"},
		{"a router that answers for another by ARP", "arp", func(w *tracetest.Wire) {
			w.As = "gateway.lan"
			w.Tell("web", "client1")
			w.As = ""
		}, "lan web@gateway > client1 is-at web"},
		{"no router sends for others", "udp", func(w *tracetest.Wire) {
			w.As = "client2"
			w.UDP("web", "client1", 5, 6, "")
			w.As = ""
		}, "lan web@client2 > client1 udp"},
		{"what is sent to a host that is no router for another", "udp", func(w *tracetest.Wire) {
			w.To = "client2"
			w.UDP("client1", "web", 5, 6, "")
			w.To = ""
		}, "lan client1 > web@client2 udp"},
		{"what is sent to the router for its own segment's host", "udp", func(w *tracetest.Wire) {
			w.To = "gateway.lan"
			w.UDP("client1", "client2", 5, 6, "")
			w.To = ""
		}, "lan client1 > client2@gateway udp"},
		{"the hardware address of a port of another segment is a stranger's", "udp", func(w *tracetest.Wire) {
			w.As = "web"
			w.UDP("web", "client1", 5, 6, "")
			w.As = "gateway.dmz"
			w.UDP("gateway.lan", "client1", 5, 6, "")
			w.As = ""
		}, "lan web@? > client1 udp|lan gateway@? > client1 udp"},
		{"the router by its address on the other side", "udp", func(w *tracetest.Wire) {
			w.To = "gateway.lan"
			w.UDP("client1", "gateway.dmz", 5, 6, "")
			w.As, w.To = "gateway.lan", "client1"
			w.UDP("gateway.dmz", "client1", 6, 5, "")
			w.As, w.To = "", ""
		}, "lan client1 > gateway udp|lan gateway > client1 udp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.NewRouted(t)
			w.RoutedBarrier("start")
			test.build(w)
			w.RoutedBarrier("one")
			plan := tracetest.RoutedPlan
			plan.Barriers = []string{"one"}
			pr, err := trace.ParseProjection(test.projection)
			if err != nil {
				t.Fatal(err)
			}
			window, missing := w.Window(plan.Barriers, plan)
			if !missing.IsZero() {
				t.Fatal(missing)
			}
			var got []string
			for _, l := range w.Project(pr, window, plan).Lines {
				got = append(got, l.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// On one segment the lines are those of it, without its name.
			for _, segment := range w.Hosts.Segments {
				pr.Segment = segment
				var alone []string
				for _, l := range w.Project(pr, window, plan).Lines {
					alone = append(alone, segment+" "+l.String())
				}
				want := slices.DeleteFunc(slices.Clone(got), func(line string) bool { return !strings.HasPrefix(line, segment) })
				if diff := cmp.Diff(want, alone); diff != "" && len(want)+len(alone) > 0 {
					t.Errorf("on %s (-want +got):\n%s", segment, diff)
				}
			}
		})
	}
}

// Told by address, too: in a file whose ports nobody knows a segment is an interface.
func TestSegmentsAreApartByAddress(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.Hosts.Ports = nil
	for w.On = range w.Hosts.Segments {
		w.Segment("client1", "web", 5, 80, sniffer.SYN, 7, 0, "")
	}
	pr := trace.Projection{Selectors: []trace.Selector{{Protocol: "tcp"}}}
	var got []string
	for _, l := range w.Project(pr, w.Whole(), tracetest.RoutedPlan).Lines {
		got = append(got, l.String())
	}
	if want := []string{"lan client1 > web SYN", "dmz client1 > web SYN"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A packet is in the phase in which its port was on that segment, whoever sent it first.
func TestForwardedPhases(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.RoutedBarrier("start")
	w.MarkAs("one", tracetest.LAN, "client1", "client1")
	w.MarkAs("one", tracetest.LAN, "gateway.lan", "gateway")
	// The router has set its barrier on lan, and not yet on dmz.
	w.On, w.As = tracetest.DMZ, "gateway.dmz"
	w.Echo("client1", "web", 8)
	w.On, w.As = tracetest.LAN, "gateway.lan"
	w.Echo("web", "client1", 0)
	w.As = ""
	w.MarkAs("one", tracetest.LAN, "client2", "client2")
	w.MarkAs("one", tracetest.DMZ, "gateway.dmz", "gateway")
	w.MarkAs("one", tracetest.DMZ, "web", "web")
	w.RoutedBarrier("two")
	plan := tracetest.RoutedPlan
	plan.Barriers = []string{"one", "two"}
	cut := w.Cut(plan)
	for i, want := range [][]int{{8}, {9}} {
		got := cut.Phases[i].Packets
		if !slices.Equal(got, want) {
			t.Errorf("phase %s has the packets %v, want %v", cut.Phases[i].Label, got, want)
		}
	}
}

// A barrier is set when every host has set it on each of its segments, and by it alone.
func TestBarrierOnEverySegment(t *testing.T) {
	plan := tracetest.RoutedPlan
	plan.Barriers = []string{"one"}
	for name, build := range map[string]func(*tracetest.Wire){
		"does not have that of gateway (dmz)": func(w *tracetest.Wire) {
			w.MarkAs("one", tracetest.LAN, "client1", "client1")
			w.MarkAs("one", tracetest.LAN, "client2", "client2")
			w.MarkAs("one", tracetest.LAN, "gateway.lan", "gateway")
			w.MarkAs("one", tracetest.DMZ, "web", "web")
			// Another port in its name, and its own on the other segment.
			w.MarkAs("one", tracetest.DMZ, "web", "gateway")
			w.MarkAs("one", tracetest.LAN, "gateway.dmz", "gateway")
		},
		"gateway (dmz)": func(w *tracetest.Wire) {
			w.RoutedBarrier("one")
			w.MarkAs("one", tracetest.DMZ, "gateway.dmz", "gateway")
		},
	} {
		w := tracetest.NewRouted(t)
		w.RoutedBarrier("start")
		build(w)
		_, missing := w.Window([]string{"one"}, plan)
		if last := name[strings.Index(name, "gateway"):]; !strings.Contains(missing.String(), last) {
			t.Errorf("%s: %v", name, missing)
		}
	}
}

// With which markers routers are waited for is the lab's business: they are nobody's
// traffic, may count again each time, and one that a host sends by itself is told.
func TestTransit(t *testing.T) {
	plan := tracetest.RoutedPlan
	plan.Barriers = []string{"one"}
	again := func(w *tracetest.Wire) {
		m := trace.Marker{Label: trace.TransitLabel, Host: "web", Counted: true, Recount: true}
		w.On = tracetest.DMZ
		w.UDP("web", "*", 9, trace.MarkerPort, string(m.Payload()))
		w.On = tracetest.LAN
	}
	for stray, want := range map[bool]string{false: "", true: "web (dmz)"} {
		w := tracetest.NewRouted(t)
		w.RoutedBarrier(trace.TransitLabel)
		again(w)
		w.RoutedBarrier("start")
		for range 100 { // a millisecond each
			w.Ping("client1", "client2")
		}
		w.RoutedBarrier(trace.TransitLabel)
		again(w)
		if stray {
			w.MarkAs(trace.TransitLabel, tracetest.DMZ, "web", "web")
		}
		w.RoutedBarrier("one")
		if got := w.Misplaced(plan).String(); !strings.Contains(got, want) || (got == "") == stray {
			t.Errorf("stray %v: %q, want %q in it", stray, got, want)
		}
		if n := len(w.Cut(plan).Phases[0].Packets); n != 200 {
			t.Errorf("%d packets in the phase, want the pings alone", n)
		}
	}
}

// What is written is read again: segments are interfaces, in their order, whichever had
// the first frame, and where the ports are the barrier "start" says.
func TestWriteSegments(t *testing.T) {
	w := tracetest.NewRouted(t)
	w.Statistics = &pcapfile.Statistics{Received: 1 << 20, Dropped: 3}
	w.On = tracetest.DMZ
	w.Ping("web", "gateway.dmz")
	w.RoutedBarrier("start")
	w.On, w.As = tracetest.LAN, "web" // whose port is on dmz
	w.UDP("web", "client1", 5, 6, "")
	var file bytes.Buffer
	if err := w.Write(&file); err != nil {
		t.Fatal(err)
	}
	r := trace.New(trace.Hosts{Segments: w.Hosts.Segments, Routers: w.Hosts.Routers})
	if err := r.Load(bytes.NewReader(file.Bytes()), nil); err != nil {
		t.Fatal(err)
	}
	for want := range w.Packets() {
		if got := r.Packet(want.Number); got.Interface != want.Interface || r.Hosts.Sender(got) != w.Hosts.Sender(want) {
			t.Errorf("packet %d: of interface %d from %s, want %d from %s", want.Number, got.Interface, r.Hosts.Sender(got), want.Interface, w.Hosts.Sender(want))
		}
	}
	if !r.Gap().IsZero() || *r.Dropped() != 3 {
		t.Errorf("gap %v, dropped %d", r.Gap(), *r.Dropped())
	}
	// Other segments than those of the file: nobody can tell.
	other := trace.New(trace.Hosts{Segments: []string{"lan", "wan"}})
	if err := other.Load(bytes.NewReader(file.Bytes()), nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(other.Gap().String(), "interfaces dmz") {
		t.Errorf("gap %v, want that the interface dmz is no segment", other.Gap())
	}
	// Where there is one segment, interfaces say nothing.
	one := trace.New(trace.Hosts{})
	if err := one.Load(bytes.NewReader(file.Bytes()), nil); err != nil || !one.Gap().IsZero() {
		t.Errorf("%v, gap %v", err, one.Gap())
	}
}

// A line is written and read the same, with a segment and without.
func TestParseLine(t *testing.T) {
	for _, line := range []string{
		"lan client1 > server SYN ACK acked", "client1 > * who-has server", `dmz a@b > c udp "x  > y" ttl=63`, `a > b "lan > "`,
	} {
		if got := trace.ParseLine(line).String(); got != line {
			t.Errorf("%q becomes %q", line, got)
		}
	}
	got := trace.Columns([]string{"lan client1 > * who-has server", "dmz gw > server SYN"})
	if want := []string{"lan client1 > *      who-has server", "dmz gw      > server SYN"}; !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
}
