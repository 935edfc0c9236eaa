package labtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/labtest"
)

// client ── server, and the sniffer: what is impaired is so in the cable of the server.

// say sends datagrams from the client to the server and returns so many of those that come.
func say(t *testing.T, l *labtest.Lab, count int, texts ...string) (came []string) {
	t.Helper()
	server := l.ListenPacket("server", "udp", ":7000")
	defer server.Close()
	client := l.Dial("client", "udp", "server:7000")
	defer client.Close()
	for _, text := range texts {
		if _, err := client.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 2000)
	server.SetReadDeadline(time.Now().Add(20 * time.Second)) // for what never comes
	for range count {
		n, _, err := server.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, came)
		}
		came = append(came, string(buf[:n]))
	}
	return came
}

// Every kind does what it says, the receiver sees it, and the lines know it. Nothing else is a
// pass.
func TestImpair(t *testing.T) {
	const first = `client > server udp "one"`
	const rest = "\nclient > server udp \"two\"\nclient > server udp \"last\""
	nth := labtest.Frames{Nth: []int{1}, Where: "udp port 7000"}
	for _, test := range []struct {
		name  string
		what  labtest.Fault
		which labtest.Frames
		came  string
		word  string // behind the first line
	}{
		{"drop", labtest.Drop{}, nth, "two last", " lost"},
		{"loss", labtest.Loss{Percent: 100}, nth, "two last", " lost"},
		{"delay", labtest.Delay{By: 200 * time.Millisecond}, nth, "two last one", " delayed"},
		{"duplicate", labtest.Duplicate{}, nth, "one one two last", " duplicated"},
		{"reorder", labtest.Reorder{}, nth, "two one last", " reordered"},
		{"corrupt", labtest.Corrupt{Layer: "udp", At: 8}, nth, "two last", " corrupted"},
		{"corrupt with a right checksum", labtest.Corrupt{Layer: "udp", At: 8, ChecksumRight: true}, nth, "\x90ne two last", " corrupted"},
		{"rate", labtest.Rate{Bits: 1e6}, labtest.Frames{Where: "udp port 7000"}, "one two last", ""},
		{"before the sniffer: duplicate", labtest.Duplicate{}, labtest.Frames{Nth: []int{1}, Where: "udp port 7000", Before: true}, "one one two last", "\n" + first},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := labtest.New(t, "client", "server")
			l.Texts("one", "two", "last")
			l.Run("client", "ping", "-c", "1", "server") // no ARP frame comes in between
			l.Settle("known")
			l.Impair("fault", "client", "server", test.what, test.which)
			want := strings.Fields(test.came)
			if came := say(t, l, len(want), "one", "two", "last"); !slices.Equal(came, want) {
				t.Errorf("%q came, want %q", came, want)
			}
			l.Settle("sent")
			l.Expect("udp text in sent", first+test.word+rest)
			if v, err := l.Judge("udp text in sent", first+rest); test.word != "" && (err != nil || v.Status != claim.Fail) {
				t.Errorf("without the word it is %s, %v", v.Status, err)
			}
			l.Mend("fault")
			say(t, l, 1, "last")
			l.Settle("mended")
			l.Expect("udp text in mended", `client > server udp "last"`)
		})
	}
}

// What is dropped in front of the sniffer is not captured, and not missed.
func TestImpairBefore(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("one", "two", "last")
	l.Impair("gone", "client", "*", labtest.Drop{}, labtest.Frames{Nth: []int{2}, Where: "udp port 7000", Before: true})
	say(t, l, 2, "one", "two", "last")
	l.Settle("sent")
	l.Expect("udp text in sent", "client > server udp \"one\"\nclient > server udp \"last\"")
}

// An impairment that matches nothing proves nothing, in the phases in which it is in force.
func TestImpairNothing(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("last")
	say(t, l, 1, "last")
	l.Settle("before")
	l.Impair("idle", "client", "server", labtest.Drop{}, labtest.Frames{Where: "tcp port 9"})
	say(t, l, 1, "last")
	l.Settle("with")
	l.Mend("idle")
	say(t, l, 1, "last")
	l.Settle("same")
	say(t, l, 1, "last")
	l.Settle("after")
	const line = `client > server udp "last"`
	for phase, want := range map[string]claim.Status{"before": claim.Pass, "with": claim.Inconclusive, "same": claim.Inconclusive, "after": claim.Pass} {
		v, err := l.Judge("udp text in "+phase, line)
		if err != nil || v.Status != want {
			t.Errorf("in %s it is %s, %v, %v; want %s", phase, v.Status, v.Reason, err, want)
		}
	}
}

// An impairment that acts in a later phase proves nothing of an earlier one.
func TestImpairLater(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("one", "two", "last")
	l.Impair("second", "client", "server", labtest.Drop{}, labtest.Frames{Nth: []int{2}, Where: "udp port 7000"})
	say(t, l, 1, "one")
	l.Settle("early")
	say(t, l, 1, "two", "last")
	l.Settle("late")
	const one, rest = `client > server udp "one"`, "client > server udp \"two\" lost\nclient > server udp \"last\""
	for _, test := range []struct {
		phases, want string
		status       claim.Status
	}{{"early", one, claim.Inconclusive}, {"late", rest, claim.Pass}, {"early,late", one + "\n" + rest, claim.Pass}} {
		v, err := l.Judge("udp text in "+test.phases, test.want)
		if err != nil || v.Status != test.status {
			t.Errorf("in %s it is %s, %v, %v; want %s", test.phases, v.Status, v.Reason, err, test.status)
		}
	}
}

// A barrier waits for what a cable delays, and names the impairment that holds a frame which
// nothing overtakes.
func TestBarrierAndImpairments(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Impair("slow", "client", "server", labtest.Delay{By: 300 * time.Millisecond}, labtest.Frames{Where: "udp port 7000"})
	server := l.ListenPacket("server", "udp", ":7000")
	client := l.Dial("client", "udp", "server:7000")
	if _, err := client.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		buf := make([]byte, 100)
		n, _, _ := server.ReadFrom(buf)
		read <- string(buf[:n])
	}()
	l.Settle("slow")
	if got := <-read; got != "late" {
		t.Errorf("%q came", got)
	}
	l.Mend("slow")
	l.Impair("swap", "client", "server", labtest.Reorder{}, labtest.Frames{Where: "udp port 7000"})
	if _, err := client.Write([]byte("never overtaken")); err != nil {
		t.Fatal(err)
	}
	err := l.TrySettle("swapped")
	if err == nil || !strings.Contains(err.Error(), "swap") || !strings.Contains(err.Error(), "overtakes") {
		t.Errorf("the barrier's error is %v", err)
	}
	l.SetMode(lab.Hub) // the markers of a later step still pass
}
