package script

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// pinged is a capture of a ping between the barriers start and cold.
func pinged(t *testing.T) *trace.Recording {
	w := tracetest.New(t, "client1", "server")
	w.Statistics = &pcapfile.Statistics{}
	w.Barrier(trace.StartLabel)
	w.Ask("client1", "server", "*")
	w.Tell("server", "client1")
	w.Ping("client1", "server")
	w.Barrier("cold")
	return w.Recording
}

// experiment reads an experiment that must be right.
func experiment(t *testing.T, data string) *Experiment {
	t.Helper()
	e, err := Parse("mine.txtar", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What was seen is filled in, and comments stay where they were.
func TestUpdate(t *testing.T) {
	head := "topology client1 server sniffer\nrun client1 ping -c 1 server\nsettle cold\n"
	for _, test := range []struct {
		name, claims, before, after string
		changed                     []string
	}{
		{"an empty section", "expect mine.ping in cold trace icmp\n", "-- mine.ping --\n",
			"-- mine.ping --\nclient1 > server  echo-request seq=1\nserver  > client1 echo-reply seq=1\n", []string{"mine.ping"}},
		{"comments stay", "expect mine.ping in cold trace icmp\n",
			"-- mine.ping --\n# first\nclient1 > server echo-request seq=9\n\n# then\nserver > client1 echo-reply seq=1\n# last\nserver > client1 echo-reply seq=2\n# end\n",
			"-- mine.ping --\n# first\nclient1 > server  echo-request seq=1\n\n# then\nserver  > client1 echo-reply seq=1\n# last\n# end\n", []string{"mine.ping"}},
		{"what passes is left as it is", "expect mine.ping in cold trace icmp\nexpect mine.arp in cold trace arp\n",
			"-- mine.ping --\nclient1 > server    echo-request seq=1\nserver > client1 echo-reply seq=1\n-- mine.arp --\n",
			"-- mine.ping --\nclient1 > server    echo-request seq=1\nserver > client1 echo-reply seq=1\n-- mine.arp --\nclient1 > *       who-has server\nserver  > client1 is-at server\n",
			[]string{"mine.arp"}},
		{"an expectation of nothing", "expect mine.udp in cold trace udp\n", "-- mine.udp --\nclient1 > server udp\n", "-- mine.udp --\n", []string{"mine.udp"}},
		{"some lines are enough for anywhere", "expect mine.once anywhere trace icmp\n", "-- mine.once --\nserver > client1 echo-reply seq=1\n", "-- mine.once --\nserver > client1 echo-reply seq=1\n", nil},
		{"anywhere", "expect mine.once anywhere trace icmp\n", "-- mine.once --\nserver > client1 echo-reply seq=2\n",
			"-- mine.once --\nclient1 > server  echo-request seq=1\nserver  > client1 echo-reply seq=1\n", []string{"mine.once"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Check(experiment(t, head+test.claims+test.before), pinged(t))
			u, err := o.Update([]byte(head + test.claims + test.before))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+test.claims+test.after, string(u.Text)); diff != "" {
				t.Errorf("the file (-want +got):\n%s", diff)
			}
			var changed []string
			for _, v := range u.Filled {
				changed = append(changed, v.ID)
			}
			if u.Outcome.Status() != claim.Pass {
				t.Errorf("judged again: %s", u.Outcome.Status())
			}
			if !slices.Equal(changed, test.changed) {
				t.Errorf("changed %v, want %v", changed, test.changed)
			}
		})
	}
}

// Nothing is filled in where it would prove nothing.
func TestUpdateRefuses(t *testing.T) {
	head := "topology client1 server sniffer\nrun client1 ping -c 1 server\nsettle cold\n"
	for _, test := range []struct {
		name, file string
		spoil      func(*trace.Recording) *trace.Recording
		want       string
	}{
		{"frames were dropped", "expect mine.ping in cold trace icmp\n-- mine.ping --\n",
			func(r *trace.Recording) *trace.Recording { r.Statistics.Dropped = 1; return r }, "mine.ping: 1 frame was dropped"},
		{"anywhere, of which nothing was seen", "expect mine.tcp anywhere trace tcp\n-- mine.tcp --\nclient1 > server SYN\n",
			func(r *trace.Recording) *trace.Recording { return r }, "needs a barrier"},
		{"nothing, where the sniffer is blind", "expect mine.tcp in cold trace tcp\n-- mine.tcp --\nclient1 > server SYN\n",
			withoutUnicast, "the sniffer saw no two hosts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := test.spoil(pinged(t))
			o := Check(experiment(t, head+test.file), r)
			if u, err := o.Update([]byte(head + test.file)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q; filled in %+v", err, test.want, u)
			}
		})
	}
}

// withoutUnicast makes everything a broadcast, so that nobody was seen to be sent
// anything.
func withoutUnicast(r *trace.Recording) *trace.Recording {
	spoilt := trace.New(r.Hosts)
	spoilt.Statistics = r.Statistics
	for n := 1; n <= r.Len(); n++ {
		frame := r.Frame(n)
		copy(frame.Data, sniffer.Broadcast[:])
		if _, err := spoilt.Add(frame); err != nil {
			panic(err) // it is small
		}
	}
	return spoilt
}

// A section that a claim lacks is added, and nothing else is touched.
func TestComplete(t *testing.T) {
	head := "# Mine.\ntopology client1 server sniffer\nrun client1 ping -c 1 server\nsettle cold\nexpect mine.ping in cold trace icmp\nexpect mine.arp in cold trace arp"
	got, err := Complete("mine.txtar", []byte(head))
	if err != nil {
		t.Fatal(err)
	}
	if want := head + "\n-- mine.ping --\n-- mine.arp --\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if again, err := Complete("mine.txtar", got); err != nil || string(again) != string(got) {
		t.Errorf("a file that has them: %q, %v", again, err)
	}
	if _, err := Complete("mine.txtar", []byte("topology x\n")); err == nil {
		t.Error("a file with another mistake is taken")
	}
}

// Whatever a file holds, what is filled in reads as it was seen.
func FuzzFill(f *testing.F) {
	f.Add("# a\nclient1 > server SYN\n\n", "client1 > server SYN ACK\nserver > client1 RST")
	f.Fuzz(func(t *testing.T, section, lines string) {
		seen, err := claim.ParseExpected(lines)
		if err != nil {
			return
		}
		if len(section) > 0 && !strings.HasSuffix(section, "\n") {
			section += "\n" // as txtar gives it
		}
		got, err := claim.ParseExpected(string(fill([]byte(section), seen)))
		if err != nil || !slices.Equal(got, seen) {
			t.Errorf("%q with %q: %q, %v", section, seen, got, err)
		}
	})
}
