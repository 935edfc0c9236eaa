package cli

import (
	"strings"
	"testing"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab/report"
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
