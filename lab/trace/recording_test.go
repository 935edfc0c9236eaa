package trace_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/internal/lang"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// What a file says of its own gaps is read.
func TestGaps(t *testing.T) {
	frame := sniffer.Frame{Time: time.Unix(1000, 0), Data: make([]byte, 60), Length: 60, LinkType: sniffer.LinkEthernet}
	for _, test := range []struct {
		name  string
		ifi   pcapfile.Interface
		stats []pcapfile.Statistics
		want  string
	}{
		{"nothing is missing", pcapfile.Interface{}, []pcapfile.Statistics{{Received: 1}}, ""},
		{"a capture filter", pcapfile.Interface{Filter: "tcp port 7000"}, nil, "only frames that match the filter tcp port 7000"},
		{"more frames counted than there are", pcapfile.Interface{}, []pcapfile.Statistics{{Received: 3}}, "counted 2 frames more than it has"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.ifi.LinkType = sniffer.LinkEthernet
			var file bytes.Buffer
			w, err := pcapfile.NewWriter(&file, test.ifi)
			if err != nil {
				t.Fatal(err)
			}
			err = w.WriteFrame(frame)
			if test.stats != nil {
				err = errors.Join(err, w.WriteStatistics(test.stats...))
			}
			if err := errors.Join(err, w.Flush()); err != nil {
				t.Fatal(err)
			}
			r := trace.New(trace.Hosts{})
			if err := r.Load(&file, nil); err != nil {
				t.Fatal(err)
			}
			if got := r.Gap().In(lang.English); (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("the capture says %q of what it lacks, want %q", got, test.want)
			}
		})
	}
}

func TestSnapLength(t *testing.T) {
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet, SnapLen: 64})
	if err != nil {
		t.Fatal(err)
	}
	cut := sniffer.Frame{Time: time.Unix(1000, 0), Data: make([]byte, 64), Length: 98, LinkType: sniffer.LinkEthernet}
	if err := errors.Join(w.WriteFrame(cut), w.Flush()); err != nil {
		t.Fatal(err)
	}
	r := trace.New(trace.Hosts{})
	if err := r.Load(&file, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.SnapLength(r.Packet(1)); got != 64 {
		t.Errorf("snap length %d, want 64", got)
	}
}

// A file that a recording was written to tells who is who by port, unless names
// were given.
func TestHostsInFile(t *testing.T) {
	w := tracetest.New(t)
	w.Ping("client1", "server")
	w.Statistics = &pcapfile.Statistics{Received: 2}
	var file bytes.Buffer
	if err := w.Write(&file); err != nil {
		t.Fatal(err)
	}
	for _, given := range []bool{false, true} {
		hosts := trace.Hosts{}
		if given {
			hosts.Names = sniffer.Names{netip.MustParseAddr("10.0.0.1"): "alice"}
		}
		r := trace.New(hosts)
		if err := r.Load(bytes.NewReader(file.Bytes()), nil); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "client1", true: "alice"}[given]
		if got := r.Hosts.Sender(r.Packet(1)); got != want || r.Hosts.ByPort() == given {
			t.Errorf("names given %v: the sender is %q, by port %v; want %q", given, got, r.Hosts.ByPort(), want)
		}
	}
}

func TestBackwards(t *testing.T) {
	r := trace.New(trace.Hosts{})
	for _, second := range []int64{10, 11, 9, 12} {
		if _, err := r.Add(sniffer.Frame{Time: time.Unix(second, 0), Data: make([]byte, 60), Length: 60, LinkType: sniffer.LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Backwards(); got != 3 {
		t.Errorf("packet %d is the first that is older than the one before it, want 3", got)
	}
}

// The first part of a datagram begins another one whenever it comes: there is no room for
// any number of them.
func TestFirstFragments(t *testing.T) {
	w := tracetest.New(t, "client1", "server")
	for range trace.MaxEnds + 1 {
		w.IP("client1", "server", 17, 0x2000, tracetest.Datagram(5, 6, "01234567"))
	}
	if w.Gap().Code != "claim.crowded" {
		t.Errorf("%v, want that there is no room", w.Gap())
	}
}

// However often a text is said, none is looked for among all: the test would take minutes.
func TestManyTexts(t *testing.T) {
	w := begun(t)
	w.TCP("client1", "server", sniffer.SYN, 100, 0, "")
	const each = 10_000
	for i := range uint32(20) {
		w.TCP("client1", "server", sniffer.PSH|sniffer.ACK, 101+i*6*each, 0, strings.Repeat("hello\n", each))
	}
	w.Barrier("one")
	plan := trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}, Texts: []string{"hello"}}
	window, _ := w.Window(nil, plan)
	projection, err := trace.ParseProjection("tcp text")
	if err != nil {
		t.Fatal(err)
	}
	if seen := w.Project(projection, window, plan); len(seen.Lines) != 1+20*each {
		t.Errorf("%d lines, want %d", len(seen.Lines), 1+20*each)
	}
}

// FuzzRecording adds hostile frames, cut out of the input, and asks for all that
// a claim asks for. The first byte says whether they are of two segments and a router.
func FuzzRecording(f *testing.F) {
	w := tracetest.New(f, "client1", "server")
	w.Barrier(trace.StartLabel)
	w.Fragments("client1", "server", 17, tracetest.Datagram(5, 7001, "me\thello"), 8, true)
	w.TCP("client1", "server", sniffer.SYN, 100, 0, "x")
	w.TCP("server", "client1", sniffer.SYN|sniffer.ACK, 900, 102, "")
	w.Ask("client1", "server", "server")
	w.Tell("server", "client1")
	w.Barrier("one")
	var seed []byte
	for p := range w.Packets() {
		seed = binary.BigEndian.AppendUint16(seed, uint16(len(p.Data)))
		seed = append(seed, p.Data...)
	}
	f.Add(append([]byte{0}, seed...))
	routed := tracetest.NewRouted(f)
	routed.RoutedBarrier(trace.StartLabel)
	for _, send := range []func(*tracetest.Wire, func()){handed, sent} {
		send(routed, func() {
			routed.Fragments("client1", "web", 17, tracetest.Datagram(5, 6, "hello, and hello"), 16, false)
			routed.IP("client1", "web", 4, 0, tunneled(5, 1, "hello"))
			routed.IP("client1", "web", 4, 0, tunneled(5, 6, "hello"))
		})
	}
	routed.RoutedBarrier("one")
	seed = []byte{1}
	for p := range routed.Packets() {
		seed = binary.BigEndian.AppendUint16(seed, uint16(len(p.Data)|p.Interface<<15))
		seed = append(seed, p.Data...)
	}
	f.Add(seed)
	projection, err := trace.ParseProjection("arp,icmp,tcp,udp text")
	if err != nil {
		f.Fatal(err)
	}
	plan := trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}, Texts: []string{"hello"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		r, plan := trace.New(tracetest.New(t).Hosts), plan
		if data[0]&1 != 0 {
			r = trace.New(tracetest.NewRouted(t).Hosts)
			plan.Hosts, plan.On = tracetest.RoutedPlan.Hosts, tracetest.RoutedPlan.On
		}
		for data = data[1:]; len(data) > 2; {
			head := binary.BigEndian.Uint16(data)
			n := min(int(head&0x7fff), len(data)-2)
			if _, err := r.Add(sniffer.Frame{Interface: int(head >> 15), Data: data[2 : 2+n], Length: n, LinkType: sniffer.LinkEthernet}); err != nil {
				t.Fatal(err)
			}
			data = data[2+n:]
		}
		for last, packets := range r.Carried("hello") {
			if !slices.IsSorted(packets) || packets[0] < 1 || packets[len(packets)-1] != last || last > r.Len() {
				t.Fatalf("packet %d completes a text of packets %v, of %d", last, packets, r.Len())
			}
		}
		for p := range r.Packets() {
			r.LineEnds(p)
		}
		for _, phases := range [][]string{nil, {"one"}} {
			window, missing := r.Window(phases, plan)
			if !missing.IsZero() {
				continue
			}
			seen := r.Project(projection, window, plan)
			for _, l := range seen.Lines {
				for _, n := range l.Packets {
					if n < 1 || n > r.Len() {
						t.Fatalf("line %q cites packet %d of %d", l, n, r.Len())
					}
				}
			}
			r.Suspect(projection, window, plan)
			r.SeesUnicast(trace.Projection{}, window, plan)
			r.Disputed("", window, plan)
		}
	})
}
