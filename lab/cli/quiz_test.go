package cli

import (
	"slices"
	"strings"
	"testing"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// What a quiz says fits the terminal, and the lines that are to be typed stay lines.
func TestQuizFits(t *testing.T) {
	const width = 60
	for _, l := range lang.All() {
		var b strings.Builder
		q := quiz{lang: l, t: report.NewTerminal(&b, l, display.Display{Width: width})}
		q.say("", i18n.Text(l, "quiz.help"))
		q.say(aside, i18n.Text(l, "script.line.leaveout", "Line", "client1 > server ACK"))
		for line := range strings.SplitSeq(b.String(), "\n") {
			if columns.Width(line) > width {
				t.Errorf("%q takes more than %d columns", line, width)
			}
		}
		if want := "\n" + aside + "    client1 > server ACK\n"; !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// The notation that ? shows fits a terminal of 80 columns, each word beside its meaning.
func TestNotationFits(t *testing.T) {
	for _, l := range lang.All() {
		for line := range strings.SplitSeq(indented(i18n.Text(l, "quiz.notation")), "\n") {
			if columns.Width(line) > 80 {
				t.Errorf("%q takes more than 80 columns", line)
			}
		}
	}
}

// A wrong answer is told which line is meant by the line itself: its number is that of
// no text that anybody sees.
func TestQuizNamesTheLine(t *testing.T) {
	e := &script.Experiment{Topology: lab.Topology{Hosts: []string{"client1", "server"}}}
	for _, l := range lang.All() {
		var b strings.Builder
		in := newTyped(strings.NewReader("client1 > server SYN\nclient1 >\nclient1 > server:80 SYN\n\n"), &b)
		q := quiz{lang: l, in: in, out: &b, t: report.NewTerminal(&b, l, display.Display{})}
		lines, err := q.lines(t.Context(), e, claim.Claim{})
		if err != nil || !slices.Equal(lines, []string{"client1 > server SYN"}) {
			t.Errorf("lines %q, %v", lines, err)
		}
		said := b.String()
		if strings.Contains(said, "line 1") || strings.Contains(said, "第 1 行") || strings.Count(said, "client1 >") < 2 {
			t.Errorf("in %s a wrong line is told:\n%s", l, said)
		}
	}
}

// A question about what is said shows how that is written.
func TestQuizShowsHowATextIsWritten(t *testing.T) {
	for _, projection := range []string{"tcp/7000 text", "tcp/7000"} {
		pr, err := trace.ParseProjection(projection)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lang.All() {
			q := quiz{lang: l}
			for _, c := range []claim.Claim{{Projection: pr, Phases: []string{"talk"}}, {Projection: pr, Anywhere: true}} {
				asked := q.question(&script.Experiment{}, c)
				if !strings.Contains(asked, projection) || strings.Contains(asked, `client1 > server "hello"`) != pr.Text {
					t.Errorf("%s is asked for by %q", projection, asked)
				}
			}
		}
	}
}

// What no packet says is no guess, unless the question is of protocols that have no words.
func TestQuizRefusesWhatNoPacketSays(t *testing.T) {
	e := &script.Experiment{Topology: lab.Topology{Hosts: []string{"client1", "server"}}}
	for projection, want := range map[string][]string{
		"tcp":   {`client1 > server "hello"`, "client1 > server type=200", "client1 > server port-unreachable"},
		"other": {"client1 > server foo", `client1 > server "hello"`, "client1 > server type=200", "client1 > server port-unreachable"},
	} {
		pr, err := trace.ParseProjection(projection)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		in := newTyped(strings.NewReader("client1 > server foo\nclient1 > server \"hello\"\nclient1 > server type=200\nclient1 > server port-unreachable\n\n"), &b)
		q := quiz{lang: lang.English, in: in, out: &b, t: report.NewTerminal(&b, lang.English, display.Display{})}
		lines, err := q.lines(t.Context(), e, claim.Claim{Projection: pr})
		if err != nil || !slices.Equal(lines, want) {
			t.Errorf("of %s: lines %q, %v, want %q", projection, lines, err, want)
		}
		if told := strings.Contains(b.String(), "says nothing that a packet says"); told != (projection == "tcp") {
			t.Errorf("of %s it says\n%s", projection, &b)
		}
	}
}

// What is typed in a hurry reads as a line of a trace.
func TestLenient(t *testing.T) {
	hosts := []string{"client1", "server"}
	for typed, want := range map[string]string{
		"client1 > server SYN":       "client1 > server SYN",
		"client1>server SYN":         "client1 > server SYN",
		" client1 ＞ server SYN":      "client1 > server SYN",
		"client1 server SYN":         "client1 > server SYN",
		"client1 * who-has server":   "client1 > * who-has server",
		`client1 server "a > b"`:     `client1 server "a > b"`,
		"client1 > server syn/ack":   "client1 > server SYN ACK",
		"client1 server Syn-Ack":     "client1 > server SYN ACK",
		"client1 > server fin ack x": "client1 > server FIN ACK x",
		"client1 > server syntax":    "client1 > server syntax",
		"client1 > server f.":        "client1 > server f.",
		"client1 > server is-at ack": "client1 > server is-at ack",
		"nobody server SYN":          "nobody server SYN",
		"client1":                    "client1",
		"":                           "",
		`client1 > server "x  >  y"`: `client1 > server "x  >  y"`,
	} {
		if got := lenient(typed, hosts); got != want {
			t.Errorf("%q reads %q, want %q", typed, got, want)
		}
	}
}

// A question says on which segment, or that lines name theirs.
func TestQuestionsOfSegments(t *testing.T) {
	e, err := script.Parse("x.txtar", []byte("segment lan a b\nsegment dmz c d\nrun a ping b\nsettle p\nexpect x.one in p on dmz trace arp\nexpect x.all in all trace icmp\n-- x.one --\n-- x.all --\n"))
	if err != nil {
		t.Fatal(err)
	}
	for l, want := range map[lang.Lang][]string{
		lang.English: {"In the phase p: which packets of arp on dmz?", "From the beginning to the end: which packets of icmp (begin a line with its segment: lan, dmz)?"},
		lang.Chinese: {"階段 p：會出現哪些 dmz 網段上 arp 的封包？", "從頭到尾：會出現哪些 lan、dmz 各網段上（每一行先寫網段）icmp 的封包？"},
	} {
		q := quiz{lang: l}
		for i, c := range e.Claims {
			if got := q.question(e, c); got != want[i] {
				t.Errorf("%s, want %s", got, want[i])
			}
		}
	}
}
