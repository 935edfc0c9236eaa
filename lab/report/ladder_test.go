package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer/pcapfile"
	"wirelab/sniffer/render"
)

// source is an experiment of which record makes what the sniffer saw. Hosts are more
// hosts.
func source(hosts string) string {
	return `lesson
	en    On a switch a sniffer sees no unicast frames of others.
	zh-TW 在交換器上，擷取主機看不到別人之間的單播訊框。
topology client1 server` + hosts + ` sniffer
run client1 ping server
settle hub
	en    ping on a hub
	zh-TW 集線器上的 ping
mode switch
run client1 ping server
settle switch
	en    ping on a switch
	zh-TW 交換器上的 ping
run client1 ping server
settle never
expect pings.hub in hub trace icmp
	en    The sniffer sees the ping.
expect pings.switch in switch trace icmp hidden
	en    The sniffer does not see the ping.
-- pings.hub --
client1 > server echo-request seq=1
server > client1 echo-reply seq=2
-- pings.switch --
`
}

func record(t *testing.T, hosts string) *script.Outcome {
	e, err := script.Parse("pings.txtar", []byte(source(hosts)))
	if err != nil {
		t.Fatal(err)
	}
	w := tracetest.New(t, "client1", "server", "client2")
	w.Statistics = &pcapfile.Statistics{}
	w.Count()
	w.Barrier("start")
	w.Ask("client1", "server", "*")
	w.Ping("client1", "server")
	w.As = "client2"
	w.Tell("server", "client1")
	w.As = "nobody"
	w.UDP("10.0.0.9", "client1", 1, 2, "")
	w.As = ""
	w.Echo("client1", "sniffer", 8)
	w.Barrier("hub")
	w.Barrier("learn")
	w.Lose("client1", 2)
	w.Lose("server", 1)
	w.Barrier("switch")
	return script.Check(e, w.Recording)
}

// The picture has a name above each phase, the sniffer's lane, who sent a frame by its
// port, what the sniffer did not see, and says which numbers are missing and why.
func TestLadder(t *testing.T) {
	for l, want := range map[lang.Lang]string{
		lang.English: `  #     ms  client1       server        client2       sniffer       ?
  ┄┄ ping on a hub ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
  4  0.000  ●─────────────▶─────────────▶─────────────▶─────────────▶  who-has server
  5  1.000  ●─────────────▶             │             ○             │  echo-request seq=1
  6  2.000  ◀─────────────●             │             ○             │  echo-reply seq=1
  7  3.000  ◀─────────────┼─────────────●             ○             │  server > client1 is-at server
  8  4.000  ◀─────────────┼─────────────┼─────────────○─────────────●  10.0.0.9:1 > client1:2 udp len=0
  9  5.000  ●─────────────┼─────────────┼─────────────▶             │  echo-request seq=1
            server sent 1 frame that is not in the sniffer's capture
  ┄┄ ping on a switch ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
            client1 sent 2 frames that are not in the sniffer's capture
            server sent 1 frame that is not in the sniffer's capture
  ┄┄ never (its end is not in the capture, or more than once) ┄┄┄┄┄┄┄
            (no packets)
  ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
  ○ also received by sniffer
  1–3 and 10–18 are the lab's own marker packets
  frames that sniffer itself sends are not in its capture
`,
		lang.Chinese: `  #     ms  client1       server        client2       sniffer       ?
  ┄┄ 集線器上的 ping ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
  4  0.000  ●─────────────▶─────────────▶─────────────▶─────────────▶  who-has server
  5  1.000  ●─────────────▶             │             ○             │  echo-request seq=1
  6  2.000  ◀─────────────●             │             ○             │  echo-reply seq=1
  7  3.000  ◀─────────────┼─────────────●             ○             │  server > client1 is-at server
  8  4.000  ◀─────────────┼─────────────┼─────────────○─────────────●  10.0.0.9:1 > client1:2 udp len=0
  9  5.000  ●─────────────┼─────────────┼─────────────▶             │  echo-request seq=1
            server 送出了 1 個訊框，但擷取主機沒有擷取到
  ┄┄ 交換器上的 ping ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
            client1 送出了 2 個訊框，但擷取主機沒有擷取到
            server 送出了 1 個訊框，但擷取主機沒有擷取到
  ┄┄ never（擷取檔裡沒有這個階段的結尾，或不只一個） ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
            （沒有任何封包）
  ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
  ○ sniffer 也收到了
  1–3、10–18 是實驗環境自己的標記封包
  sniffer 自己送出的訊框不會被擷取
`,
	} {
		t.Run(string(l), func(t *testing.T) {
			got := printed(l, display.Display{}, func(terminal *Terminal) { terminal.Outcome(record(t, " client2")) })
			_, got, _ = strings.Cut(got, "\n\n")
			got, _, _ = strings.Cut(got, "\n\n")
			if diff := cmp.Diff(want, got+"\n"); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, got)
			}
		})
	}
}

// A script that stopped has not reached the end of its last phase: nothing is wrong with
// the capture.
func TestLadderOfAScriptThatStopped(t *testing.T) {
	o := record(t, "client1 server client2")
	o.Err = errors.New("stopped")
	for l, want := range map[lang.Lang]string{
		lang.English: "never (the script stopped before its end)",
		lang.Chinese: "never（腳本在這個階段結束之前就停止了）",
	} {
		ladder, phases := ladder(o, l, false)
		if !slices.ContainsFunc(phases, func(p render.Phase) bool { return p.Name == want }) {
			t.Errorf("%s: no phase %q in %v", ladder.Title, want, phases)
		}
	}
}

// Where hosts have set a barrier at different times, as in a capture of several runs, the
// ladder says that its phases are not in the order of time.
func TestDisorder(t *testing.T) {
	e, err := script.Parse("pings.txtar", []byte(source("")))
	if err != nil {
		t.Fatal(err)
	}
	for name, behind := range map[string]bool{"at once": false, "one after another run": true} {
		w := tracetest.New(t, "client1", "server")
		w.Barrier("start")
		w.Mark("hub", "client1")
		if behind {
			w.Ping("client1", "server")
		}
		w.Mark("hub", "server")
		for l, want := range map[lang.Lang]string{lang.English: "hosts set these barriers at different times", lang.Chinese: "各主機設立同步點的時間不同"} {
			got := printed(l, display.Display{}, func(terminal *Terminal) { terminal.Outcome(script.Check(e, w.Recording)) })
			if strings.Contains(got, want) != behind {
				t.Errorf("%s, in %s:\n%s", name, l, got)
			}
		}
	}
}

// An absence in a file, whose script nobody saw carried out, passes with a note that the
// report and the document have.
func TestAbsenceOfAFile(t *testing.T) {
	e, err := script.Parse("pings.txtar", []byte(`lesson
	en    A ping says nothing over UDP.
topology client1 server sniffer
run client1 ping server
settle first
run client1 ping server
settle second
expect pings.no-udp in second trace udp
	en    Nothing is said over UDP.
-- pings.no-udp --
`))
	if err != nil {
		t.Fatal(err)
	}
	w := tracetest.New(t, "client1", "server")
	w.Barrier("start")
	w.Ping("client1", "server")
	w.Ping("server", "client1")
	w.Barrier("first")
	w.Barrier("second")
	o := script.Check(e, w.Recording)
	v := o.Verdicts[0]
	if v.Status != claim.Pass || len(v.Notes) == 0 {
		t.Fatalf("%s is %s (%v), with the notes %v", v.ID, v.Status, v.Reason, v.Notes)
	}
	r := NewResult("file")
	r.Add(o, "x.pcapng")
	var document strings.Builder
	if err := r.Encode(&document); err != nil {
		t.Fatal(err)
	}
	report := printed(lang.English, display.Display{}, func(terminal *Terminal) { terminal.Outcome(o) })
	for _, n := range v.Notes {
		if !strings.Contains(report, n.String()) || !strings.Contains(document.String(), n.Code) {
			t.Errorf("the note %q is not in the report or the document:\n%s\n%s", n, report, document.String())
		}
	}
}

// On a narrow terminal with many hosts no line is too long, and ASCII is no other
// characters.
func TestWidth(t *testing.T) {
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		for _, width := range []int{40, 60, 80, 120} {
			for _, hosts := range []string{" client2", " client2 client3 client4 client5 client6"} {
				t.Run(fmt.Sprintf("%s/%d/%d hosts", l, width, 3+len(strings.Fields(hosts))), func(t *testing.T) {
					show := display.Display{Width: width, ASCII: l == lang.English}
					got := printed(l, show, func(terminal *Terminal) {
						o := record(t, hosts)
						terminal.Listed(o.Experiment)
						terminal.Outcome(o)
						r := NewResult("netns")
						r.Add(o, "x")
						r.Add(o, "x")
						terminal.Summary(r, 0)
					})
					for line := range strings.SplitSeq(got, "\n") {
						if columns.Width(line) > width {
							t.Errorf("%d columns: %s", columns.Width(line), line)
						}
						if i := strings.IndexFunc(line, func(r rune) bool { return r > '~' }); i >= 0 && show.ASCII {
							t.Errorf("not ASCII at %d: %s", i, line)
						}
					}
					if t.Failed() {
						t.Log(got)
					}
				})
			}
		}
	}
}

// Of several segments each packet has its own, a broadcast reaches the hosts on it alone,
// and an arrow begins and ends at ports: what is forwarded says who sent it first.
func TestLadderOfSegments(t *testing.T) {
	e, err := script.Parse("routed.txtar", []byte(`segment lan client1 client2 gateway
segment dmz gateway web
host gateway router
run client1 ping web
settle one
expect routed.lan in one on lan trace icmp
-- routed.lan --
client1 > web echo-request seq=1
`))
	if err != nil {
		t.Fatal(err)
	}
	w := tracetest.NewRouted(t)
	w.RoutedBarrier("start")
	w.Ask("client1", "gateway.lan", "*")
	w.To = "gateway.lan"
	w.Echo("client1", "web", 8)
	w.On, w.To, w.As = tracetest.DMZ, "", "gateway.dmz"
	w.Echo("client1", "web", 8)
	w.As = ""
	w.Ask("web", "gateway.dmz", "*")
	w.RoutedBarrier("one")
	outcome := script.Check(e, w.Recording)
	for width, want := range map[int]string{
		0: `
  #       ms       client1       client2       gateway       web
  ┄┄ one ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
  6    0.000  lan  ●─────────────▶─────────────▶             │  who-has gateway
  7 ?  1.000  lan  ●─────────────┼─────────────▶             │  client1 > web echo-request seq=1
  8    2.000  dmz  │             │             ●─────────────▶  client1 > web echo-request seq=1
  9    3.000  dmz  │             │             ◀─────────────●  who-has gateway
`,
		50: `
  6    0.000  lan  client1 > *       who-has
                     gateway
  7 ?  1.000  lan  client1 > gateway client1 > web
                     echo-request seq=1
`,
	} {
		var out strings.Builder
		NewTerminal(&out, lang.English, display.Display{Width: width}).Outcome(outcome)
		if !strings.Contains(out.String(), want[1:]) {
			t.Errorf("in %d columns:\n%s, want in it:%s", width, out.String(), want)
		}
	}
	var picture strings.Builder
	if err := Picture(&picture, outcome, lang.English); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(picture.String(), ">dmz</text>"); n != 2 {
		t.Errorf("the picture names dmz %d times, want 2", n)
	}
}

// A phase of many packets is drawn in part, with those that a verdict cites.
func TestDrawn(t *testing.T) {
	packets := make([]int, 3*mostDrawn)
	for i := range packets {
		packets[i] = i + 1
	}
	if got := drawn(packets[:mostDrawn], nil); len(got) != mostDrawn {
		t.Errorf("of %d packets %d are drawn", mostDrawn, len(got))
	}
	last := []int{3*mostDrawn - 1, 3 * mostDrawn}
	got := drawn(packets, []claim.Verdict{{Packets: last}})
	if len(got) != mostDrawn || !slices.IsSorted(got) || !slices.Equal(got[len(got)-2:], last) || got[0] != 1 {
		t.Errorf("%d packets from %d to %v are drawn, want %d from 1 to %v", len(got), got[0], got[len(got)-2:], mostDrawn, last)
	}
	if got := drawn(packets, []claim.Verdict{{Packets: packets}, {Packets: packets[mostDrawn:]}, {Packets: packets[2*mostDrawn:]}}); len(got) > mostDrawn {
		t.Errorf("%d packets are drawn, want %d at most", len(got), mostDrawn)
	}
}
