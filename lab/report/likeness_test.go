package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/claim"
)

// A line too many is one "+", also where its neighbours are not what was expected: each
// of those stands behind the line that it is like.
func TestMatched(t *testing.T) {
	for _, test := range []struct{ name, expected, observed, want string }{
		{"a line too many", "a > b 1 x\nb > a 1 x", "a > b 1 x\na > c other z\nb > a 1 x", " a > b 1 x\n+a > c other z\n b > a 1 x"},
		{"among changed ones", "a > b 1 x\nb > a 2 x\na > b 3 x", "c > d other\na > b 1 y\nb > a 2 y\na > b 3 y",
			"+c > d other\n-a > b 1 x\n+a > b 1 y ^\n-b > a 2 x\n+b > a 2 y ^\n-a > b 3 x\n+a > b 3 y ^"},
		{"a line too few", "c > d other\na > b 1 x\nb > a 2 x", "a > b 1 y\nb > a 2 y", "-c > d other\n-a > b 1 x\n+a > b 1 y ^\n-b > a 2 x\n+b > a 2 y ^"},
		{"nothing alike", "a > b SYN", "c > d udp", "-a > b SYN\n+c > d udp"},
		{"the other way round", "a > b SYN", "b > a SYN ACK", "-a > b SYN\n+b > a SYN ACK"},
		{"a word more", "a > b SYN", "a > b SYN acked", "-a > b SYN\n+a > b SYN acked ^"},
		{"a crossed pair keeps both orders", "a > b 1\nc > d 2", "c > d 2 y\na > b 1 y", "-a > b 1\n-c > d 2\n+c > d 2 y ^\n+a > b 1 y"},
	} {
		var got []string
		for _, c := range compare(claim.Align(strings.Split(test.expected, "\n"), strings.Split(test.observed, "\n"))) {
			text := string(c.sign) + strings.Join(c.line.fields(), " ")
			if c.instead.fields() != nil {
				text += " ^"
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Traces as long as a capture holds are not matched line by line, and none is lost.
func TestMatchedIsBounded(t *testing.T) {
	var minus, plus []line
	for i := range 200_000 {
		minus = append(minus, lineOf(fmt.Sprintf("a > b %d x", i)))
		plus = append(plus, lineOf(fmt.Sprintf("a > b %d y", i)))
	}
	all := matched(minus, plus)
	if len(all) != len(minus)+len(plus) || all[0].sign != '-' || all[len(minus)].sign != '+' {
		t.Errorf("%d lines, that of the middle is %q", len(all), all[len(minus)].sign)
	}
}
