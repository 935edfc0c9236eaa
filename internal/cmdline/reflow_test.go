package cmdline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/columns"
)

func TestReflow(t *testing.T) {
	for _, test := range []struct {
		name  string
		text  string
		width int
		want  string
	}{
		{"nothing", "", 10, "\n"},
		{"lines of a paragraph are joined", "one\ntwo three", 20, "one two three\n"},
		{"and broken elsewhere", "one two\nthree four", 9, "one two\nthree\nfour\n"},
		{"an empty line ends a paragraph", "one\n\ntwo", 20, "one\n\ntwo\n"},
		{"so does an indented one", "one\n  two\nthree", 20, "one\n  two\nthree\n"},
		{"a line of one column", "  one two three", 11, "  one two\n  three\n"},
		{"a line of two columns", "  say H  one two three", 16, "  say H  one two\n         three\n"},
		{"a first column that leaves little room", "  host 10.0.0.1  one two", 16, "  host 10.0.0.1\n    one two\n"},
		{"Chinese is joined without a space", "擷取\n訊框，\n再顯示", 20, "擷取訊框，再顯示\n"},
		{"but not to a Latin word", "名為\nwirelab\n的程式，\npcapng\n（壓縮）", 60, "名為 wirelab 的程式，pcapng（壓縮）\n"},
		{"no line begins with a mark", "一台伺服器、兩台用戶端", 10, "一台伺服\n器、兩台用\n戶端\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, reflow(test.text, test.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the text, nothing of it is lost but spaces, and no line is too wide.
func FuzzReflow(f *testing.F) {
	f.Add("讀取 pcapng\n檔案，再顯示\n\n  port 80  連接埠", uint8(9))
	f.Add("one\n two", uint8(1))
	f.Fuzz(func(t *testing.T, text string, columnsWide uint8) {
		text, width := strings.ToValidUTF8(strings.ReplaceAll(text, "\t", " "), "?"), 12+int(columnsWide)
		got := reflow(text, width)
		squeeze := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if squeeze(got) != squeeze(text) {
			t.Errorf("%q became %q", text, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if columns.Width(line) > width {
				t.Errorf("%q is wider than %d columns", line, width)
			}
		}
	})
}
