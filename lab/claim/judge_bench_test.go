package claim

import (
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer/pcapfile"
)

// However a capture of many frames is made, judging it takes no time to speak
// of: nothing is looked for among all frames once a frame.
func BenchmarkJudgeHostile(b *testing.B) {
	for name, send := range map[string]func(*tracetest.Wire, int){
		"FINs of other numbers":    func(w *tracetest.Wire, i int) { w.TCP("client1", "server", finAck, uint32(1000+2*i), 901, "") },
		"one SYN again":            func(w *tracetest.Wire, _ int) { w.TCP("client1", "server", syn, 100, 0, "") },
		"connections":              func(w *tracetest.Wire, i int) { w.TCP("client1", "server", syn, uint32(3*i), 0, "") },
		"fragments without an end": func(w *tracetest.Wire, i int) { w.IP("client1", "server", 17, uint16(i%8000)|0x2000, make([]byte, 8)) },
		"texts":                    func(w *tracetest.Wire, i int) { w.TCP("client1", "server", psh, uint32(1000+6*i), 901, "hello\n") },
		"changes of the mode": func(w *tracetest.Wire, i int) {
			w.Mark([]string{trace.LearnLabel, trace.FloodLabel}[i/2%2], []string{"client1", "server"}[i%2])
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := tracetest.New(b, "client1", "server")
			w.Statistics = &pcapfile.Statistics{}
			w.Barrier(trace.StartLabel)
			connect(w)
			for i := range 50_000 {
				send(w, i)
			}
			w.Barrier("one")
			projection, err := trace.ParseProjection("tcp,udp,icmp text")
			if err != nil {
				b.Fatal(err)
			}
			plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}, Texts: []string{"hello"}}}
			for b.Loop() {
				Judge(w.Recording, plan, []Claim{{ID: "x.y", Phases: []string{"one"}, Projection: projection}})
			}
		})
	}
}
