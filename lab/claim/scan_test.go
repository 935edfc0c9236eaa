package claim

import (
	"bytes"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// scan writes a capture in which client1 asks the server for a connection so many times,
// each between other ports.
func scan(t testing.TB, connections int) []byte {
	w := tracetest.New(t, "client1", "server")
	w.Statistics = &pcapfile.Statistics{}
	w.Barrier(trace.StartLabel)
	for i := range connections {
		w.Segment("client1", "server", uint16(1024+i%50_000), uint16(20+i/50_000), sniffer.SYN, 99, 0, "")
	}
	w.Barrier("done")
	var file bytes.Buffer
	if err := w.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// What finds packets again takes a bounded memory, however many connections a capture has,
// and a capture that has more is not judged.
func TestScan(t *testing.T) {
	never := Matcher{Kind: Never, What: []Selection{{Filter: "tcp[13] & 4 != 0"}}}
	nothing, err := trace.ParseProjection("udp")
	if err != nil {
		t.Fatal(err)
	}
	claims := []Claim{
		{ID: "scan.nothing", Phases: []string{"done"}, Projection: nothing},
		{ID: "scan.no-reset", Phases: []string{"done"}, Matcher: &never},
	}
	plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"done"}}, Stimulated: map[string]bool{"done": true}}
	judged := func(connections int) (crowded, each int) {
		file := bytes.NewReader(scan(t, connections))
		size := heapOf(func() *trace.Recording {
			r := trace.New(trace.Hosts{})
			if err := r.LoadFile(file); err != nil {
				t.Fatal(err)
			}
			for _, v := range Judge(r, plan, claims) {
				if v.Reason != nil && v.Reason.Code == "claim.crowded" && v.Status == Inconclusive {
					crowded++
				}
			}
			return r
		})
		t.Logf("%d connections: %d MiB", connections, size>>20)
		return crowded, size / connections
	}
	if crowded, each := judged(10_000); crowded != 0 || each > 2500 {
		t.Errorf("of 10,000 connections %d claims are not judged, each takes %d bytes; want none, and 2,500 at most", crowded, each)
	}
	const many = trace.MaxEnds + 50_000
	if crowded, each := judged(many); crowded != len(claims) || each*many > 2500*trace.MaxEnds {
		t.Errorf("of %d connections %d claims of %d are not judged, each takes %d bytes; want all, and what %d take", many, crowded, len(claims), each, trace.MaxEnds)
	}
}
