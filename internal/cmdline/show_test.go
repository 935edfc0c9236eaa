package cmdline

import (
	"debug/buildinfo"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 20, "one two three"},
		{"one two three", 7, "one two|three"},
		{"one two three", 3, "one|two|three"},
		{"unbreakable", 4, "unbreakable"},
		{"讀取檔案，再顯示", 8, "讀取檔|案，再顯|示"},
		{"讀取 pcapng 檔案", 9, "讀取|pcapng 檔|案"},
		{"用（單播）訊框", 6, "用（單|播）訊|框"},
	} {
		lines := wrap(test.text, test.width)
		if got := strings.Join(lines, "|"); got != test.want {
			t.Errorf("%q in %d columns is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// Whatever the text and the width, nothing is lost but spaces, and only what cannot
// be broken is too wide.
func FuzzWrap(f *testing.F) {
	f.Add("讀取 pcapng 檔案，再顯示", 9)
	f.Add("one two three", 1)
	f.Fuzz(func(t *testing.T, text string, width int) {
		text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
		width = max(1, width%200)
		lines := wrap(text, width)
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if squeeze(strings.Join(lines, "")) != squeeze(text) {
			t.Errorf("%q became %q", text, lines)
		}
		for _, line := range lines {
			if runewidth.StringWidth(line) > width && strings.Contains(strings.TrimSpace(line[:strings.LastIndex(line, " ")+1]), " ") {
				t.Errorf("%q is wider than %d and could be broken", line, width)
			}
		}
	})
}

func TestVersionOf(t *testing.T) {
	vcs := func(revision, modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}
	}
	const commit = "0123456789abcdef0123"
	for _, test := range []struct {
		info buildinfo.BuildInfo
		want string
	}{
		{buildinfo.BuildInfo{}, "(devel)"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs(commit, "false")}, "v1.2.3 0123456789ab"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261126115140-0123456789ab+dirty"}, Settings: vcs(commit, "true")}, "v0.0.0-20261126115140-0123456789ab+dirty"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs(commit, "true")}, "(devel) 0123456789ab (modified)"},
	} {
		if got := versionOf(&test.info); got != test.want {
			t.Errorf("%+v: %q, want %q", test.info, got, test.want)
		}
	}
}
