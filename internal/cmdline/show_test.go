package cmdline

import (
	"debug/buildinfo"
	"io"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"
)

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

// A terminal without UTF-8 is shown the English help in ASCII.
func TestHelpInASCII(t *testing.T) {
	files := fstest.MapFS{
		"many.en.txt": {Data: []byte("does many\n")}, "many.zh-TW.txt": {Data: []byte("做很多\n")},
	}
	for locale, want := range map[string]string{"C": "many WORD...", "C.UTF-8": "many WORD…"} {
		t.Setenv("LC_ALL", locale)
		var out strings.Builder
		p := New(Part{Commands: []*cobra.Command{{Use: "many WORD…", Run: func(*cobra.Command, []string) {}}}, Help: Help{Files: files}})
		p.Root().SetOut(&out)
		if code := p.Run(t.Context(), []string{"many", "--help"}, io.Discard); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("LC_ALL=%s: exit code %d, help\n%s\nwant %q in it", locale, code, &out, want)
		}
	}
}
