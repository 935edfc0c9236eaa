package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

func TestCut(t *testing.T) {
	ping := func(w *tracetest.Wire) { w.Ping("client1", "server") }
	for _, test := range []struct {
		name  string
		build func(*tracetest.Wire)
		want  string // phases: label, "…" for one that has not ended, and its packets
		marks []int
		other []int
		lost  string
	}{
		{
			name: "phases end with their barriers",
			build: func(w *tracetest.Wire) {
				w.Barrier("start")
				ping(w)
				w.Barrier("one")
				w.Barrier("two")
			},
			want: "one[3 4] two[]", marks: []int{1, 2, 5, 6, 7, 8},
		},
		{
			name: "what the lab's machine sends is not judged, and what came before the start is told",
			build: func(w *tracetest.Wire) {
				ping(w)
				w.Barrier("start")
				w.As = trace.Machine
				w.UDP("10.0.0.9", "client1", 1, 2, "")
				w.As = ""
				w.Barrier("one")
			},
			want: "start[1 2] one[] two…[]", marks: []int{3, 4, 6, 7}, other: []int{5},
		},
		{
			name: "a packet is in its sender's phase",
			build: func(w *tracetest.Wire) {
				w.Barrier("start")
				w.Mark("one", "client1")
				w.UDP("server", "client1", 1, 2, "before its own marker")
				w.UDP("client1", "server", 1, 2, "behind its own marker")
				w.Mark("one", "server")
				w.Barrier("two")
			},
			want: "one[4] two[5]", marks: []int{1, 2, 3, 6, 7, 8},
		},
		{
			name: "a script that ended early",
			build: func(w *tracetest.Wire) {
				w.Barrier("start")
				ping(w)
				w.Barrier("one")
				w.Echo("client1", "server", 8)
				w.Mark("two", "client1")
			},
			want: "one[3 4] two…[7]", marks: []int{1, 2, 5, 6, 8},
		},
		{
			name: "frames behind the last barrier",
			build: func(w *tracetest.Wire) {
				w.Barrier("start")
				w.Barrier("one")
				w.Barrier("two")
				ping(w)
			},
			want: "one[] two[] …[7 8]", marks: []int{1, 2, 3, 4, 5, 6},
		},
		{
			name: "a host that sets no barriers is in the phase of the others",
			build: func(w *tracetest.Wire) {
				w.Mark("start", "client1")
				w.UDP("server", "client1", 1, 2, "")
				w.Mark("one", "client1")
				w.UDP("server", "client1", 1, 2, "")
				w.Mark("two", "client1")
				w.UDP("server", "client1", 1, 2, "")
			},
			want: "one…[2] two…[4 6]", marks: []int{1, 3, 5},
		},
		{name: "no barrier", build: ping, want: "…[1 2]"},
		{
			name:  "a file that begins behind its start",
			build: func(w *tracetest.Wire) { ping(w); w.Barrier("one"); ping(w); w.Barrier("two") },
			want:  "one[1 2] two[5 6]", marks: []int{3, 4, 7, 8},
		},
		{
			name: "a marker of no barrier is a packet",
			build: func(w *tracetest.Wire) {
				w.Barrier("start")
				w.Mark("three", "client1")
				w.Barrier("one")
				w.Barrier("two")
			},
			want: "one[3] two[]", marks: []int{1, 2, 4, 5, 6, 7},
		},
		{
			name: "frames that the sniffer did not see",
			build: func(w *tracetest.Wire) {
				w.Count()
				w.Barrier("start")
				w.Barrier("one")
				w.Lose("client1", 2)
				w.Lose("server", 1)
				w.Barrier("two")
			},
			want: "one[] two[]", marks: []int{1, 2, 3, 4, 5, 6}, lost: "two: client1 2 of 2, server 1 of 1; ",
		},
		{
			name: "a counter that went backwards",
			build: func(w *tracetest.Wire) {
				w.Count()
				w.Barrier("start")
				w.Counts["client1"] = 0
				w.Barrier("one")
				w.Barrier("two")
			},
			want: "one[] two[]", marks: []int{1, 2, 3, 4, 5, 6},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			test.build(w)
			cut := w.Cut(trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one", "two"}})
			var phases, lost []string
			for _, phase := range cut.Phases {
				numbers := []int{}
				numbers = append(numbers, phase.Packets...)
				label := phase.Label
				if !phase.Ended {
					label += "…"
				}
				phases = append(phases, label+fmt.Sprint(numbers))
				var hosts []string
				for _, n := range phase.Unseen {
					hosts = append(hosts, fmt.Sprintf("%s %d of %d", n.Host, n.Sent-n.Captured, n.Sent))
				}
				if hosts != nil {
					lost = append(lost, phase.Label+": "+strings.Join(hosts, ", ")+"; ")
				}
			}
			if got := strings.Join(phases, " "); got != test.want {
				t.Errorf("phases %s, want %s", got, test.want)
			}
			if diff := cmp.Diff([][]int{test.marks, test.other}, [][]int{cut.Markers, cut.Others}); diff != "" {
				t.Errorf("markers and others (-want +got):\n%s", diff)
			}
			if got := strings.Join(lost, ""); got != test.lost {
				t.Errorf("not seen: %s, want %s", got, test.lost)
			}
		})
	}
}

// Who sent a frame, its port says.
func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		send   func(*tracetest.Wire)
		byAddr bool
		want   string
	}{
		{"as it claims", func(w *tracetest.Wire) { w.Echo("client1", "server", 8) }, false, "client1 server"},
		{"to all", func(w *tracetest.Wire) { w.Ask("client1", "server", "*") }, false, "client1 *"},
		{"a forged sender", func(w *tracetest.Wire) { w.As = "client2"; w.Echo("server", "client1", 0) }, false, "client2 client1"},
		{"a forged sender, told by address", func(w *tracetest.Wire) { w.As = "client2"; w.Echo("server", "client1", 0) }, true, "server client1"},
		{"a stranger", func(w *tracetest.Wire) { w.As = "nobody"; w.Echo("server", "client1", 0) }, false, "? client1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			if test.byAddr {
				w.Hosts.Ports = map[sniffer.MAC]string{}
			}
			test.send(w)
			if from, to := w.Hosts.Ends(w.Packet(1)); from+" "+to != test.want {
				t.Errorf("from %s to %s, want %s", from, to, test.want)
			}
		})
	}
}
