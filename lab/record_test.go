package lab

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// A record is built packet by packet, a millisecond apart.
type recording struct{ Record }

var addrOf = map[string]netip.Addr{
	"client1": netip.MustParseAddr("10.0.0.1"),
	"server":  netip.MustParseAddr("10.0.0.2"),
	"sniffer": netip.MustParseAddr("10.0.0.3"),
}

func record() *recording {
	r := &recording{Record{Hosts: sniffer.Names{}, Statistics: &pcapfile.Statistics{}}}
	for name, addr := range addrOf {
		r.Hosts[addr] = name
	}
	return r
}

func (r *recording) add(p sniffer.Packet) {
	p.Number = len(r.Packets) + 1
	p.Time = time.Unix(1000, int64(p.Number)*1e6)
	p.Layers |= sniffer.Ethernet | sniffer.IPv4
	p.Length += len(p.Data)
	r.Packets = append(r.Packets, p)
}

func (r *recording) echo(from, to string, kind uint8) {
	r.add(sniffer.Packet{Layers: sniffer.ICMPv4, Src: addrOf[from], Dst: addrOf[to], ICMPType: kind, ICMPSeq: 1})
}

func (r *recording) barrier(label string, hosts ...string) {
	for _, h := range hosts {
		r.add(sniffer.Packet{Layers: sniffer.UDP, Src: addrOf[h], Dst: netip.MustParseAddr("10.0.0.255"), DstMAC: sniffer.Broadcast,
			DstPort: MarkerPort, Payload: Marker{label, h}.Payload()})
	}
}

func experiment(t *testing.T, phase, projection, expected string) *Experiment {
	t.Helper()
	e, err := ParseExperiment("x.txtar", []byte("topology client1 server sniffer\nsettle one\nsettle two\nexpect x.claim in "+phase+" trace "+projection+"\n-- x.claim --\n"+expected))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const pingTrace = "client1 > server echo-request seq=1\nserver > client1 echo-reply seq=1\n"

func TestJudge(t *testing.T) {
	ping := func(r *recording) {
		r.echo("client1", "server", sniffer.ICMPEchoRequest)
		r.echo("server", "client1", sniffer.ICMPEchoReply)
	}
	hosts := []string{"client1", "server"}
	for _, test := range []struct {
		name                        string
		phase, projection, expected string
		build                       func(*recording)
		late                        bool // no start barrier
		status                      Status
		packets                     []int
		reason, note, observed      string
	}{
		{
			name: "as expected", phase: "two", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{5, 6},
			build: func(r *recording) {
				r.barrier("one", hosts...)
				ping(r)
				r.barrier("two", hosts...)
			},
		},
		{
			name: "another phase's packets are not judged", phase: "one", projection: "icmp", status: Pass, packets: []int{},
			build: func(r *recording) {
				r.barrier("one", hosts...)
				ping(r)
				r.barrier("two", hosts...)
			},
			observed: "nothing in 1ms; 0 dropped",
		},
		{
			name: "two phases together", phase: "one,two", projection: "icmp", expected: pingTrace + pingTrace, status: Pass, packets: []int{3, 4, 7, 8},
			build: func(r *recording) { ping(r); r.barrier("one", hosts...); ping(r); r.barrier("two", hosts...) },
		},
		{
			name: "a line too many", phase: "one", projection: "icmp", expected: "", status: Fail, packets: []int{3},
			build:  func(r *recording) { ping(r); r.barrier("one", hosts...) },
			reason: "a line too many: client1 > server echo-request seq=1",
		},
		{
			name: "a line missing", phase: "one", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{3},
			build:  func(r *recording) { r.echo("client1", "server", sniffer.ICMPEchoRequest); r.barrier("one", hosts...) },
			reason: "missing: server > client1 echo-reply seq=1",
		},
		{
			name: "another line", phase: "one", projection: "icmp", expected: pingTrace, status: Fail, packets: []int{3},
			build:  func(r *recording) { r.echo("server", "client1", sniffer.ICMPEchoReply); r.barrier("one", hosts...) },
			reason: "line 1: expected client1 > server echo-request seq=1; observed server > client1 echo-reply seq=1",
		},
		{
			name: "drops prove nothing", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build:  func(r *recording) { ping(r); r.barrier("one", hosts...); r.Statistics.Dropped = 1 },
			reason: "1 frames were dropped",
		},
		{
			name: "drops do not refute either", phase: "one", projection: "icmp", expected: "", status: Inconclusive,
			build:  func(r *recording) { ping(r); r.barrier("one", hosts...); r.Statistics.Dropped = 1 },
			reason: "1 frames were dropped",
		},
		{
			name: "a frame that was cut", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build:  func(r *recording) { ping(r); r.Packets[2].Length = 98; r.barrier("one", hosts...) },
			reason: "packet 3 is cut: 0 of its 98 bytes",
		},
		{
			name: "a damaged file", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build:  func(r *recording) { ping(r); r.barrier("one", hosts...); r.Damage = errors.New("cut at 17") },
			reason: "damaged: cut at 17",
		},
		{
			name: "no barrier", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(r *recording) { ping(r) }, reason: `no barrier "one"`,
		},
		{
			name: "a barrier that one host did not set", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(r *recording) { ping(r); r.barrier("one", "client1") }, reason: `barrier "one" has no marker of server`,
		},
		{
			name: "a barrier twice", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(r *recording) { ping(r); r.barrier("one", hosts...); r.barrier("one", hosts...) }, reason: `barrier "one" is there 2 times`,
		},
		{
			name: "the barrier before it is missing", phase: "two", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(r *recording) { ping(r); r.barrier("two", hosts...) }, reason: `no barrier "one"`,
		},
		{
			name: "all of a capture without barriers", phase: "all", projection: "icmp", expected: pingTrace, status: Pass, packets: []int{3, 4},
			build: func(r *recording) { ping(r) }, note: "judged to its end",
		},
		{
			name: "drops that nobody counted", phase: "one", projection: "icmp", expected: "", status: Pass, packets: []int{},
			build: func(r *recording) { r.barrier("one", hosts...); r.Statistics = nil },
			note:  "does not record drops", observed: "drops not recorded",
		},
		{
			name: "a host that the file does not name", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive,
			build: func(r *recording) { ping(r); r.barrier("one", hosts...); delete(r.Hosts, addrOf["server"]) }, reason: "which address is server",
		},
		{
			name: "a capture that begins within a connection", phase: "one", projection: "tcp", expected: "", status: Inconclusive,
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.TCP, Src: addrOf["client1"], Dst: addrOf["server"], SrcPort: 4, DstPort: 7000, Flags: sniffer.ACK})
				r.barrier("one", hosts...)
			}, reason: "begins within a connection (packet 3)",
		},
		{
			name: "which does not matter to another protocol", phase: "one", projection: "icmp", expected: "", status: Pass, packets: []int{},
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.TCP, Src: addrOf["client1"], Dst: addrOf["server"], SrcPort: 4, DstPort: 7000, Flags: sniffer.ACK})
				r.barrier("one", hosts...)
			},
		},
		{
			name: "a capture that may have begun too late", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, late: true,
			build: func(r *recording) { ping(r); r.barrier("one", hosts...) }, reason: `no barrier "start"`,
		},
		{
			name: "a connection shows its own start", phase: "one", projection: "tcp", expected: "client1 > server S\n", status: Pass, packets: []int{1}, late: true,
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.TCP, Src: addrOf["client1"], Dst: addrOf["server"], SrcPort: 4, DstPort: 7000, Flags: sniffer.SYN})
				r.barrier("one", hosts...)
			},
		},
		{
			name: "a start that one host did not mark", phase: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, late: true,
			build: func(r *recording) { r.barrier("start", "server"); ping(r); r.barrier("one", hosts...) }, reason: `barrier "start" has no marker of client1`,
		},
		{
			name: "a broadcast is for every host", phase: "one", projection: "udp", expected: "", status: Fail, packets: []int{3},
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.UDP, Src: addrOf["client1"], Dst: netip.MustParseAddr("10.0.0.255"), DstMAC: sniffer.Broadcast, SrcPort: 5, DstPort: 7001})
				r.barrier("one", hosts...)
			}, reason: "a line too many: client1 > * udp",
		},
		{
			name: "what is sent to the sniffer was sent", phase: "one", projection: "udp", expected: "", status: Fail, packets: []int{3},
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.UDP, Src: addrOf["client1"], Dst: addrOf["sniffer"], SrcPort: 5, DstPort: 7001})
				r.barrier("one", hosts...)
			}, reason: "a line too many: client1 > sniffer udp",
		},
		{
			name: "what looks like a marker and is none", phase: "one", projection: "udp", expected: "", status: Fail, packets: []int{3},
			build: func(r *recording) {
				r.add(sniffer.Packet{Layers: sniffer.UDP, Src: addrOf["client1"], Dst: addrOf["server"], DstPort: MarkerPort, Payload: Marker{"one", "client1"}.Payload()})
				r.barrier("one", hosts...)
			}, reason: "a line too many: client1 > server udp",
		},
		{
			name: "a marker in another host's name", phase: "one", projection: "udp", expected: "", status: Inconclusive,
			build: func(r *recording) {
				r.barrier("one", "client1")
				r.add(sniffer.Packet{Layers: sniffer.UDP, Src: addrOf["client1"], DstMAC: sniffer.Broadcast, DstPort: MarkerPort, Payload: Marker{"one", "server"}.Payload()})
			}, reason: `barrier "one" has no marker of server`,
		},
		{
			name: "a frame that was cut before its addresses", phase: "one", projection: "icmp", expected: "", status: Inconclusive,
			build: func(r *recording) {
				r.add(sniffer.Packet{})
				r.Packets[2].Length = 98
				r.barrier("one", hosts...)
			}, reason: "packet 3 is cut",
		},
		{
			name: "the sniffer and strangers are not judged", phase: "one", projection: "icmp,udp", expected: "", status: Pass, packets: []int{},
			build: func(r *recording) {
				r.echo("sniffer", "server", sniffer.ICMPEchoRequest)
				r.add(sniffer.Packet{Layers: sniffer.UDP, Src: netip.MustParseAddr("10.0.0.254"), Dst: addrOf["server"], DstPort: 53})
				r.barrier("one", hosts...)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record()
			if !test.late {
				r.barrier("start", hosts...)
			}
			test.build(r)
			v := r.Judge(experiment(t, test.phase, test.projection, test.expected))[0]
			if v.Status != test.status || !strings.Contains(v.Reason, test.reason) || !strings.Contains(v.Note, test.note) || !strings.Contains(v.Observed, test.observed) {
				t.Errorf("%s, reason %q, note %q, observed %q; want %s, %q, %q, %q", v.Status, v.Reason, v.Note, v.Observed, test.status, test.reason, test.note, test.observed)
			}
			if test.packets != nil && !slices.Equal(v.Packets, test.packets) {
				t.Errorf("cites %v, want %v", v.Packets, test.packets)
			}
		})
	}
}

func TestOverall(t *testing.T) {
	for _, test := range []struct {
		in   []Status
		want Status
	}{
		{[]Status{Pass, Pass}, Pass},
		{[]Status{Pass, Inconclusive}, Inconclusive},
		{[]Status{Inconclusive, Fail, Pass}, Fail},
	} {
		var v []Verdict
		for _, s := range test.in {
			v = append(v, Verdict{Status: s})
		}
		if got := Overall(v); got != test.want {
			t.Errorf("%v together are %s, want %s", test.in, got, test.want)
		}
	}
}

func TestWriteWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := WriteWhole(path, func(w io.Writer) error { w.Write([]byte("ne")); return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("after a failed write the file has %q", b)
	}
	if err := WriteWhole(path, func(w io.Writer) error { _, err := w.Write([]byte("new")); return err }); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "new" {
		t.Errorf("the file has %q", b)
	}
	if left, _ := filepath.Glob(filepath.Dir(path) + "/.*"); left != nil {
		t.Errorf("left behind: %v", left)
	}
}
