package statistics

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
)

// What is summed up is what was added, and both ways of a conversation are told apart.
func TestStatistics(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := &Statistics{}
	frames, bytes := uint64(0), uint64(0)
	for port := range uint16(5) {
		for i, segment := range transfer(r) {
			p := sniffer.Packet{Frame: segment.frame(1024 + port), Number: i + 1}
			p.Decode()
			s.Add(&p)
			frames, bytes = frames+1, bytes+uint64(p.Length)
		}
	}
	arp := sniffer.Packet{Layers: sniffer.Ethernet | sniffer.ARP, Frame: sniffer.Frame{Length: 42}}
	s.Add(&arp)
	if s.All != (Count{frames + 1, bytes + 42}) {
		t.Errorf("all %+v, want %d frames, %d bytes", s.All, frames+1, bytes+42)
	}
	conversations := s.Conversations()
	if len(conversations) != 5 {
		t.Fatalf("%d conversations, want 5", len(conversations))
	}
	sum := Count{}
	for i, c := range conversations {
		if c.Layer != sniffer.TCP || c.B != netip.MustParseAddrPort("10.0.0.2:80") || c.FromA.Frames == 0 || c.FromB.Frames == 0 {
			t.Errorf("conversation %+v", c)
		}
		if i > 0 && conversations[i-1].Bytes() < c.Bytes() {
			t.Error("not the largest first")
		}
		sum.Frames, sum.Bytes = sum.Frames+c.FromA.Frames+c.FromB.Frames, sum.Bytes+c.Bytes()
	}
	if sum != (Count{frames, bytes}) {
		t.Errorf("conversations have %+v, want %d frames, %d bytes", sum, frames, bytes)
	}
	if e := s.Endpoints(); len(e) != 2 || e[0].Sent != e[1].Received || e[0].Received != e[1].Sent {
		t.Errorf("endpoints %+v", e)
	}
	names := func(l sniffer.Layers) (names []string) {
		for _, n := range []struct {
			l    sniffer.Layers
			name string
		}{{sniffer.Ethernet, "ethernet"}, {sniffer.ARP, "arp"}, {sniffer.IPv4, "ipv4"}, {sniffer.TCP, "tcp"}} {
			if l&n.l != 0 {
				names = append(names, n.name)
			}
		}
		return names
	}
	var got []string
	for _, p := range s.Protocols(names) {
		got = append(got, strings.Join(p.Names, " "))
		if len(p.Names) == 1 && p.Count != s.All {
			t.Errorf("%q has %+v, want all", p.Names, p.Count)
		}
	}
	if want := "ethernet, ethernet arp, ethernet ipv4, ethernet ipv4 tcp"; strings.Join(got, ", ") != want {
		t.Errorf("protocols %q, want %q", got, want)
	}
}

// A conversation lasts from its first frame to its latest, whatever comes between them
// without a time or from before.
func TestTimesOfAConversation(t *testing.T) {
	at := time.Unix(1000, 0)
	var s Statistics
	for _, when := range []time.Time{{}, at, at.Add(3 * time.Second), at.Add(-time.Second), {}} {
		p := &sniffer.Packet{Layers: sniffer.IPv4, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2")}
		p.Time = when
		s.Add(p)
	}
	if c := s.Conversations()[0]; !c.First.Equal(at) || c.Last.Sub(c.First) != 3*time.Second {
		t.Errorf("from %v to %v: %v", c.First, c.Last, c.Last.Sub(c.First))
	}
}

// However many frames there are that differ in what their tunnels carry, their number is kept
// within bounds, and every frame is counted.
func TestProtocolsOfTunnels(t *testing.T) {
	names := func(l sniffer.Layers) (all []string) {
		for i := range 32 {
			if l>>i&1 != 0 {
				all = append(all, string(rune('A'+i)))
			}
		}
		return all
	}
	var s Statistics
	const frames = maxTracked + 1000
	for i := range frames {
		inner := &sniffer.Packet{Layers: sniffer.Layers(i&0x1ff) << 1}
		s.Add(&sniffer.Packet{Layers: 1, Inner: &sniffer.Packet{Layers: sniffer.Layers(i>>9) << 1, Inner: inner}})
	}
	all := s.Protocols(names)
	if len(s.protocols) > maxTracked+1 || len(all) < maxTracked/2 {
		t.Errorf("%d are kept, %d told", len(s.protocols), len(all))
	}
	if len(all[0].Names) != 1 || all[0].Frames != frames {
		t.Errorf("the outermost is %v, want all %d frames", all[0], frames)
	}
}

// A rate has every frame, in few steps, whatever the times are.
func TestRate(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, tt := range []struct {
		name string
		at   []time.Duration
		out  uint64
		step time.Duration
	}{
		{"an instant", []time.Duration{0, 0, 0}, 0, time.Millisecond},
		{"a minute", []time.Duration{0, time.Second, time.Minute}, 0, 16 * time.Millisecond},
		{"a year", []time.Duration{0, 365 * 24 * time.Hour}, 0, 1 << 23 * time.Millisecond},
		{"backwards", []time.Duration{time.Second, 0, 2 * time.Second}, 1, time.Millisecond},
		{"absurd", []time.Duration{0, 11 * 365 * 24 * time.Hour, time.Second}, 1, time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Rate
			for _, at := range tt.at {
				r.add(start.Add(at))
			}
			for _, fit := range []Rate{r, r.Fit(7), r.Fit(1)} {
				sum := fit.Out
				for _, n := range fit.Steps {
					sum += n
				}
				if sum != uint64(len(tt.at)) || fit.Out != tt.out {
					t.Errorf("%d frames, %d of them out; want %d and %d", sum, fit.Out, len(tt.at), tt.out)
				}
			}
			if r.Step != tt.step || len(r.Steps) > maxSteps || len(r.Fit(7).Steps) > 7 {
				t.Errorf("step %v, %d steps, %d of 7", r.Step, len(r.Steps), len(r.Fit(7).Steps))
			}
		})
	}
	var r Rate
	r.add(time.Time{})
	if r.Out != 1 || len(r.Steps) != 0 || len(r.Fit(3).Steps) != 0 {
		t.Errorf("a frame without a time: %+v", r)
	}
}
