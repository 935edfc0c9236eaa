package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

func TestRanges(t *testing.T) {
	many := make([]int, 0, 100)
	for i := range 100 {
		many = append(many, 2*i)
	}
	for want, in := range map[string][]int{"": nil, "3": {3}, "4–7 and 12": {4, 5, 6, 7, 12}, "1, 3–4 and 9": {1, 3, 4, 9}} {
		if got := ranges(in, false, ", ", " and "); got != want {
			t.Errorf("%v is written %q, want %q", in, got, want)
		}
	}
	if got := ranges(many, true, ", ", ", "); !strings.HasSuffix(got, ", 46, ...") {
		t.Errorf("a hundred numbers are written %q", got)
	}
}

// printed is what a terminal prints.
func printed(l lang.Lang, show display.Display, print func(*Terminal)) string {
	var out strings.Builder
	print(NewTerminal(&out, l, show))
	return out.String()
}

// A verdict tells people what they need of it, in their language, and nothing
// that can act on a terminal.
func TestVerdict(t *testing.T) {
	unexpected, missing := i18n.Msg("claim.unexpected", "Line", "a > b RST"), i18n.Msg("claim.barrier.none", "Label", "cold")
	unshown, more := i18n.Msg("claim.unshown", "Count", 2), i18n.Msg("claim.note.unshown", "Count", 2)
	different := i18n.Msg("claim.different", "Number", 2, "Expected", "", "Observed", "")
	absent := i18n.Msg("claim.absent", "Line", "client1 > server SYN")
	dropped, sentence := uint64(0), lang.Text{lang.English: "One two three four five."}
	for _, test := range []struct {
		name  string
		v     claim.Verdict
		lang  lang.Lang
		width int
		ascii bool
		want  string
	}{
		{"pass", claim.Verdict{ID: "x.y", Sentence: sentence, Status: claim.Pass, Packets: []int{4, 5}, Observed: []string{"a > b SYN"}}, lang.English, 0, false, `
  ✓ pass x.y  One two three four five.
      packets    4–5
`},
		{"narrow ASCII", claim.Verdict{ID: "x.y", Sentence: sentence, Status: claim.Pass, Packets: []int{4, 5}}, lang.English, 24, true, `
  + pass x.y  One two
      three four five.
      packets    4-5
`},
		{"an absence", claim.Verdict{ID: "x.y", Status: claim.Pass, Seconds: 0.0115, Dropped: &dropped}, lang.Chinese, 0, false, `
  ✓ 通過 x.y
      實際結果   11.5 ms 內沒有這類封包；擷取遺漏 0 個訊框
`},
		{"no match", claim.Verdict{ID: "x.y", Status: claim.Pass, Matcher: "never tcp", Seconds: 0.0115, Dropped: &dropped}, lang.Chinese, 0, false, `
  ✓ 通過 x.y
      實際結果   11.5 ms 內沒有符合的封包；擷取遺漏 0 個訊框
`},
		{"unexpected", claim.Verdict{ID: "x.y", Status: claim.Fail, Packets: []int{9}, Observed: []string{"a > b RST\x1b[2J"}, Reason: &unexpected, Seconds: 1}, lang.English, 0, false, `
  ✗ fail x.y
      packets    9
      because    unexpected line: a > b RST
      expected   no packets
      difference - expected, + seen
      + a > b RST\x1b[2J
`},
		{"nothing was seen", claim.Verdict{ID: "x.y", Status: claim.Fail, Expected: []string{"a > b SYN"}, Seconds: 1, Dropped: &dropped, Reason: &missing}, lang.Chinese, 0, false, `
  ✗ 失敗 x.y
      原因       ` + missing.In(lang.Chinese) + `
      實際結果   1 s 內沒有這類封包；擷取遺漏 0 個訊框
      差異       - 預期，+ 實際
      - a > b SYN
`},
		{"what was seen has no line", claim.Verdict{ID: "x.y", Status: claim.Fail, Packets: []int{8, 9}, Seconds: 0.837, Dropped: &dropped, Reason: &unshown}, lang.English, 0, false, `
  ✗ fail x.y
      packets    8–9
      because    2 frames of this trace crossed the wire, and no line shows them
      expected   no packets
      observed   2 frames (8–9), which no line shows
`},
		{"what was seen has no line, and another was expected", claim.Verdict{
			ID: "x.y", Status: claim.Fail, Expected: []string{"a > b SYN"}, Seconds: 0.837, Dropped: &dropped, Reason: &missing, Notes: []i18n.Message{more},
		}, lang.English, 0, false, `
  ✗ fail x.y
      because    ` + missing.In(lang.English) + `
      observed   2 more frames of these protocols are not compared
      difference - expected, + seen
      - a > b SYN
      note       2 more frames of these protocols are not compared
`},
		{"different fields", claim.Verdict{
			ID: "x.y", Status: claim.Fail, Reason: &different,
			Expected: []string{"client1 > * who-has server", "client1 > server echo-request seq=1", "server > client1 echo-reply seq=1"},
			Observed: []string{"client1 > *       who-has server", "client2 > server  echo-request seq=2", "server  > client1 echo-reply seq=1"},
		}, lang.English, 0, false, `
  ✗ fail x.y
      difference - expected, + seen
        client1 > *       who-has server
      - client1 > server  echo-request seq=1
      + client2 > server  echo-request seq=2
        ^^^^^^^                        ^^^^^
        server  > client1 echo-reply seq=1
`},
		{"a field too few, and no room for marks", claim.Verdict{
			ID: "x.y", Status: claim.Fail, Reason: &different,
			Expected: []string{"client1 > server SYN ACK acked"}, Observed: []string{"client1 > server SYN ACK"},
		}, lang.English, 30, false, `
  ✗ fail x.y
      difference - expected, +
                   seen
      - client1 > server SYN
          ACK acked
      + client1 > server SYN
          ACK
`},
		{"a field too few", claim.Verdict{
			ID: "x.y", Status: claim.Fail, Reason: &different,
			Expected: []string{"client1 > server SYN ACK acked"}, Observed: []string{"client1 > server SYN ACK"},
		}, lang.English, 0, false, `
  ✗ fail x.y
      difference - expected, + seen
      - client1 > server SYN ACK acked
      + client1 > server SYN ACK
                                 ^
`},
		{"a claim that says nothing of other lines", claim.Verdict{
			ID: "x.y", Status: claim.Fail, Reason: &absent,
			Expected: []string{"client1 > server SYN"}, Observed: []string{"server > client1 SYN"},
		}, lang.English, 0, false, `
  ✗ fail x.y
      because    the capture lacks this line, or has it too early: client1 > server SYN
      difference - expected, + seen
      - client1 > server SYN
`},
		{"not looked at", claim.Verdict{ID: "x.y", Status: claim.Inconclusive, Reason: &missing, Expected: []string{"a > b SYN"}}, lang.Chinese, 0, false, `
  ? 無法判定 x.y
      原因       ` + missing.In(lang.Chinese) + `
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := printed(test.lang, display.Display{Width: test.width, ASCII: test.ascii}, func(terminal *Terminal) { terminal.verdict(test.v, false) })
			var lines []string
			for line := range strings.SplitSeq(got, "\n") {
				lines = append(lines, strings.TrimRight(line, " "))
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), strings.Join(lines, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever two traces are, their difference has every line of both, in its order.
func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc\nd\ne\nf\ng\nh\nx", "b\nc\nd\ne\nf\ng\nh\ny\nz")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, expected, observed string) {
		sides := [2][]string{strings.Fields(expected), strings.Fields(observed)}
		n := [2]int{}
		for _, c := range abridge(compare(claim.Align(sides[0], sides[1]))) {
			for i, other := range []byte{'+', '-'} {
				if c.sign == other {
					continue
				}
				if want := sides[i][min(n[i], len(sides[i])-1)]; c.sign != ' ' && lineOf(want).columns[0] != c.line.columns[0] {
					t.Fatalf("line %d of side %d is %v, want %q", n[i], i, c.line, want)
				}
				n[i] += max(c.skipped, 1)
			}
		}
		if n != [2]int{len(sides[0]), len(sides[1])} {
			t.Errorf("%v lines of %d and %d", n, len(sides[0]), len(sides[1]))
		}
	})
}

func TestSummary(t *testing.T) {
	r := NewResult("netns")
	r.Experiments = []Experiment{
		{Name: "ping", Status: claim.Pass, Claims: []claim.Verdict{{ID: "ping.echo", Status: claim.Pass, Packets: []int{4, 5}}, {ID: "ping.warm-no-arp", Status: claim.Pass}}},
		{Name: "udp", Status: claim.Fail, Claims: []claim.Verdict{{ID: "udp.x", Status: claim.Fail, Packets: []int{7}}}},
	}
	got := printed(lang.English, display.Display{}, func(terminal *Terminal) {
		terminal.Summary(r, 1234*time.Millisecond)
		terminal.Next(r, "runs/1", "./wirelab up")
	})
	want := `  ✓ ping.echo         4–5
  ✓ ping.warm-no-arp  no packets
  ✗ udp.x             7

✗ 2 pass 1 fail  netns  1.2 s

What to do now:
  runs/1/udp.svg               the ladder as a picture; open it in a browser
  wireshark runs/1/udp.pcapng  every field of every packet, under the same numbers
  ./wirelab up                 a lab to try things in
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	narrow := printed(lang.English, display.Display{Width: 51}, func(terminal *Terminal) { terminal.Next(r, "my runs/1", "./wirelab up") })
	if want := `
What to do now:
  'my runs/1/udp.svg'
      the ladder as a picture; open it in a browser
  wireshark 'my runs/1/udp.pcapng'
      every field of every packet, under the same
      numbers
  ./wirelab up
      a lab to try things in
`; narrow != want {
		t.Errorf("narrow, in a folder whose name needs quotes (-want +got):\n%s", cmp.Diff(want, narrow))
	}
	if got := printed(lang.English, display.Display{}, func(terminal *Terminal) { terminal.Next(r, "runs/1", "") }); strings.Contains(got, "up") || !strings.Contains(got, "udp.svg") {
		t.Errorf("a reader who has a lab is told:\n%s", got)
	}
	r.Experiments[1].Claims = []claim.Verdict{{ID: "udp.x", Status: claim.Inconclusive}}
	if got := printed(lang.English, display.Display{}, func(terminal *Terminal) { terminal.Summary(r, time.Second) }); !strings.Contains(got, "  ? udp.x\n") {
		t.Errorf("of a script that ended early it is not known that there were no packets:\n%s", got)
	}
	r.Experiments = r.Experiments[:1]
	if got := printed(lang.English, display.Display{}, func(terminal *Terminal) { terminal.Summary(r, time.Second) }); got != "✓ 2 pass  netns  1.0 s\n" {
		t.Errorf("one experiment needs no table: %s", got)
	}
}

// Of no experiment, and of an experiment without a claim, nothing is known.
func TestNothingIsNoPass(t *testing.T) {
	r := NewResult("netns")
	if got := r.Status(); got != claim.Inconclusive {
		t.Errorf("an empty document is %s", got)
	}
	r.Experiments = []Experiment{{Name: "x", Claims: []claim.Verdict{{Status: claim.Pass}}}, {Name: "y"}}
	if got := r.Status(); got != claim.Inconclusive {
		t.Errorf("an experiment without a claim makes the whole %s", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteError(t *testing.T) {
	terminal := NewTerminal(full{}, lang.English, display.Display{})
	terminal.Summary(NewResult("netns"), time.Second)
	if err := terminal.Err(); err == nil || err.Error() != "no space left" {
		t.Errorf("error %v, want that of the write", err)
	}
}

// A filter may have a line's end, as a quoted word has any character.
func TestScopeIsSafe(t *testing.T) {
	e, err := script.Parse("x.txtar", []byte("topology a b sniffer\nrun a ping b\nsettle one\nexpect x.y in one never each \"tcp\\r\\nport 7\"\n-- x.y --\nudp\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := printed(lang.English, display.Display{}, func(terminal *Terminal) { terminal.Experiment(e) })
	if want := `  x.y  in one never udp; each tcp\r\nport 7` + "\n"; !strings.Contains(got, want) {
		t.Errorf("%q has no %q", got, want)
	}
}
