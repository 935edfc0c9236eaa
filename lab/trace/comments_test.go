package trace_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/fault"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// again is a recording as it is read from the file that it is written to.
func again(t *testing.T, r *trace.Recording) *trace.Recording {
	t.Helper()
	var file bytes.Buffer
	if err := r.Write(&file); err != nil {
		t.Fatal(err)
	}
	read := trace.New(trace.Hosts{})
	if err := read.Load(&file, nil); err != nil || read.Damage != nil {
		t.Fatal(err, read.Damage)
	}
	return read
}

// What is known of impairments is in the file, and is read from it again.
func TestFaultsAreInTheFile(t *testing.T) {
	w := tracetest.New(t, "client1", "server")
	w.Barrier(trace.StartLabel)
	w.UDP("client1", "server", 5, 7000, "one")
	w.Impair("lose client1 server drop where udp port 7000")
	w.Ask("client1", "server", "*")
	w.Impair("lose client1 server drop where udp port 7000")
	w.UDP("client1", "server", 5, 7000, "two")
	w.Impair("slow client1 server delay 5ms")
	w.UDP("client1", "server", 5, 7000, "three")
	w.Impair("gone client1 * drop before")
	w.ImpairNone("idle * server loss 1% seed 3")
	r := again(t, w.Recording)
	if !r.FaultsTold() || w.FaultsTold() {
		t.Error("it is not known who tells")
	}
	if diff := cmp.Diff(w.Impairments(), r.Impairments()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for p := range w.Packets() {
		words, lost := w.Fate(p)
		words2, lost2 := r.Fate(r.Packet(p.Number))
		if words != words2 || !cmp.Equal(lost, lost2) {
			t.Errorf("packet %d: %q %q, read %q %q", p.Number, words, lost, words2, lost2)
		}
	}
	if words, _ := r.Fate(r.Packet(4)); words != "lost=server" {
		t.Errorf("of the broadcast it reads %q", words)
	}
}

// Comments that strangers write say nothing, unless they are what the lab would have written.
func TestStrangersComments(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second []string // comments of the first packet and of the second
		words         string   // of the second
		rules         int
	}{
		{"none", nil, nil, "", 0},
		{"as the lab writes it", []string{"impairment x a b drop: matched 1, acted on 1"}, []string{"impaired by x on the way to b: lost"}, "lost", 1},
		{"a packet of no rule", nil, []string{"impaired by x on the way to b: lost"}, "", 0},
		{"a rule that the second packet tells", nil, []string{"impairment x a b drop: matched 1, acted on 1"}, "", 0},
		{"a rule that is none", []string{"impairment x a b smash: matched 1, acted on 1", "impairment : matched 1, acted on 1"}, nil, "", 0},
		{"a number that is none", []string{"impairment x a b drop: matched 1, acted on 99999999999999999999"}, nil, "", 0},
		{"a word that is none", []string{"impairment x a b drop: matched 1, acted on 1"}, []string{"impaired by x on the way to b: acked"}, "", 1},
		{"another host", []string{"impairment x a b drop: matched 1, acted on 1"}, []string{"impaired by x on the way to a: lost"}, "", 1},
		{"twice", []string{"impairment x a b drop: matched 1, acted on 1"}, []string{"impaired by x on the way to b: lost", "impaired by x on the way to b: delayed"}, "lost", 1},
		{"a rule twice", []string{"impairment x a b drop: matched 1, acted on 1", "impairment x a b drop: matched 1, acted on 2"}, nil, "", 1},
		{"what happened in front of the sniffer", []string{"impairment x a b drop before: matched 1, acted on 1", "impaired by x before the sniffer: lost, from 02:00:00:00:00:0a at yesterday"}, []string{"impaired by x on the way to b: lost"}, "", 1},
		{"escape sequences and others", []string{"impairment x a b drop where \x1b[2J: matched 1, acted on 1", strings.Repeat("impairment ", 5000)}, []string{"\x00", "impaired by \x1b on the way to b: lost"}, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			file, err := pcapfile.NewWriter(&b, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
			if err != nil {
				t.Fatal(err)
			}
			for _, comments := range [][]string{test.first, test.second} {
				frame := sniffer.Frame{Time: time.Unix(1, 0), Data: make([]byte, 60), Length: 60, LinkType: sniffer.LinkEthernet}
				if err := file.WriteCommented(frame, comments...); err != nil {
					t.Fatal(err)
				}
			}
			if err := file.Flush(); err != nil {
				t.Fatal(err)
			}
			r := trace.New(trace.Hosts{})
			if err := r.Load(&b, nil); err != nil || r.Damage != nil {
				t.Fatal(err, r.Damage)
			}
			if words, _ := r.Fate(r.Packet(2)); words != test.words || len(r.Impairments()) != test.rules {
				t.Errorf("%q of %d rules, want %q of %d", words, len(r.Impairments()), test.words, test.rules)
			}
		})
	}
}

// A recording that knows as much as it can bounds what it tells.
func TestManyActs(t *testing.T) {
	w := tracetest.New(t)
	w.UDP("client1", "server", 5, 7000, "one")
	var acts []fault.Act
	for i := range 5000 {
		acts = append(acts, fault.Act{Rule: "gone", From: tracetest.MAC("client1"), Time: time.Unix(int64(i), 0), Lost: true})
	}
	rule, err := fault.Parse(strings.Fields("gone client1 * drop before"))
	if err != nil {
		t.Fatal(err)
	}
	w.Learn(fault.Report{Rules: []fault.Status{{Rule: rule, Acted: 5000}}, Acts: acts})
	if i := again(t, w.Recording).Impairments(); len(i) != 1 || i[0].Uncaptured != 5000 {
		t.Errorf("%+v", i)
	}
}
