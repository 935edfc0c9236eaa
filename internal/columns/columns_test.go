package columns

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		name        string
		text        string
		first, rest int
		want        string // lines between "|"
	}{
		{"no limit", "one two three", 0, 0, "one two three"},
		{"it fits", "one two", 7, 3, "one two"},
		{"at spaces", "one two three four", 8, 10, "one two|three four"},
		{"no word is broken", "echo-request seq=1", 14, 14, "echo-request|seq=1"},
		{"a word that is longer than a line is cut", "a 0123456789 b", 5, 5, "a|01234|56789|b"},
		{"the first line has less room than a word", "echo-request", 6, 20, "echo-r|equest"},
		{"spaces hang over", "one   two", 3, 3, "one|two"},
		{"Chinese breaks between characters", "線路上沒有任何封包", 8, 6, "線路上沒|有任何|封包"},
		{"no line begins with a closing mark", "先詢問，並得到", 6, 8, "先詢|問，並得|到"},
		{"no line ends with an opening mark", "暫停「冷」", 6, 8, "暫停|「冷」"},
		{"a Latin word in Chinese stays whole", "送出 echo request 之前", 8, 8, "送出|echo|request|之前"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(Wrap(test.text, test.first, test.rest), "|")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the text, its characters are all there in their order, and no line is too long.
func FuzzWrap(f *testing.F) {
	f.Add("送出 echo request 之前，ARP 先詢問", uint8(9), uint8(5))
	f.Add("a\u0301 \U0001F469\u200d\U0001F52C x", uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, text string, first, rest uint8) {
		text = strings.ToValidUTF8(text, "?")
		lines := Wrap(text, int(first), int(rest))
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := squeeze(strings.Join(lines, "")); got != squeeze(text) {
			t.Errorf("%q is wrapped to %q", text, lines)
		}
		for i, line := range lines {
			room := int(rest)
			if i == 0 {
				room = int(first)
			}
			if room > 2 && Width(line) > max(room, 2) { // one character may take two
				t.Errorf("line %d of %q takes %d columns, want at most %d", i, lines, Width(line), room)
			}
		}
	})
}

func TestTruncateAndPad(t *testing.T) {
	if got := Truncate("線路上沒有", 7, "…"); got != "線路上…" {
		t.Errorf("truncated to %q", got)
	}
	if got := Pad("封包", 6) + "|"; got != "封包  |" {
		t.Errorf("padded to %q", got)
	}
}
